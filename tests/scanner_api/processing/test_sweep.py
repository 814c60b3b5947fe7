import logging
from datetime import timedelta

from openapi_service.problems import ServiceUnavailable
from scanner_api.processing.sweep import Sweep
from scanner_api.scanning.sessions import SessionStatus


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
    assert "A part of the sweep failed: ServiceUnavailable" in caplog.text


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

    in_shop(scenario)
