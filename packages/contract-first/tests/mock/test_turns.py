"""StateLock: requests side by side, changes alone."""

from __future__ import annotations

import asyncio

import pytest

from contract_first.mock.state.state import Interrupted, StateLock, ordered
from contract_first.service.messages.problems import ServiceUnavailable


async def test_requests_go_side_by_side():
    """A request waits for no other."""
    turns = StateLock()
    async with turns.request(), turns.request():
        result = True
    assert result


async def test_a_change_waits_for_those_who_came_before_and_keeps_others_out():
    """A change begins when the requests before it have ended, and those behind it begin when it has ended."""
    turns, order = StateLock(), []
    finish = asyncio.Event()

    async def request(name):
        async with turns.request():
            order.append(f"{name} begins")
            await finish.wait()
            order.append(f"{name} ends")

    async def change():
        async with turns.change():
            order.append("change begins")
            await asyncio.sleep(0)
            order.append("change ends")

    async with asyncio.TaskGroup() as tasks:
        for work in (request("first"), change(), request("second")):
            tasks.create_task(work)
            await asyncio.sleep(0)
        finish.set()
    assert order == [
        "first begins",
        "first ends",
        "change begins",
        "change ends",
        "second begins",
        "second ends",
    ]


async def test_changes_follow_one_another():
    """No two changes are under way at once."""

    async def scenario():
        turns, under_way, most = StateLock(), 0, 0

        async def change():
            nonlocal under_way, most
            async with turns.change():
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*(change() for _ in range(10)))
        return most

    assert (await scenario()) == 1


async def test_who_does_not_end_in_time_is_interrupted():
    """A request that a change cannot wait for is cancelled with a 503; the change goes on."""

    async def scenario():
        turns = StateLock(patience_seconds=0)

        async def endless():
            async with turns.request():
                await asyncio.Event().wait()

        request = asyncio.create_task(endless())
        await asyncio.sleep(0)
        async with turns.change():
            pass
        async with turns.request():
            pass
        await request

    with pytest.raises(Interrupted):
        (await scenario())


async def test_a_timeout_of_the_requests_own_stays_one():
    """What a request itself has no time left for is not taken for an interruption."""

    async def scenario():
        async with StateLock().request(), asyncio.timeout(0):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        (await scenario())


async def test_a_change_that_fails_lets_requests_in():
    """Whatever a change raises, requests go on."""
    turns = StateLock()
    with pytest.raises(ZeroDivisionError):
        async with turns.change():
            1 / 0  # noqa: B018 -- it raises on purpose
    async with turns.request():
        result = True
    assert result


async def test_what_fails_is_not_always_s3():
    """A mock may have none: the error is what says so."""

    def fill():
        raise OSError("no space left")

    with pytest.raises(ServiceUnavailable) as failure:
        await ordered(fill)
    assert failure.value.detail == "The state of the mock cannot be used: no space left"
