"""Lookups that many requests share."""

from __future__ import annotations

import asyncio

import pytest

from scanner_api.access.lookups import RecentLookups


class CountingStore:
    """Finds whatever is asked for but ``unknown``, once it is let; counts how often it is asked."""

    def __init__(self):
        self.asked = []
        self.is_asked = asyncio.Event()
        self.responses = asyncio.Event()
        self.responses.set()
        self.error = None

    async def look_up(self, digest):
        """Return the digest in upper case."""
        self.asked.append(digest)
        self.is_asked.set()
        await self.responses.wait()
        if self.error is not None:
            raise self.error
        return None if digest == "unknown" else digest.upper()


class Ticks:
    """Seconds that pass when they are asked to."""

    now = 100.0

    def read(self):
        """Return the seconds so far."""
        return self.now


async def test_response_holds_for_half_a_second():
    """Within half a second of asking the store is not asked again; from then on it is."""
    store, ticks = CountingStore(), Ticks()
    lookups = RecentLookups(store.look_up, ticks=ticks.read)
    for now, times in [(100.0, 1), (100.499, 1), (100.5, 2), (100.9, 2), (101.0, 3)]:
        ticks.now = now
        assert await lookups.get("a") == "A"
        assert len(store.asked) == times


async def test_age_counts_from_the_question():
    """A response that took long is as old as its question, so a slow store cannot keep a credential alive."""
    store, ticks = CountingStore(), Ticks()
    store.responses.clear()
    lookups = RecentLookups(store.look_up, ticks=ticks.read)
    first = asyncio.create_task(lookups.get("a"))
    await store.is_asked.wait()
    ticks.now += 0.6
    store.responses.set()
    await first
    await lookups.get("a")
    assert len(store.asked) == 2


async def test_what_is_not_there_is_not_remembered():
    """Guessing fills nothing: an unknown digest is asked for each time, and keeps no known one out."""
    store = CountingStore()
    lookups = RecentLookups(store.look_up, max_records=1)
    await lookups.get("a")
    assert await lookups.get("unknown") is None
    assert await lookups.get("unknown") is None
    await lookups.get("a")
    assert store.asked == ["a", "unknown", "unknown"]


async def test_memory_is_bounded():
    """However many digests are found, no more than the bound are kept, the newest ones."""
    lookups = RecentLookups(CountingStore().look_up, max_records=10)
    for number in range(100):
        await lookups.get(f"digest-{number}")
    assert list(lookups._records) == [f"digest-{number}" for number in range(90, 100)]


async def test_failure_is_forgotten():
    """A caller learns that the store failed; the next one asks again."""
    store = CountingStore()
    store.error = ConnectionError("down")
    lookups = RecentLookups(store.look_up)
    with pytest.raises(ConnectionError, match="down"):
        await lookups.get("a")
    store.error = None
    assert await lookups.get("a") == "A"
