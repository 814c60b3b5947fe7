"""Captures go to their end, even if something fails on the way."""

import asyncio
import logging
from collections import Counter
from dataclasses import replace

import pytest

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.processing import captures, stores
from scanner_api.processing.captures import UNEXPECTED, CaptureProcessor
from scanner_api.processing.stores import Resources
from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower
from scanner_api.scanning.scans.sessions import SessionStatus

from .conftest import picture, processed, processing

DOWN = ServiceUnavailable("The photo bucket does not respond.")


class Saves:
    """The store of captures, with what it was asked to save."""

    def __init__(self, store, fail_at=None):
        self.store = store
        self.statuses = []
        self.fail_at = fail_at

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def save(self, capture, lease_seconds):
        """Save, or fail as if the database was gone."""
        if capture.status == self.fail_at:
            raise ServiceUnavailable("The database does not respond.")
        self.statuses.append(str(capture.status))
        return await self.store.save(capture, lease_seconds)


@pytest.fixture
def impatient(monkeypatch):
    """Have processing try once what fails, not for as long as a lease lasts."""

    async def once(call, _seconds, *_errors):
        return await call()

    monkeypatch.setattr(stores, "wait_for", once)


@pytest.mark.usefixtures("impatient")
def test_outcomes_are_counted(in_shop):
    """Of captures: what they ended with, each once, and those that wait for another attempt."""

    async def scenario(shop):
        outcomes = Counter()
        follower = RedirectFollower(Permissions())
        resources = Resources(shop.stores, None, shop.clock, shop.settings, outcomes=outcomes)
        for _ in range(2):
            capture_id = await shop.scan()
            for _ in range(2):
                await CaptureProcessor(resources, follower).process(capture_id)
        away = shop.stores._replace(captures=Saves(shop.stores.captures, fail_at="LOOKING_UP"))
        await CaptureProcessor(replace(resources, stores=away), follower).process(await shop.scan())
        return outcomes

    assert in_shop(scenario) == {("captures", "completed"): 2, ("captures", "postponed"): 1}


def test_every_step_is_saved(in_shop, milk):
    """A scan of a known product goes through each status, each of them stored, and links the product."""

    async def scenario(shop):
        saves = Saves(shop.stores.captures)
        capture_id = await shop.scan()
        await processing(shop, captures=saves).process(capture_id)
        return saves.statuses, await shop.capture(capture_id)

    statuses, ended = in_shop(scenario)
    assert statuses == ["PENDING", "LOOKING_UP", "ENRICHING", "RESOLVING", "COMPLETED"]
    assert (ended.product_short_id, ended.product_name, ended.attempts) == (
        f"whole-milk-{milk.gtin}",
        milk.name,
        1,
    )


def test_an_unknown_product_is_not_found(in_shop):
    """A scan of a GTIN that the catalogue does not have ends with the reason."""

    async def scenario(shop):
        return await processed(shop, await shop.scan("4006381333931"))

    ended = in_shop(scenario)
    assert (ended.status, ended.error_message) == ("NOT_FOUND", "No product has the GTIN 04006381333931.")


async def _serve(responses):
    """Serve raw responses by path on loopback; return the server and its port."""

    async def response(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        writer.write(responses[path])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(response, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def test_a_url_is_followed_and_its_product_linked(in_shop, milk):
    """A QR code's URL gets its analysis, and the GTIN at the end of the chain links the product."""
    moved = f"HTTP/1.1 302 Found\r\nLocation: /01/{milk.gtin}\r\nContent-Length: 0\r\n\r\n".encode()
    there = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    async def scenario(shop):
        server, port = await _serve({"/q": moved, f"/01/{milk.gtin}": there})
        async with server:
            return await processed(shop, await shop.scan(f" ]Q1http://127.0.0.1:{port}/q "))

    ended = in_shop(scenario)
    assert (ended.status, ended.product_name) == ("COMPLETED", milk.name)
    assert [hop["status_code"] for hop in ended.qr_analysis["hops"]] == [302, 200]


def test_a_url_is_handed_over_to_be_followed(in_shop, milk):
    """Where there is a lane for it a capture with a URL goes there unclaimed; the others go to their end."""
    handed_over = []

    async def hand_over(capture_id, organization_id):
        handed_over.append((capture_id, organization_id))

    async def scenario(shop):
        server, port = await _serve({f"/01/{milk.gtin}": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"})
        processor = CaptureProcessor(
            Resources(shop.stores, None, shop.clock, shop.settings),
            RedirectFollower(Permissions(allowed=shop.settings.redirect_allowed)),
            hand_over,
        )
        url, barcode = await shop.scan(f"http://127.0.0.1:{port}/01/{milk.gtin}"), await shop.scan()
        for capture_id in (url, barcode):
            await processor.process(capture_id)
        waiting = [each.id for each in await shop.stores.captures.unfinished(10)]
        async with server:
            await processor.follow(url)
        return [url], waiting, await shop.capture(barcode), await shop.capture(url)

    url, waiting, barcode, followed = in_shop(scenario)
    assert handed_over == [(url[0], "grocer")]
    assert waiting == url
    assert (barcode.status, followed.status, followed.attempts) == ("COMPLETED", "COMPLETED", 1)


def test_an_outage_is_tried_again_when_the_lease_runs_out(in_shop, shelf, clock, caplog):
    """What does not respond leaves the capture to its lease; after that it is restarted, and ends."""
    bucket = shelf(photo=DOWN)

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        waiting = await processed(shop, capture_id, bucket)
        too_early = await processed(shop, capture_id, bucket)
        clock.advance(20)
        bucket.objects["photo"] = picture()
        return waiting, too_early, await processed(shop, capture_id, bucket)

    with caplog.at_level(logging.WARNING):
        waiting, too_early, ended = in_shop(scenario)
    assert (waiting.status, waiting.attempts) == ("PENDING", 1)
    assert too_early == waiting
    assert (ended.status, ended.attempts) == ("COMPLETED", 2)
    assert "waits: The photo bucket does not respond." in caplog.text


def test_a_database_that_is_away_for_a_moment_costs_no_attempt(in_shop, milk, monkeypatch):
    """The product is looked up again, and not the whole capture."""
    monkeypatch.setattr("scanner_api.waiting.PAUSE_SECONDS", 0)

    async def scenario(shop):
        failures = [DOWN]

        class Away:
            """Products that are away once."""

            async def by_gtin(self, gtin):
                """Return a product."""
                if failures:
                    raise failures.pop()
                return await shop.stores.products.by_gtin(gtin)

        capture_id = await shop.scan()
        await processing(shop, products=Away()).process(capture_id)
        return failures, await shop.capture(capture_id)

    failures, ended = in_shop(scenario)
    assert not failures
    assert (ended.status, ended.product_name, ended.attempts) == ("COMPLETED", milk.name, 1)


def test_an_outage_is_waited_for_as_long_as_the_lease_lasts(in_shop, monkeypatch):
    """It began at the last save: a step that took 15 of its 20 seconds leaves 5, and too long a one none."""
    waits, now = [], [0]

    async def once(call, seconds, *_errors):
        waits.append(seconds)
        return await call()

    class Slow:
        """A bucket that needs a while."""

        def __init__(self, seconds):
            self.seconds = seconds

        async def get(self, _key, _most_bytes):
            """Return a picture."""
            now[0] += self.seconds
            return picture()

    async def scenario(shop):
        for seconds in (15, 25):
            await processed(shop, await shop.scan("", uploaded_image_key="photo.png"), Slow(seconds))

    monkeypatch.setattr(stores, "wait_for", once)
    for module in (captures, stores):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
    in_shop(scenario)
    assert [seconds for seconds in waits if seconds != 20] == [5, 0]


def test_an_outage_that_lasts_ends_in_failed(in_shop, shelf, clock):
    """The third attempt that meets an outage is the last, and the client learns it."""

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        for _ in range(3):
            ended = await processed(shop, capture_id, shelf(photo=DOWN))
            clock.advance(20)
        return ended

    ended = in_shop(scenario)
    assert (ended.status, ended.error_message) == ("FAILED", "The photo bucket does not respond.")


@pytest.mark.usefixtures("impatient")
def test_a_capture_that_was_started_three_times_is_given_up(in_shop, clock):
    """A capture whose workers died three times is FAILED by the next claim."""

    async def scenario(shop):
        capture_id = await shop.scan()
        saves = Saves(shop.stores.captures, fail_at="LOOKING_UP")
        for _ in range(3):
            await processing(shop, captures=saves).process(capture_id)
            clock.advance(20)
        return await processed(shop, capture_id)

    ended = in_shop(scenario)
    assert (ended.status, ended.attempts) == ("FAILED", 3)
    assert ended.error_message == "Processing was started 3 times and did not end."


def test_an_unexpected_error_is_reported_in_plain_words_and_logged(in_shop, shelf, caplog):
    """A bug ends the capture: its cause is for the log, not for the client."""

    async def scenario(shop):
        capture_id = await shop.scan("", uploaded_image_key="photo.png")
        return await processed(shop, capture_id, shelf(photo=ZeroDivisionError("secret")))

    with caplog.at_level(logging.ERROR):
        ended = in_shop(scenario)
    assert (ended.status, ended.error_message) == ("FAILED", UNEXPECTED)
    assert "ZeroDivisionError: secret" in caplog.text


def test_a_worker_that_lost_the_lease_saves_nothing_more(in_shop, clock):
    """A worker that was overtaken stops at its next save, and the other's result stands."""

    async def scenario(shop):
        capture_id = await shop.scan()

        class Overtaken:
            """Products that are found so slowly that another has processed the capture by then."""

            async def by_gtin(self, _gtin):
                """Return no product, too late."""
                clock.advance(20)
                await processed(shop, capture_id)

        await processing(shop, products=Overtaken()).process(capture_id)
        return await shop.capture(capture_id)

    ended = in_shop(scenario)
    assert (ended.status, ended.attempts) == ("COMPLETED", 2)


def test_a_cancelled_capture_is_given_back(in_shop):
    """A worker that stops gives its capture back at once, and the attempt is not counted."""

    async def scenario(shop):
        capture_id = await shop.scan()
        reached = asyncio.Event()

        class Silent:
            """Products that no one ever finds."""

            async def by_gtin(self, _gtin):
                """Never return."""
                reached.set()
                await asyncio.Event().wait()

        working = asyncio.ensure_future(processing(shop, products=Silent()).process(capture_id))
        await asyncio.wait_for(reached.wait(), 60)
        working.cancel()
        await asyncio.wait([working])
        return working.cancelled(), await shop.capture(capture_id), await processed(shop, capture_id)

    cancelled, given_back, ended = in_shop(scenario)
    assert cancelled
    assert (given_back.attempts, ended.status, ended.attempts) == (0, "COMPLETED", 1)


def test_captures_that_were_started_before_go_one_at_a_time(in_shop, shelf, clock, until):
    """Of two retried captures the second waits, unclaimed and uncounted; a new one goes on beside them."""
    going_on = []

    class Slow:
        """A bucket that never responds."""

        async def get(self, key, _most_bytes):
            """Never return."""
            going_on.append(key)
            await asyncio.Event().wait()

    async def scenario(shop):
        deadly = await shop.scan("", uploaded_image_key="deadly")
        innocent = await shop.scan("", uploaded_image_key="innocent")
        for capture_id in (deadly, innocent):
            await processed(shop, capture_id, shelf(deadly=DOWN, innocent=DOWN))
        clock.advance(20)
        processor = processing(shop, Slow())
        new = await shop.scan("", uploaded_image_key="new")
        working = [asyncio.ensure_future(processor.process(each)) for each in (deadly, innocent, new)]
        await until(lambda: len(going_on) == 2)
        attempts = [(await shop.capture(each)).attempts for each in (deadly, innocent, new)]
        for each in working:
            each.cancel()
        await asyncio.wait(working)
        return attempts

    assert in_shop(scenario) == [2, 1, 1]
    assert going_on == ["deadly", "new"]


def test_processing_what_has_ended_or_is_not_there_does_nothing(in_shop):
    """A job that comes twice, or for nothing, changes nothing."""

    async def scenario(shop):
        capture_id = await shop.scan()
        ended = await processed(shop, capture_id)
        processor = processing(shop)
        await processor.process("unknown")
        return ended, await processed(shop, capture_id), await shop.session()

    ended, again, session = in_shop(scenario)
    assert ended == again
    assert session.status is SessionStatus.ACTIVE
