"""Concurrent asks share reads, and never see what was before them."""

from __future__ import annotations

import asyncio

import pytest

from scanner_api.storage.batching import Batching


class Source:
    """Reads batches when it is let, and remembers what it was asked."""

    def __init__(self):
        self.batches = []
        self.values = {}
        self.permitted = asyncio.Event()

    async def load(self, keys):
        """Return what there was when the read began, once it is permitted."""
        self.batches.append(keys)
        found = {key: self.values[key] for key in keys if key in self.values}
        await self.permitted.wait()
        return found


async def ask(batching, *keys):
    """Ask for the keys at once, and let the reading begin."""
    tasks = [asyncio.create_task(batching.get(key)) for key in keys]
    await settle()
    return tasks


async def settle():
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_asks_of_one_moment_share_a_read():
    """What is asked for at once is one read, each key in it once, and everyone gets their own value."""
    source = Source()
    source.values = {"a": 1, "b": 2}
    source.permitted.set()
    batching = Batching(source.load)
    responses = await asyncio.gather(*map(batching.get, ["a", "b", "a", "unknown"]))
    assert (responses, source.batches) == ([1, 2, 1, None], [["a", "b", "unknown"]])


async def test_later_asks_wait_for_one_read_and_share_the_next():
    """While a read runs, further asks gather for exactly one more."""
    source = Source()
    batching = Batching(source.load)
    first = await ask(batching, "a")
    later = [*await ask(batching, "b"), *await ask(batching, "c")]
    source.permitted.set()
    await asyncio.gather(*first, *later)
    assert source.batches == [["a"], ["b", "c"]]


async def test_an_ask_sees_what_was_written_before_it():
    """An ask is not served by a read that began before it, not even for the same key."""
    source = Source()
    source.values = {"a": "old"}
    batching = Batching(source.load)
    before = await ask(batching, "a")
    source.values = {"a": "new"}
    after = await ask(batching, "a")
    source.permitted.set()
    assert await asyncio.gather(*before, *after) == ["old", "new"]


async def test_a_read_has_no_more_keys_than_the_limit():
    """A long queue becomes several reads."""
    source = Source()
    source.values = {number: -number for number in range(7)}
    source.permitted.set()
    batching = Batching(source.load, limit=3)
    responses = await asyncio.gather(*map(batching.get, range(7)))
    assert responses == [0, -1, -2, -3, -4, -5, -6]
    assert source.batches == [[0, 1, 2], [3, 4, 5], [6]]


async def test_an_error_reaches_everyone_in_the_read():
    """A failed read fails its asks; the next ask is read for again."""
    failures = [ConnectionError("gone")]

    async def load(keys):
        await asyncio.sleep(0)
        if failures:
            raise failures.pop()
        return dict.fromkeys(keys, "there")

    batching = Batching(load)
    failed = await asyncio.gather(batching.get("a"), batching.get("b"), return_exceptions=True)
    assert [str(error) for error in failed] == ["gone", "gone"]
    assert await batching.get("a") == "there"


async def test_an_error_reaches_everyone_who_waits_behind_the_read():
    """A read that fails, perhaps after a long time, is not followed by one for each batch behind it."""
    permitted, batches = asyncio.Event(), []

    async def load(keys):
        batches.append(keys)
        await permitted.wait()
        raise ConnectionError

    batching = Batching(load, limit=1)
    asks = await ask(batching, "a", "b", "c")
    asks[1].cancel()
    permitted.set()
    responses = await asyncio.gather(*asks, return_exceptions=True)
    errors = [type(response) for response in responses]
    assert errors == [ConnectionError, asyncio.CancelledError, ConnectionError]
    assert batches == [["a"]]


@pytest.mark.parametrize("moment", ["queued", "reading"])
@pytest.mark.parametrize("fails", [False, True])
async def test_who_gives_up_harms_no_one(moment, fails):
    """A cancelled ask, queued or being read, leaves the others alone, whether the read succeeds or fails."""
    permitted = asyncio.Event()

    async def load(keys):
        await permitted.wait()
        if fails and "a" in keys:
            raise ConnectionError
        return dict.fromkeys(keys, "there")

    batching = Batching(load)
    running = await ask(batching, "first") if moment == "queued" else []
    impatient, patient = await ask(batching, "a", "a")
    impatient.cancel()
    await settle()
    permitted.set()
    await asyncio.gather(*running, return_exceptions=True)
    (response,) = await asyncio.gather(patient, return_exceptions=True)
    assert impatient.cancelled()
    assert isinstance(response, ConnectionError) if fails else response == "there"


async def test_a_read_for_no_one_asks_for_nothing():
    """If all who asked have given up by the time of the read, their keys are not read for."""
    source = Source()
    batching = Batching(source.load)
    first = await ask(batching, "a")
    (impatient,) = await ask(batching, "b")
    impatient.cancel()
    last = await ask(batching, "c")
    source.permitted.set()
    await asyncio.gather(*first, *last)
    assert source.batches == [["a"], ["c"]]


async def test_a_cancelled_read_cancels_its_asks():
    """When the loop is shut down in the middle of a read, no one waits for ever."""
    source = Source()
    batching = Batching(source.load)
    asks = await ask(batching, "a", "b")
    batching._reading.cancel()
    await settle()
    assert [task.cancelled() for task in asks] == [True, True]
