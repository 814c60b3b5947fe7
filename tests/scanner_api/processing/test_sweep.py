import asyncio
import logging
from datetime import timedelta

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.processing import sweep
from scanner_api.processing.processing import Processing
from scanner_api.processing.retention import BATCHES, retention_of
from scanner_api.processing.sweep import Sweep
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.settings import Settings
from scanner_api.storage.actions import UNKNOWN, Action
from scanner_api.storage.audit import entry, read_audit_log
from scanner_api.storage.scans import deletion


class Queue:
    """A queue that writes down what it is given."""

    def __init__(self, room=1000):
        self.jobs = []
        self.overflowed = False
        self.following = []
        self._room = room

    async def room(self):
        """Return what is left of the room."""
        return self._room - len(self.jobs)

    async def process_capture(self, capture_id, _organization_id, *, follows):
        """Write it down."""
        self.jobs.append(("capture", capture_id))
        if follows:
            self.following.append(capture_id)

    async def extract_session(self, session_id, _organization_id):
        """Write it down."""
        self.jobs.append(("session", session_id))


def test_what_is_unfinished_and_free_is_queued(in_shop, clock):
    """Captures and extractions that no one works at are queued; those that are leased only after that."""

    async def scenario(shop):
        first, second = await shop.scan(), await shop.scan("hello")
        await shop.stores.captures.claim(second, 20)
        await shop.stores.sessions.close(shop.session_id, submit=True)
        now, later = Queue(), Queue()
        await Sweep(now, shop.stores, 5).round()
        clock.advance(20)
        await Sweep(later, shop.stores, 5).round()
        return first, second, shop.session_id, now.jobs, later.jobs

    first, second, session_id, now, later = in_shop(scenario)
    assert now == [("capture", first), ("session", session_id)]
    assert sorted(later) == sorted([("capture", first), ("capture", second), ("session", session_id)])


def test_the_queue_is_filled_no_further_than_its_room(in_shop):
    """Of many unfinished captures the oldest are queued, as many as there is room for."""

    async def scenario(shop):
        captures = []
        for _ in range(5):
            captures.append(await shop.scan())
            shop.clock.advance(1)
        queue = Queue(room=3)
        await Sweep(queue, shop.stores, 5).round()
        return captures, queue.jobs

    captures, jobs = in_shop(scenario)
    assert jobs == [("capture", capture) for capture in captures[:3]]


def test_what_did_not_fit_is_queued_once_there_is_room(in_shop, until):
    """Where more waits than the queue holds the next round is as soon as it is nearly empty."""

    class Emptied(Queue):
        """A queue that has all its room whatever it was given."""

        async def room(self):
            return 1000

    async def scenario(shop):
        for number in range(1500):
            await shop.scan(created=shop.clock.now() + timedelta(seconds=number))
        queue = Emptied()
        sweep = Sweep(queue, shop.stores, 1000)
        sweep.start()
        await until(lambda: len(queue.jobs) >= 2000)
        await sweep.stop()
        return queue.jobs

    assert len(set(in_shop(scenario))) == 1000


def test_a_queue_that_is_away_while_more_waits_does_not_end_the_sweep(in_shop, until):
    """What did not fit waits until the queue tells its room again."""

    class Interrupted(Queue):
        """A queue that tells its room, fails three times, and has room for all."""

        rooms = iter([1, 1, *[ConnectionError] * 3])

        async def room(self):
            room = next(self.rooms, 1000)
            if room is ConnectionError:
                raise room
            return room

    async def scenario(shop):
        captures = [await shop.scan(), await shop.scan()]
        queue = Interrupted()
        sweep = Sweep(queue, shop.stores, 1000)
        sweep.start()
        await until(lambda: {each for _, each in queue.jobs} == set(captures))
        await sweep.stop()

    in_shop(scenario)


def test_urls_are_queued_to_be_followed(in_shop):
    """The sweep knows the lane of a capture by its value, as a scanner or a person writes it."""
    queue = Queue()

    async def scenario(shop):
        captures = []
        for value in ("9521234000013", "https://a.example", " ]Q1HTTP://a.example", "(01)9521234000013"):
            captures.append(await shop.scan(value))
            shop.clock.advance(1)
        await Sweep(queue, shop.stores, 5).round()
        return captures

    captures = in_shop(scenario)
    assert [job[1] for job in queue.jobs] == captures
    assert queue.following == captures[1:3]


def test_sessions_that_were_left_idle_expire(in_shop, clock):
    """A session that is idle beyond its time is written down as EXPIRED."""

    async def scenario(shop):
        clock.advance(shop.settings.session_ttl_seconds)
        await Sweep(Queue(), shop.stores, 5).round()
        return await shop.stores.sessions.expire_idle(), await shop.session()

    left, session = in_shop(scenario)
    assert (left, session.status) == (0, SessionStatus.EXPIRED)


def test_a_part_that_fails_ends_neither_the_round_nor_the_sweep(in_shop, clock, caplog):
    """With captures that cannot be read the rest of the round goes on, and the failure is logged."""

    class Gone:
        """Captures of a database that does not respond."""

        async def unfinished(self, _limit):
            """Fail."""
            raise ServiceUnavailable("The database does not respond.")

    async def scenario(shop):
        clock.advance(shop.settings.session_ttl_seconds)
        sweep = Sweep(Queue(), shop.stores._replace(captures=Gone()), 5)
        await sweep.round()
        return await shop.stores.sessions.expire_idle()

    with caplog.at_level(logging.WARNING):
        assert in_shop(scenario) == 0
    assert "A part of the sweep failed: ServiceUnavailable: The database does not respond." in caplog.text


def test_the_sweep_begins_at_once_and_comes_again(in_shop, until):
    """The first round is at the start; what turns up later is found by a later round."""

    async def scenario(shop):
        queue = Queue()
        sweep = Sweep(queue, shop.stores, 0.001)
        sweep.start()
        first = await shop.scan()
        await until(lambda: ("capture", first) in queue.jobs)
        second = await shop.scan()
        await until(lambda: ("capture", second) in queue.jobs)
        await sweep.stop()
        return list(dict.fromkeys(queue.jobs)) == [("capture", first), ("capture", second)]

    assert in_shop(scenario)


HOUR = Settings(session_retention="1h")


class Photos:
    """A bucket, from which objects are deleted as often as it responds."""

    def __init__(self, calls=1000):
        self.deleted = []
        self._calls = calls

    async def delete_many(self, keys):
        """Delete objects."""
        if not self._calls:
            raise ServiceUnavailable("The photo bucket does not respond.")
        self._calls -= 1
        self.deleted += keys


def test_sessions_are_deleted_after_the_time_that_is_set(in_shop, clock, caplog):
    """A round deletes sessions that are older than that with their photos, and logs it; not earlier."""
    settings, photos = Settings(session_retention="90d"), Photos()

    async def scenario(shop):
        await shop.photograph("front.png")
        await shop.stores.sessions.close(shop.session_id, submit=False)
        retention = retention_of(settings, shop.database, photos, clock)
        sweep = Sweep(Queue(), shop.stores, 5, retention)
        clock.advance(90 * 86_400)
        await sweep.round()
        early = await shop.session()
        clock.advance(1)
        await sweep.round()
        await sweep.round()
        return early, await shop.session(), await read_audit_log(shop.database, limit=9)

    with caplog.at_level(logging.INFO):
        early, session, log = in_shop(scenario)
    assert (early.photo_count, session, photos.deleted) == (1, None, ["front.png"])
    assert caplog.text.count("1 sessions were deleted that had not changed since ") == 1
    assert log == []  # which nobody could shorten


def test_entries_of_the_audit_log_are_deleted_after_the_time_that_is_set(in_shop, clock, caplog):
    """A round deletes entries that are older than that, and logs how many; sessions stay."""

    async def scenario(shop):
        async with shop.database.transaction() as connection:
            await connection.execute(entry(clock.now(), UNKNOWN, Action.KEY_REVOKED, "key"))
        sweep = Sweep(
            Queue(),
            shop.stores,
            5,
            retention_of(Settings(audit_retention="400d"), shop.database, Photos(), clock),
        )
        lengths = []
        for seconds in (400 * 86_400, 1):
            clock.advance(seconds)
            await sweep.round()
            lengths.append(len(await read_audit_log(shop.database, limit=9)))
        return lengths, await shop.session()

    with caplog.at_level(logging.INFO):
        lengths, session = in_shop(scenario)
    assert (lengths, session is None) == ([1, 0], False)
    assert "1 entries of the audit log were deleted that were older than 400 days" in caplog.text


def test_the_end_waits_for_no_deletion(in_shop, clock, until):
    """A bucket that does not respond delays the end of the process by nothing; the session stays."""

    class Stuck:
        """A bucket that is asked, and does not respond."""

        asked = False

        async def delete_many(self, _keys):
            """Wait for ever."""
            self.asked = True
            await asyncio.Event().wait()

    async def scenario(shop):
        await shop.photograph("front.png")
        await shop.stores.sessions.close(shop.session_id, submit=False)
        clock.advance(2 * 3600)
        bucket = Stuck()
        retain = retention_of(HOUR, shop.database, bucket, clock)
        sweep = Sweep(Queue(), shop.stores, 5, retain)
        sweep.start()
        await until(lambda: bucket.asked)
        await sweep.stop()
        return await shop.session()

    assert in_shop(scenario).photo_count == 1


def test_a_bucket_that_is_away_delays_the_deletion(in_shop, clock, caplog):
    """While photos cannot be deleted their session stays; the sweep goes on, and deletes them later."""
    away, there = Photos(0), Photos()

    async def scenario(shop):
        await shop.photograph("front.png")
        await shop.stores.sessions.close(shop.session_id, submit=False)
        clock.advance(2 * 3600)
        rounds = [
            Sweep(Queue(), shop.stores, 5, retention_of(HOUR, shop.database, bucket, clock))
            for bucket in (away, there)
        ]
        await rounds[0].round()
        before = await shop.stores.photos.of_session(shop.session_id)
        await rounds[1].round()
        return before, await shop.session()

    with caplog.at_level(logging.WARNING):
        before, session = in_shop(scenario)
    assert ([photo.s3_key for photo in before], session) == (["front.png"], None)
    assert "A part of the sweep failed: ServiceUnavailable" in caplog.text


def test_a_round_deletes_a_few_batches(in_shop, clock, monkeypatch):
    """Of many old sessions a round deletes no more than its share, and the next one goes on."""
    monkeypatch.setattr(deletion, "_SESSIONS", 1)

    async def scenario(shop):
        session = replace(await shop.session(), status=SessionStatus.COMPLETED)
        for number in range(BATCHES + 1):
            await shop.stores.sessions.create(replace(session, id=str(number)))
        clock.advance(2 * 3600)
        retention = retention_of(HOUR, shop.database, Photos(), clock)
        left = []
        for _ in range(2):
            await retention()
            left.append((await shop.stores.sessions.page(["grocer"], page=1, page_size=1))[1])
        return left

    assert in_shop(scenario) == [2, 1]


def test_sessions_stay_for_ever_by_default():
    """Without the setting nothing is deleted, and one that cannot be read names what it expects."""
    assert retention_of(Settings(), None, None, None) is None
    for wrong in ("3 months", "0d"):
        with pytest.raises(ValidationError, match="such as 36h, 90d or 12w"):
            Settings(session_retention=wrong)


def test_what_does_not_fit_into_the_queue_waits_for_no_round(in_shop, clock, settings, shelf, monkeypatch):
    """The sweep comes again as soon as there is room, and not only when it is time for the next round."""
    monkeypatch.setattr(sweep, "MAX_WAITING", 5)
    seldom = settings.model_copy(update={"sweep_seconds": 3600})

    async def scenario(shop):
        for _ in range(30):
            await shop.scan()
        processing = Processing(seldom, shop.stores, shelf(), RedirectFollower(Permissions()), clock)
        processing.queue.most = 5  # the queue's own bound, which is a thousand
        await processing.start()
        ended = await shop.ended()
        await processing.stop()
        return [capture.status for capture in ended]

    assert in_shop(scenario) == [CaptureStatus.COMPLETED] * 30
