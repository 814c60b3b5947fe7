"""Captures come back as they were stored, and are counted in their sessions."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.sessions import ScanSession
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.catalogue.products import override
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.scans.activity import SessionClosed
from scanner_api.storage.scans.captures import CaptureRecord

HOSTILE = "\x00 \\u0000 \ud83d \\ 日本"


def ids(captures):
    """Return the captures' ids, in their order."""
    return [capture.id for capture in captures]


@pytest.fixture
def processed(scanned, now, milk):
    """A capture in which every field says something, and hostile strings wherever there can be some."""
    return scanned(
        status=CaptureStatus.COMPLETED,
        raw_value=HOSTILE,
        gtin=milk.gtin,
        sent_gtin=HOSTILE,
        error_message=HOSTILE,
        metadata={HOSTILE: HOSTILE},
        gs1_dl_data={"01": milk.gtin, HOSTILE: [1.5, None, {"": 2**70}]},
        product_short_id=f"whole-milk-1-l-{milk.gtin}",
        product_name=milk.name,
        processed_at=now + timedelta(seconds=1),
        uploaded_image_key=HOSTILE,
        qr_analysis={"hops": [{"url": HOSTILE}], "final_url": None},
        attempts=2,
    )


def test_a_capture_comes_back_as_it_was_stored(in_stores, session, processed, scanned, milk):
    """Every field survives, alone and in lists, and so does whose the capture is."""
    bare = scanned(id="bare", created=processed.created - timedelta(seconds=1))

    async def scenario(stores):
        await stores.products.upsert_many([milk])
        await stores.captures.add_many([processed, bare])
        listed = await stores.captures.of_session(session["id"])
        page = await stores.captures.page(session["id"], page=1, page_size=10)
        return await stores.captures.get(processed.id), listed, page

    found, listed, page = in_stores(scenario)
    assert found == CaptureRecord(processed, session["organization_id"], session["created_by"])
    assert listed == [bare, processed]
    assert page == ([processed, bare], 2)


def test_an_unknown_id_finds_nothing(in_stores, scanned):
    """Whatever is asked for, only the stored id finds a capture, and only its session has it."""
    unknown = ["", "\x00", "\ud800", "capture\x00", "x" * 10_000]

    async def scenario(stores):
        await stores.captures.add(scanned())
        found = [await stores.captures.get(capture_id) for capture_id in unknown]
        listed = [await stores.captures.of_session(session_id) for session_id in unknown]
        pages = [await stores.captures.page(each, page=1, page_size=1) for each in unknown]
        return found, listed, pages

    assert in_stores(scenario) == ([None] * 5, [[]] * 5, [([], 0)] * 5)


def test_a_capture_counts_in_its_session(in_stores, session, scanned, clock):
    """With a capture the session's count grows by one, and the session is used now."""

    async def scenario(stores):
        clock.advance(60)
        await stores.captures.add(scanned())
        return await stores.sessions.get(session["id"])

    found = in_stores(scenario)
    assert (found.capture_count, found.photo_count, found.modified) == (4, 4, clock.now())


def test_captures_keep_a_session_from_getting_idle(in_stores, session, scanned, clock):
    """A session that is used often enough lives for longer than it may be idle."""

    async def scenario(stores):
        for number in range(4):
            clock.advance(3500)
            await stores.captures.add(scanned(id=str(number)))
        return (await stores.sessions.get(session["id"])).capture_count

    assert in_stores(scenario) == 7


@pytest.mark.parametrize(("idle_seconds", "status"), [(3601, "EXPIRED"), (0, "COMPLETED")])
def test_a_closed_session_takes_no_capture(in_stores, session, scanned, clock, idle_seconds, status):
    """A completed or idle session refuses captures, says what it is, and keeps its count."""

    async def scenario(stores):
        if not idle_seconds:
            await stores.sessions.close(session["id"], submit=False)
        clock.advance(idle_seconds)
        with pytest.raises(SessionClosed) as caught:
            await stores.captures.add(scanned())
        return (
            caught.value.status,
            await stores.captures.of_session(session["id"]),
            await stores.sessions.get(session["id"]),
        )

    reported, listed, found = in_stores(scenario)
    assert (reported, listed, found.status, found.capture_count) == (status, [], status, 3)


def test_an_expired_session_that_is_written_down_takes_no_capture(in_stores, scanned, clock):
    """It makes no difference whether the session's end is written down."""

    async def scenario(stores):
        clock.advance(4000)
        await stores.sessions.expire_idle()
        await stores.captures.add(scanned())

    with pytest.raises(SessionClosed, match="EXPIRED"):
        in_stores(scenario)


@pytest.mark.parametrize("change", [{}, {"id": "other", "session_id": "unknown"}])
def test_a_capture_is_stored_once_and_for_a_session(in_stores, session, scanned, change):
    """A second capture with the id, or one of a session that does not exist, is refused uncounted."""

    async def scenario(stores):
        await stores.captures.add(scanned())
        with pytest.raises(ConstraintError):
            await stores.captures.add(scanned(**change))
        return (await stores.sessions.get(session["id"])).capture_count

    assert in_stores(scenario) == 4


def test_many_captures_are_stored_in_one_go(in_stores, session, scanned, now):
    """Captures of several sessions are stored and counted together, except those of a closed session."""

    async def scenario(stores):
        first = await stores.sessions.get(session["id"])
        for session_id in ("second", "closed"):
            await stores.sessions.create(replace(first, id=session_id, capture_count=0))
        await stores.sessions.close("closed", submit=False)
        owners = [session["id"], "second", "closed", "second"]
        new = [
            scanned(id=str(number), session_id=owner, created=now + timedelta(seconds=number))
            for number, owner in enumerate(owners)
        ]
        refused = await stores.captures.add_many(new)
        stored = [ids(await stores.captures.of_session(owner)) for owner in owners]
        counts = [(await stores.sessions.get(owner)).capture_count for owner in owners]
        return refused, stored, counts, await stores.captures.add_many([])

    refused, stored, counts, none = in_stores(scenario)
    assert (refused, none) == ({"closed": "COMPLETED"}, {})
    assert stored == [["0"], ["1", "3"], [], ["1", "3"]]
    assert counts == [4, 2, 0, 2]


def test_counts_are_exact_at_once(in_stores, session, scanned):
    """Captures that are stored at the same time, crosswise over two sessions, are all counted."""

    async def scenario(stores):
        first = await stores.sessions.get(session["id"])
        await stores.sessions.create(replace(first, id="second", capture_count=3))
        both = [session["id"], "second"]
        bulks = [
            [scanned(id=f"{number}{owner}", session_id=owner) for owner in both[:: (-1) ** number]]
            for number in range(12)
        ]
        await asyncio.gather(*map(stores.captures.add_many, bulks))
        return [
            ((await stores.sessions.get(owner)).capture_count, len(await stores.captures.of_session(owner)))
            for owner in both
        ]

    assert in_stores(scenario) == [(15, 12), (15, 12)]


def test_no_capture_slips_into_a_session_that_ends(in_stores, session, scanned):
    """Whatever the order in which scans and the end come, the count is that of the captures."""

    async def scenario(stores):
        adding = [stores.captures.add(scanned(id=str(number))) for number in range(8)]
        adding.insert(4, stores.sessions.close(session["id"], submit=True))
        outcomes = await asyncio.gather(*adding, return_exceptions=True)
        refused = sum(isinstance(outcome, SessionClosed) for outcome in outcomes)
        found = await stores.sessions.get(session["id"])
        return refused, found, len(await stores.captures.of_session(session["id"]))

    refused, found, number = in_stores(scenario)
    assert found.status == "COMPLETED"
    assert (found.capture_count - 3, number) == (8 - refused, 8 - refused)


def test_pages_are_newest_first(in_stores, session, scanned, now):
    """Pages follow one another without gaps, also within one moment, and beyond the end there is nothing."""
    new = [scanned(id=f"{number}", created=now + timedelta(seconds=number // 2)) for number in range(5)]

    async def scenario(stores):
        await stores.captures.add_many(new)
        pages = [
            await stores.captures.page(session["id"], page=number, page_size=2)
            for number in (1, 2, 3, 4, 10**30)
        ]
        return [ids(captures) for captures, _ in pages], {total for _, total in pages}

    assert in_stores(scenario) == ([["4", "3"], ["2", "1"], ["0"], [], []], {5})


def test_the_newest_of_all_sessions_are_found(in_stores, scanned, now):
    """So many captures of all sessions come newest first, and so do sessions and photos."""

    async def scenario(stores):
        await stores.captures.add_many(
            [scanned(id=f"{number}", created=now + timedelta(seconds=number)) for number in range(5)]
        )
        newest = [await stores.captures.newest(limit) for limit in (0, 2, 9)]
        return [[each.id for each in found] for found in newest]

    assert in_stores(scenario) == [[], ["4", "3"], ["4", "3", "2", "1", "0"]]


def test_a_page_and_its_total_are_of_one_moment(in_stores, session, scanned):
    """While captures are stored, no total is other than the length of the list."""

    async def scenario(stores):
        async def read():
            captures, total = await stores.captures.page(session["id"], page=1, page_size=100)
            return total - len(captures)

        adding = [stores.captures.add(scanned(id=str(number))) for number in range(20)]
        differences = await asyncio.gather(*[one for add in adding for one in (add, read())])
        return differences[1::2]

    assert in_stores(scenario) == [0] * 20


def test_a_step_is_stored(in_stores, processed, scanned, milk):
    """What processing finds out is stored, and what it does not change is left alone."""
    original = scanned(uploaded_image_key="key", metadata={"shelf": "4"})

    async def scenario(stores):
        await stores.products.upsert_many([milk])
        await stores.captures.add(original)
        claimed = await stores.captures.claim("capture", 20)
        assert await stores.captures.save(replace(processed, id=claimed.id), 20)
        return (await stores.captures.get("capture")).capture, [
            each.id for each in await stores.captures.unfinished(10)
        ]

    found, waiting = in_stores(scenario)
    assert found == replace(processed, uploaded_image_key="key", metadata={"shelf": "4"}, sent_gtin="")
    assert waiting == []


def test_a_product_is_shown_with_the_name_that_it_has(in_stores, scanned, milk):
    """A product that is renamed later is shown so with the captures that it was found for."""
    short_id = f"whole-milk-1-l-{milk.gtin}"

    async def scenario(stores):
        await stores.products.upsert_many([milk])
        await stores.captures.add(scanned(product_short_id=short_id))
        await stores.products.upsert_many([replace(milk, name="Fresh Milk")])
        capture = (await stores.captures.get("capture")).capture
        return capture.product_short_id, capture.product_name

    assert in_stores(scenario) == (short_id, "Fresh Milk")


def test_a_product_is_shown_with_its_organizations_name(in_stores, session, scanned, milk, now):
    """Another organization's captures of it are shown with the catalogue's, in every way to read them."""
    short_id = f"whole-milk-1-l-{milk.gtin}"

    async def scenario(stores):
        await OrganizationStore(stores.database).add_organization(
            Organization(id="others", name="Baker", created=now)
        )
        theirs = ScanSession(**{**session, "id": "theirs", "organization_id": "others"})
        await stores.sessions.create(theirs)
        await stores.products.upsert_many([milk])
        own = scanned(product_short_id=short_id)
        await stores.captures.add_many([own, replace(own, id="foreign", session_id="theirs")])
        dialect, ours = stores.database.dialect.name, {"name": "Our milk"}
        await stores.database.change(override(dialect, "organization", short_id, ours, now))
        names = []
        for capture_id, session_id in (("capture", session["id"]), ("foreign", "theirs")):
            record = await stores.captures.get(capture_id)
            (of_session,) = await stores.captures.of_session(session_id)
            (paged,), total = await stores.captures.page(session_id, page=1, page_size=10)
            assert total == 1
            names.append({record.capture.product_name, of_session.product_name, paged.product_name})
        return names

    assert in_stores(scenario) == [{"Our milk"}, {milk.name}]
