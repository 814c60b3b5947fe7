"""Photos come back as they were stored, and a gallery is dense and in order whatever changes it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from scanner_api.scanning.photos.photo import OrderError, Photo
from scanner_api.storage.database import ConstraintError, DuplicateError
from scanner_api.storage.scans.activity import SessionClosed

HOSTILE = "\x00 \\u0000 \ud83d \\ 日本"


@pytest.fixture
def front(session, now):
    """A photo of the session."""
    return Photo(
        id="front",
        session_id=session["id"],
        photo_type="front",
        s3_key="scanner/photos/front.jpg",
        original_filename=HOSTILE,
        file_size=20 * 1024 * 1024,
        media_type="image/jpeg",
        sort_order=0,
        metadata={HOSTILE: HOSTILE},
        created=now,
    )


@pytest.fixture
def numbered(front):
    """Make the photo with a number."""
    return lambda number: replace(front, id=f"{number}", s3_key=f"{number}.jpg")


def places(photos):
    """Return the ids and places of photos."""
    return [(photo.id, photo.sort_order) for photo in photos]


def test_the_newest_of_all_galleries_are_found(in_stores, numbered, now):
    """So many photos of all sessions come newest first."""

    async def scenario(stores):
        for number in range(3):
            await stores.photos.add(replace(numbered(number), created=now + timedelta(seconds=number)))
        return [photo.id for photo in await stores.photos.newest(2)]

    assert in_stores(scenario) == ["2", "1"]


def test_a_photo_comes_back_as_it_was_stored(in_stores, session, front, scanned):
    """Every field survives, alone and in lists; its place is the first free one, whatever was asked for."""
    asked = replace(front, capture_id="capture", sort_order=7)

    async def scenario(stores):
        await stores.captures.add(scanned())
        stored = await stores.photos.add(asked)
        found = await stores.photos.get("front")
        gallery = await stores.photos.of_session(session["id"])
        return stored, found, gallery, await stores.photos.page(session["id"], page=1, page_size=10)

    photo = replace(asked, sort_order=0)
    assert in_stores(scenario) == (photo, photo, [photo], ([photo], 1))


def test_an_unknown_id_finds_nothing(in_stores, front):
    """Whatever is asked for, only the stored id finds a photo, and only its session has it."""
    unknown = ["", "\x00", "\ud800", "front\x00"]

    async def scenario(stores):
        await stores.photos.add(front)
        found = [await stores.photos.get(photo_id) for photo_id in unknown]
        return found, [await stores.photos.of_session(session_id) for session_id in unknown]

    assert in_stores(scenario) == ([None] * 4, [[]] * 4)


def test_a_photo_counts_in_its_session(in_stores, session, front, clock):
    """With a photo the session's count grows by one, and the session is used now."""

    async def scenario(stores):
        clock.advance(60)
        await stores.photos.add(front)
        return await stores.sessions.get(session["id"])

    found = in_stores(scenario)
    assert (found.capture_count, found.photo_count, found.modified) == (3, 5, clock.now())


@pytest.mark.parametrize(("idle_seconds", "status"), [(3601, "EXPIRED"), (0, "COMPLETED")])
def test_a_closed_session_takes_no_photo(in_stores, session, front, clock, idle_seconds, status):
    """A completed or idle session refuses photos and says what it is."""

    async def scenario(stores):
        if not idle_seconds:
            await stores.sessions.close(session["id"], submit=False)
        clock.advance(idle_seconds)
        with pytest.raises(SessionClosed, match=status):
            await stores.photos.add(front)
        return await stores.photos.of_session(session["id"])

    assert in_stores(scenario) == []


def test_a_key_is_registered_once(in_stores, session, front):
    """Of several photos with one key, at once, one is stored, and the others get its id."""

    async def scenario(stores):
        same = [replace(front, id=str(number)) for number in range(6)]
        outcomes = await asyncio.gather(*map(stores.photos.add, same), return_exceptions=True)
        stored = [outcome for outcome in outcomes if isinstance(outcome, Photo)]
        existing = {outcome.existing_id for outcome in outcomes if isinstance(outcome, DuplicateError)}
        count = (await stores.sessions.get(session["id"])).photo_count
        return len(outcomes), len(stored), existing == {stored[0].id}, count

    assert in_stores(scenario) == (6, 1, True, 5)


@pytest.mark.parametrize(
    "change", [{"s3_key": "other"}, {"id": "other", "s3_key": "other", "capture_id": "unknown"}]
)
def test_what_the_schema_refuses_is_not_counted(in_stores, session, front, change):
    """An id that is taken, or a capture that does not exist, is refused and leaves the session alone."""

    async def scenario(stores):
        await stores.photos.add(front)
        with pytest.raises(ConstraintError):
            await stores.photos.add(replace(front, **change))
        return (await stores.sessions.get(session["id"])).photo_count

    assert in_stores(scenario) == 5


def test_places_are_dense_at_once(in_stores, session, numbered):
    """Photos that are registered at the same time get the places from 0 on, each another."""

    async def scenario(stores):
        stored = await asyncio.gather(*[stores.photos.add(numbered(number)) for number in range(10)])
        gallery = await stores.photos.of_session(session["id"])
        return places(gallery) == sorted(places(stored), key=lambda place: place[1]), places(gallery)

    agree, gallery = in_stores(scenario)
    assert agree
    assert [place for _, place in gallery] == list(range(10))


def test_a_gallery_takes_a_new_order(in_stores, session, numbered):
    """The order that is asked for is returned, stored and paged, and leaves all else as it was."""

    async def scenario(stores):
        before = [await stores.photos.add(numbered(number)) for number in range(4)]
        returned = await stores.photos.reorder(session["id"], ["2", "0", "3", "1"])
        gallery = await stores.photos.of_session(session["id"])
        pages = [await stores.photos.page(session["id"], page=number, page_size=3) for number in (1, 2)]
        return before, returned, gallery, pages

    before, returned, gallery, pages = in_stores(scenario)
    assert gallery == [replace(before[old], sort_order=new) for new, old in enumerate([2, 0, 3, 1])]
    assert returned == gallery
    assert pages == [(gallery[:3], 4), (gallery[3:], 4)]


def test_an_order_names_every_photo_once(in_stores, session, numbered):
    """An order with missing, extra or repeated photos is refused, says which, and changes nothing."""

    async def scenario(stores):
        for number in range(3):
            await stores.photos.add(numbered(number))
        with pytest.raises(OrderError) as caught:
            await stores.photos.reorder(session["id"], ["2", "2", "0", "other"])
        return caught.value, places(await stores.photos.of_session(session["id"]))

    error, gallery = in_stores(scenario)
    assert (error.missing, error.extra, error.repeated) == (("1",), ("other",), ("2",))
    assert gallery == [("0", 0), ("1", 1), ("2", 2)]


def test_orders_and_registrations_at_once_leave_a_dense_gallery(in_stores, session, numbered):
    """Each order is taken whole or refused, and photos that come meanwhile go to the end."""
    orders = list(permutations(["0", "1", "2"]))

    async def scenario(stores):
        for number in range(3):
            await stores.photos.add(numbered(number))
        changes = [stores.photos.reorder(session["id"], order) for order in orders[:3]]
        changes.append(stores.photos.add(numbered(3)))
        changes += [stores.photos.reorder(session["id"], order) for order in orders[3:]]
        outcomes = await asyncio.gather(*changes, return_exceptions=True)
        gallery = await stores.photos.of_session(session["id"])
        return [outcome for outcome in outcomes if isinstance(outcome, Exception)], places(gallery)

    refused, gallery = in_stores(scenario)
    assert [place for _, place in gallery] == [0, 1, 2, 3]
    assert tuple(photo for photo, _ in gallery[:3]) in orders
    assert gallery[3][0] == "3"
    assert {error.missing for error in refused} <= {("3",)}


def test_a_photo_is_changed(in_stores, front, clock, session):
    """A label and metadata can be changed, nothing else is, and the session is used now."""

    async def scenario(stores):
        stored = await stores.photos.add(front)
        clock.advance(60)
        changed = await stores.photos.update(
            stored, lambda photo: replace(photo, photo_type="back", metadata={}, file_size=0, s3_key="")
        )
        found = await stores.photos.get("front")
        return found, changed.photo_type, (await stores.sessions.get(session["id"])).modified

    expected = replace(front, photo_type="back", metadata={})
    assert in_stores(scenario) == (expected, "back", clock.now())


@pytest.mark.parametrize("closed", [False, True])
def test_changes_at_once_do_not_undo_each_other(in_stores, front, closed):
    """Each change is made to the photo that the one before has left, also in a session that has ended."""

    async def scenario(stores):
        stored = await stores.photos.add(front)
        if closed:
            await stores.sessions.close(front.session_id, submit=False)

        def noting(number):
            return lambda photo: replace(photo, metadata={**photo.metadata, str(number): "x"})

        await asyncio.gather(*[stores.photos.update(stored, noting(number)) for number in range(8)])
        return set((await stores.photos.get("front")).metadata)

    assert in_stores(scenario) == {HOSTILE, *map(str, range(8))}


def test_a_change_that_cannot_be_made_changes_nothing(in_stores, front, session, clock):
    """What a change raises comes out, and neither photo nor session is touched."""

    def refuse(photo):
        raise LookupError(photo.id)

    async def scenario(stores):
        stored = await stores.photos.add(front)
        before = await stores.sessions.get(session["id"])
        clock.advance(1)
        with pytest.raises(LookupError, match="front"):
            await stores.photos.update(stored, refuse)
        return await stores.photos.get("front") == stored, await stores.sessions.get(session["id"]) == before

    assert in_stores(scenario) == (True, True)


@pytest.mark.parametrize("status", ["COMPLETED", "EXPIRED"])
def test_a_closed_session_keeps_its_gallery_in_order(in_stores, session, numbered, clock, status):
    """Photos of a session that has ended can still be ordered, which does not revive it."""

    async def scenario(stores):
        for number in range(2):
            await stores.photos.add(numbered(number))
        if status == "COMPLETED":
            await stores.sessions.close(session["id"], submit=True)
        clock.advance(timedelta(days=2).total_seconds())
        await stores.photos.reorder(session["id"], ["1", "0"])
        gallery = await stores.photos.of_session(session["id"])
        return places(gallery), (await stores.sessions.get(session["id"])).status

    assert in_stores(scenario) == ([("1", 0), ("0", 1)], status)
