"""A capture is worked at by one at a time, for as long as the lease is, and may be retried."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from scanner_api.scanning.scans.captures import FINAL, CaptureStatus
from scanner_api.scanning.scans.sessions import ScanSession
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore


@pytest.mark.parametrize("status", CaptureStatus)
def test_unfinished_captures_can_be_claimed(in_stores, scanned, status):
    """A capture is waited for and can be claimed unless its status is final."""

    async def scenario(stores):
        await stores.captures.add(scanned(status=status))
        return [each.id for each in await stores.captures.unfinished(10)], await stores.captures.claim(
            "capture", 20
        )

    waiting, claimed = in_stores(scenario)
    assert (waiting, claimed) == (([], None) if status in FINAL else (["capture"], scanned(status=status)))


def test_an_unknown_capture_cannot_be_claimed(in_stores):
    """There is nothing to work at."""
    assert in_stores(lambda stores: stores.captures.claim("capture", 20)) is None


def test_one_of_many_gets_a_capture(in_stores, scanned):
    """Of workers who claim a capture at once, one has it, and it does not wait for others any more."""

    async def scenario(stores):
        await stores.captures.add(scanned())
        claims = await asyncio.gather(*[stores.captures.claim("capture", 20) for _ in range(8)])
        return sum(claim is not None for claim in claims), [
            each.id for each in await stores.captures.unfinished(10)
        ]

    assert in_stores(scenario) == (1, [])


def test_a_capture_whose_worker_is_gone_waits_again(in_stores, scanned, clock):
    """When the lease is over, at the second, another can claim the capture as it was saved last."""

    async def scenario(stores):
        await stores.captures.add(scanned())
        claimed = await stores.captures.claim("capture", 20)
        clock.advance(10)
        saved = replace(claimed, status=CaptureStatus.RESOLVING, attempts=1)
        assert await stores.captures.save(saved, 20)
        clock.advance(19.999)
        early = (
            [each.id for each in await stores.captures.unfinished(10)],
            await stores.captures.claim("capture", 20),
        )
        clock.advance(0.001)
        late = (
            [each.id for each in await stores.captures.unfinished(10)],
            await stores.captures.claim("capture", 20),
        )
        return early, late == (["capture"], saved)

    assert in_stores(scenario) == (([], None), True)


def test_the_oldest_captures_wait_in_front(in_stores, scanned, now):
    """What is unfinished is reported oldest first, and no more of it than is asked for."""
    new = [scanned(id=str(number), created=now - timedelta(seconds=number)) for number in range(3)]

    async def scenario(stores):
        await stores.captures.add_many(new)
        return [each.id for each in await stores.captures.unfinished(2)]

    assert in_stores(scenario) == ["2", "1"]


def test_a_late_worker_stores_nothing(in_stores, scanned, clock):
    """A worker that lost the lease to another cannot overwrite what the other stored, nor a final status."""

    async def scenario(stores):
        await stores.captures.add(scanned())
        first = replace(await stores.captures.claim("capture", 20), attempts=1)
        saved = [await stores.captures.save(first, 20)]
        clock.advance(20)
        second = replace(await stores.captures.claim("capture", 20), attempts=2)
        saved.append(await stores.captures.save(second, 20))
        saved.append(await stores.captures.save(replace(first, status=CaptureStatus.FAILED), 20))
        saved.append(await stores.captures.release(first))
        saved.append(await stores.captures.save(replace(second, status=CaptureStatus.NOT_FOUND), 20))
        saved.append(await stores.captures.save(replace(second, status=CaptureStatus.ENRICHING), 20))
        return saved, (await stores.captures.get("capture")).capture.status

    assert in_stores(scenario) == ([True, True, False, False, True, False], "NOT_FOUND")


def test_a_capture_that_is_given_back_waits_at_once_and_uncounted(in_stores, scanned):
    """A worker that stops in an orderly way costs the capture no attempt."""

    async def scenario(stores):
        await stores.captures.add(scanned())
        claimed = replace(await stores.captures.claim("capture", 20), attempts=1)
        await stores.captures.save(claimed, 20)
        released = await stores.captures.release(claimed), await stores.captures.release(claimed)
        return (
            released,
            [each.id for each in await stores.captures.unfinished(10)],
            await stores.captures.claim("capture", 20),
        )

    assert in_stores(scenario) == ((True, False), ["capture"], scanned())


@pytest.mark.parametrize("status", CaptureStatus)
def test_what_was_not_found_or_failed_can_be_retried_once(in_stores, scanned, status):
    """Of several who retry a capture at once, one does, and only if it is FAILED or NOT_FOUND."""
    ended = scanned(status=status, error_message="No product has it.", attempts=3)

    async def scenario(stores):
        await stores.captures.add(ended)
        again = replace(ended, status=CaptureStatus.PENDING, error_message="", attempts=0)
        retried = await asyncio.gather(*[stores.captures.retry(again) for _ in range(4)])
        return sum(retried), (await stores.captures.get("capture")).capture

    expected = (1, scanned()) if status in FINAL - {CaptureStatus.COMPLETED} else (0, ended)
    assert in_stores(scenario) == expected


def test_what_is_retried_waits_at_once(in_stores, scanned):
    """A capture that has ended is no one's any more, however long its lease would have been."""

    async def scenario(stores):
        await stores.captures.add(scanned())
        claimed = await stores.captures.claim("capture", 20)
        await stores.captures.save(replace(claimed, status=CaptureStatus.FAILED), 20)
        assert await stores.captures.retry(claimed)
        return [each.id for each in await stores.captures.unfinished(10)]

    assert in_stores(scenario) == ["capture"]


@pytest.mark.parametrize(("idle_seconds", "kept"), [(3599, True), (3601, False)])
def test_a_retry_keeps_a_session_alive_but_revives_none(
    in_stores, session, scanned, clock, idle_seconds, kept
):
    """A retry counts as use of an active session; one that was left idle stays expired."""

    async def scenario(stores):
        await stores.captures.add(scanned(status=CaptureStatus.FAILED))
        clock.advance(idle_seconds)
        assert await stores.captures.retry(scanned())
        return await stores.sessions.get(session["id"])

    found = in_stores(scenario)
    assert (found.status == "ACTIVE", found.modified == clock.now()) == (kept, kept)


def test_organizations_are_found_in_turns(in_stores, session, scanned, now):
    """However many captures of one wait longer, those of others come next, each oldest first."""

    async def scenario(stores):
        for name in ("second", "third"):
            await OrganizationStore(stores.database).add_organization(
                Organization(id=name, name=name, created=now)
            )
            own = {**session, "id": name, "organization_id": name, "created_by": f"key:{name}"}
            await stores.sessions.create(ScanSession(**own))
        scans = [
            scanned(id=f"first {number}", created=now + timedelta(seconds=number)) for number in range(9)
        ]
        for name in ("second", "third"):
            later = now + timedelta(seconds=60)
            scans += [scanned(id=f"{name} {n}", session_id=name, created=later) for n in range(2)]
        await stores.captures.add_many(scans)
        await stores.sessions.close("second", submit=True)
        counts = [await stores.captures.backlog(name) for name in ("organization", "second", "unknown")]
        return await stores.captures.unfinished(8), counts

    found, counts = in_stores(scenario)
    assert [each.id for each in found] == [
        *("first 0", "second 0", "third 0", "first 1", "second 1", "third 1", "first 2", "first 3")
    ]
    assert {each.organization_id for each in found} == {"organization", "second", "third"}
    assert counts == [{session["created_by"]: 9}, {"key:second": 3}, {}]


def test_captures_that_are_claimed_and_saved_together_share_transactions(in_stores, scanned):
    """However many workers claim and save at once, each has its own outcome, in few transactions."""

    async def scenario(stores):
        opened = []
        write = stores.database.write

        def counted(work, *session_ids):
            opened.append(session_ids)
            return write(work, *session_ids)

        scans = [scanned(id=str(number)) for number in range(50)]
        await stores.captures.add_many(scans)
        stores.database.write = counted
        twice = [*map(str, range(50)), *map(str, range(50)), "unknown"]
        claims = await asyncio.gather(*[stores.captures.claim(each, 20) for each in twice])
        claimed = [replace(each, attempts=1, gtin=each.id) for each in claims if each]
        lost = replace(claimed[0], attempts=0, gtin="lost")
        await stores.captures.save(claimed[0], 20)
        saved = await asyncio.gather(*[stores.captures.save(each, 20) for each in [lost, *claimed]])
        stored = await stores.captures.of_session(scans[0].session_id)
        return len(opened), [each.id for each in claimed], saved, [each.gtin for each in stored]

    transactions, claimed, saved, stored = in_stores(scenario)
    assert sorted(claimed, key=int) == [str(number) for number in range(50)]
    assert saved == [False] + [True] * 50
    assert sorted(stored, key=int) == [str(number) for number in range(50)]
    assert transactions <= 6
