"""Noting when credentials were last used."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from scanner_api.access.api_keys import LastUsed


class Ledger:
    """Keeps what is written; fails as often as it is asked to."""

    def __init__(self, failures=0):
        self.failures = failures
        self.batches = []
        self.written = asyncio.Event()

    async def write(self, last_used):
        """Write a batch down, or fail."""
        if self.failures:
            self.failures -= 1
            raise ConnectionError("down")
        self.batches.append(dict(last_used))
        self.written.set()


async def test_uses_are_written_in_one_batch(clock):
    """A flush writes the latest use of each credential once, and then there is nothing to write."""
    ledger = Ledger()
    last_used = LastUsed(ledger.write)
    later = clock.now() + timedelta(seconds=1)
    last_used.note("a", clock.now())
    last_used.note("b", clock.now())
    last_used.note("a", later)
    await last_used.flush()
    await last_used.flush()
    assert ledger.batches == [{"a": later, "b": clock.now()}]


async def test_failed_write_is_tried_again(clock, caplog):
    """What could not be written is logged and goes with the next batch; a newer use is not overwritten."""
    ledger = Ledger(failures=1)
    last_used = LastUsed(ledger.write)
    later = clock.now() + timedelta(seconds=1)
    last_used.note("a", clock.now())
    last_used.note("b", clock.now())
    await last_used.flush()
    assert "2 credentials" in caplog.text
    assert "Traceback" not in caplog.text  # an outage is a line
    last_used.note("a", later)
    await last_used.flush()
    assert ledger.batches == [{"a": later, "b": clock.now()}]


async def test_memory_is_bounded(clock):
    """Beyond the bound no further credential is noted; those that are go on being updated."""
    ledger = Ledger()
    last_used = LastUsed(ledger.write, most=2)
    later = clock.now() + timedelta(seconds=1)
    for name in "abc":
        last_used.note(name, clock.now())
    last_used.note("a", later)
    await last_used.flush()
    assert ledger.batches == [{"a": later, "b": clock.now()}]


async def test_task_writes_while_the_service_runs(clock):
    """While entered, uses are written without anybody asking, and a failed write does not end that."""
    ledger = Ledger(failures=1)
    async with LastUsed(ledger.write, every_seconds=0.001) as last_used, asyncio.timeout(10):
        last_used.note("a", clock.now())
        await ledger.written.wait()
    assert ledger.batches == [{"a": clock.now()}]


async def test_leaving_writes_what_is_left(clock):
    """What was noted since the last write is written when the service stops, without waiting for its turn."""
    ledger = Ledger()
    async with asyncio.timeout(10):
        for name in "ab":
            async with LastUsed(ledger.write, every_seconds=3600) as last_used:
                last_used.note(name, clock.now())
    assert ledger.batches == [{"a": clock.now()}, {"b": clock.now()}]
