import asyncio
import io
import logging
from collections import Counter
from decimal import Decimal

import pytest
from PIL import Image, ImageDraw, ImageFont

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.processing.captures import CaptureProcessor
from scanner_api.processing.extraction import SessionExtraction
from scanner_api.processing.stores import Resources
from scanner_api.scanning.extraction import ExtractionError, PhotoValue
from scanner_api.scanning.extraction.local import LocalExtractor

DOWN = ServiceUnavailable("It does not respond.")


class Reader:
    """An extractor that finds what it is asked to, by the key of a photo; an exception is raised."""

    source = "reader"

    def __init__(self, **findings):
        self.findings = findings
        self.read = []

    async def extract(self, photo):
        """Return what a photo suggests."""
        self.read.append((photo.s3_key, photo.photo_type, photo.content))
        found = self.findings.get(photo.s3_key, [])
        if isinstance(found, Exception):
            raise found
        return found


def finding(field_name, value):
    """Return a finding with some confidence."""
    return PhotoValue(field_name, value, Decimal("0.90"), "It was read.")


async def submitted(shop):
    """Process the session's captures, and submit it."""
    processor = CaptureProcessor(Resources(shop.stores, None, shop.clock, shop.settings), None)
    for capture_id in [each.id for each in await shop.stores.captures.unfinished(100)]:
        await processor.process(capture_id)
    await shop.stores.sessions.close(shop.session_id, submit=True)


async def extracted(shop, extractor, bucket):
    """Extract the session once, and return its extraction status."""
    resources = Resources(shop.stores, bucket, shop.clock, shop.settings)
    extraction = SessionExtraction(resources, extractor)
    await extraction.extract(shop.session_id)
    return str((await shop.session()).extraction_status)


def summary(proposals):
    """Return what proposals say."""
    return [(each.field_name, each.current_value, each.proposed_value, each.source) for each in proposals]


def test_outcomes_are_counted(in_shop, shelf):
    """An extraction that ends is counted once, and one that waits each time."""

    async def scenario(shop):
        outcomes = Counter()
        await shop.scan()
        await shop.photograph("front")
        await submitted(shop)
        for reader in (Reader(front=ServiceUnavailable()), Reader(), Reader()):
            resources = Resources(
                shop.stores, shelf(front=b"1"), shop.clock, shop.settings, outcomes=outcomes
            )
            extraction = SessionExtraction(resources, reader)
            await extraction.extract(shop.session_id)
            shop.clock.advance(3600)
        return outcomes

    assert in_shop(scenario) == {("extractions", "postponed"): 1, ("extractions", "completed"): 1}


def test_photos_become_proposals(in_shop, shelf):
    """News is proposed for the session's product; what it has is not; a difference names the catalogue."""
    reader = Reader(front=[finding("name", "WHOLE MILK"), finding("brand_name", "Elder Farm")])
    reader.findings["back"] = [finding("ai_summary", "Nutrition per 100 ml: fat 3.5 g.")]

    async def scenario(shop):
        capture_id = await shop.scan()
        await shop.photograph("front")
        await shop.photograph("back", "nutrition")
        await submitted(shop)
        status = await extracted(shop, reader, shelf(front=b"1", back=b"2"))
        return status, await shop.stores.proposals.of_capture(capture_id)

    status, proposals = in_shop(scenario)
    assert status == "ready"
    assert sorted(summary(proposals)) == [
        ("ai_summary", "", "Nutrition per 100 ml: fat 3.5 g.", "reader"),
        ("brand_name", "Alder Farm", "Elder Farm", "local_database"),
    ]
    assert {proposal.confidence for proposal in proposals} == {"0.90"}
    assert reader.read == [("front", "front", b"1"), ("back", "nutrition", b"2")]


def test_a_photo_without_a_capture_is_not_read(in_shop, shelf):
    """A session in which nothing was found is ready, without a proposal and without reading."""
    reader = Reader(front=[finding("name", "x")])

    async def scenario(shop):
        await shop.scan("hello")
        await shop.photograph("front")
        await submitted(shop)
        return await extracted(shop, reader, shelf(front=b"1"))

    assert in_shop(scenario) == "ready"
    assert reader.read == []


@pytest.mark.parametrize("wrong", [ExtractionError("Unreadable."), ZeroDivisionError()])
def test_a_photo_that_cannot_be_read_fails_alone(in_shop, shelf, caplog, wrong):
    """Bad photos, and one that is gone, are logged; the others are proposed."""
    reader = Reader(bad=wrong, good=[finding("description", "Fresh.")])

    async def scenario(shop):
        capture_id = await shop.scan()
        for key in ("bad", "gone", "good"):
            await shop.photograph(key)
        await submitted(shop)
        status = await extracted(shop, reader, shelf(bad=b"1", good=b"2"))
        return status, await shop.stores.proposals.of_capture(capture_id)

    with caplog.at_level(logging.WARNING):
        status, proposals = in_shop(scenario)
    assert status == "ready"
    assert summary(proposals) == [("description", "", "Fresh.", "reader")]
    assert caplog.text.count("is not read") == 2


def test_without_an_extractor_a_session_is_ready(in_shop, shelf):
    """A server that reads no photos ends the extraction all the same."""

    async def scenario(shop):
        await shop.scan()
        await shop.photograph("front")
        await submitted(shop)
        return await extracted(shop, None, shelf())

    assert in_shop(scenario) == "ready"


def test_captures_come_first(in_shop, shelf):
    """While a capture is on its way nothing is claimed; once it has ended the session is extracted."""
    reader = Reader(front=[finding("description", "Fresh.")])

    async def scenario(shop):
        capture_id = await shop.scan()
        await shop.photograph("front")
        await shop.stores.sessions.close(shop.session_id, submit=True)
        early = await extracted(shop, reader, shelf(front=b"1"))
        processor = CaptureProcessor(Resources(shop.stores, None, shop.clock, shop.settings), None)
        await processor.process(capture_id)
        return early, await extracted(shop, reader, shelf(front=b"1"))

    assert in_shop(scenario) == ("processing", "ready")
    assert len(reader.read) == 1


def test_an_extraction_that_died_is_restarted_and_proposes_nothing_twice(in_shop, shelf, clock):
    """After the lease has run out the extraction is done again; what it had proposed is there once."""
    reader = Reader(front=[finding("description", "Fresh.")], back=DOWN)

    async def scenario(shop):
        capture_id = await shop.scan()
        await shop.photograph("front")
        await shop.photograph("back")
        await submitted(shop)
        bucket = shelf(front=b"1", back=b"2")
        statuses = [await extracted(shop, reader, bucket)]
        statuses.append(await extracted(shop, reader, bucket))
        clock.advance(20)
        reader.findings["back"] = []
        statuses.append(await extracted(shop, reader, bucket))
        return statuses, await shop.stores.proposals.of_capture(capture_id)

    statuses, proposals = in_shop(scenario)
    assert statuses == ["processing", "processing", "ready"]
    assert summary(proposals) == [("description", "", "Fresh.", "reader")]
    assert [key for key, *_ in reader.read] == ["front", "back", "front", "back"]


def test_an_outage_that_lasts_costs_the_photo_and_not_the_session(in_shop, shelf, clock):
    """On the third attempt a photo that meets an outage is left out."""
    reader = Reader(front=DOWN, back=[finding("description", "Fresh.")])

    async def scenario(shop):
        capture_id = await shop.scan()
        await shop.photograph("front")
        await shop.photograph("back")
        await submitted(shop)
        statuses = []
        for _ in range(3):
            statuses.append(await extracted(shop, reader, shelf(front=b"1", back=b"2")))
            clock.advance(20)
        return statuses, await shop.stores.proposals.of_capture(capture_id)

    statuses, proposals = in_shop(scenario)
    assert statuses == ["processing", "processing", "ready"]
    assert summary(proposals) == [("description", "", "Fresh.", "reader")]


def test_an_extraction_whose_workers_died_three_times_ends(in_shop, shelf, clock):
    """A session that no worker survives is ready with what there is: a poll does not wait forever."""
    reader = Reader(front=[finding("description", "Fresh.")])

    async def scenario(shop):
        await shop.scan()
        await shop.photograph("front")
        await submitted(shop)
        for _ in range(3):
            assert await shop.stores.extractions.claim(shop.session_id, 20)
            clock.advance(20)
        return await extracted(shop, reader, shelf(front=b"1"))

    assert in_shop(scenario) == "ready"
    assert reader.read == []


def test_a_cancelled_extraction_is_given_back(in_shop, shelf):
    """A worker that stops gives the session back at once, and the attempt is not counted."""
    reached = asyncio.Event()

    class Slow(Reader):
        """A reader that never ends."""

        async def extract(self, _photo):
            """Never return."""
            reached.set()
            await asyncio.Event().wait()

    async def scenario(shop):
        await shop.scan()
        await shop.photograph("front")
        await submitted(shop)
        working = asyncio.ensure_future(extracted(shop, Slow(), shelf(front=b"1")))
        await asyncio.wait_for(reached.wait(), 60)
        working.cancel()
        await asyncio.wait([working])
        return working.cancelled(), await shop.stores.extractions.claim(shop.session_id, 20)

    assert in_shop(scenario) == (True, 1)


def test_a_long_extraction_keeps_its_lease(in_shop, shelf, until, settings):
    """While a photo is being read the lease is renewed, also after a renewal that failed."""
    renewals = [DOWN]

    async def scenario(shop):
        extractions = shop.stores.extractions

        class Renewed:
            """The extractions, with a first renewal that fails."""

            def __getattr__(self, name):
                return getattr(extractions, name)

            async def renew(self, *arguments):
                """Renew, or fail."""
                if renewals == [DOWN]:
                    renewals.clear()
                    raise DOWN
                renewals.append(await extractions.renew(*arguments))
                return renewals[-1]

        class Slow(Reader):
            """A reader that ends after two renewals."""

            async def extract(self, _photo):
                """Wait for them."""
                await until(lambda: renewals == [True, True])
                return []

        shop.stores = shop.stores._replace(extractions=Renewed())
        shop.settings = settings.model_copy(update={"lease_seconds": 0.03})
        await shop.scan()
        await shop.photograph("front")
        await submitted(shop)
        return await extracted(shop, Slow(), shelf(front=b"1"))

    assert in_shop(scenario) == "ready"


def test_a_label_is_read_on_this_machine(in_shop, shelf):
    """With the local extractor a drawn label becomes proposals, offline."""
    label = Image.new("RGB", (700, 500), "white")
    canvas = ImageDraw.Draw(label)
    canvas.text((40, 60), "Oat Drink", fill="black", font=ImageFont.load_default(110))
    canvas.text((40, 320), "Halm", fill="black", font=ImageFont.load_default(50))
    file = io.BytesIO()
    label.save(file, "PNG")

    async def scenario(shop):
        capture_id = await shop.scan()
        await shop.photograph("front.png")
        await submitted(shop)
        status = await extracted(shop, LocalExtractor(), shelf(front=file.getvalue()))
        return status, await shop.stores.proposals.of_capture(capture_id)

    status, proposals = in_shop(scenario)
    assert status == "ready"
    assert {(field, value, source) for field, _, value, source in summary(proposals)} >= {
        ("name", "Oat Drink", "local_database"),
        ("brand_name", "Halm", "local_database"),
        ("images", "front.png", "local_ocr"),
    }
