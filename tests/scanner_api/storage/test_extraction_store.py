"""The extraction of a submitted session is done by one at a time, and ends as its proposals say."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace


@pytest.fixture
def in_submitted(in_stores, session):
    """Run a coroutine function on stores whose session has been submitted."""

    async def submit(stores, scenario):
        await stores.sessions.close(session["id"], submit=True)
        return await scenario(stores)

    return lambda scenario: in_stores(lambda stores: submit(stores, scenario))


async def extraction_of(stores, session_id):
    """Return the extraction status of a session."""
    return (await stores.sessions.get(session_id)).extraction_status


def test_only_a_submitted_session_is_extracted(in_stores, session):
    """An active session, one that was only ended, and an unknown one are not waited for, nor claimed."""

    async def scenario(stores):
        first = await stores.sessions.get(session["id"])
        await stores.sessions.create(replace(first, id="ended"))
        await stores.sessions.close("ended", submit=False)
        claims = [await stores.extractions.claim(each, 20) for each in (session["id"], "ended", "\x00")]
        return [each.id for each in await stores.extractions.unfinished(10)], claims

    assert in_stores(scenario) == ([], [None, None, None])


def test_one_of_many_gets_an_extraction(in_submitted, session):
    """Of workers who claim an extraction at once, one has it, and it does not wait for others any more."""

    async def scenario(stores):
        before = [each.id for each in await stores.extractions.unfinished(10)]
        claims = await asyncio.gather(*[stores.extractions.claim(session["id"], 20) for _ in range(8)])
        return (
            before,
            [claim for claim in claims if claim],
            [each.id for each in await stores.extractions.unfinished(10)],
        )

    assert in_submitted(scenario) == ([session["id"]], [1], [])


def test_an_extraction_whose_worker_is_gone_waits_again(in_submitted, session, clock):
    """A lease can be kept for longer; when it is over another can claim the extraction, and it counts."""

    async def scenario(stores):
        attempts = [await stores.extractions.claim(session["id"], 20)]
        clock.advance(10)
        assert await stores.extractions.renew(session["id"], 1, 20)
        clock.advance(19.999)
        attempts.append(await stores.extractions.claim(session["id"], 20))
        clock.advance(0.001)
        waiting = [each.id for each in await stores.extractions.unfinished(10)]
        attempts.append(await stores.extractions.claim(session["id"], 20))
        return attempts, waiting

    assert in_submitted(scenario) == ([1, None, 2], [session["id"]])


@pytest.mark.parametrize("late", ["renew", "release", "finish"])
def test_a_late_worker_changes_nothing(in_submitted, session, clock, late):
    """A worker that lost the lease to another can neither keep, give back nor end the extraction."""

    async def scenario(stores):
        await stores.extractions.claim(session["id"], 20)
        clock.advance(20)
        await stores.extractions.claim(session["id"], 20)
        more = [20] if late == "renew" else []
        result = await getattr(stores.extractions, late)(session["id"], 1, *more)
        waiting = [each.id for each in await stores.extractions.unfinished(10)]
        clock.advance(20)
        return result, waiting, await stores.extractions.claim(session["id"], 20)

    assert in_submitted(scenario) == (False, [], 3)


def test_an_extraction_that_is_given_back_waits_at_once_and_uncounted(in_submitted, session):
    """A worker that stops in an orderly way costs the extraction no attempt."""

    async def scenario(stores):
        await stores.extractions.claim(session["id"], 20)
        assert await stores.extractions.release(session["id"], 1)
        return [each.id for each in await stores.extractions.unfinished(10)], await stores.extractions.claim(
            session["id"], 20
        )

    assert in_submitted(scenario) == ([session["id"]], 1)


def test_an_extraction_ends_once(in_submitted, session, clock):
    """An ended extraction is READY, and cannot be ended again, kept or claimed, not even later."""

    async def scenario(stores):
        await stores.extractions.claim(session["id"], 20)
        result = [
            await stores.extractions.finish(session["id"], 1),
            await stores.extractions.finish(session["id"], 1),
            await stores.extractions.renew(session["id"], 1, 20),
        ]
        clock.advance(60)
        claimed = await stores.extractions.claim(session["id"], 20)
        return result, claimed, await extraction_of(stores, session["id"])

    assert in_submitted(scenario) == ([True, False, False], None, "ready")


def test_those_that_wait_longest_are_reported_first(in_stores, session, clock):
    """No more are reported than are asked for."""

    async def scenario(stores):
        first = await stores.sessions.get(session["id"])
        for session_id in ("c", "a", "b"):
            await stores.sessions.create(replace(first, id=session_id))
            await stores.sessions.close(session_id, submit=True)
            clock.advance(1)
        return [each.id for each in await stores.extractions.unfinished(2)]

    assert in_stores(scenario) == ["c", "a"]
