"""Counters of the rate limits in a Redis, which all processes share; the module needs the extra ``redis``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from scanner_api.storage.batching import Batching

from .memory_counters import Count, StorageError, Taken

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

    from .memory_counters import Slots

MAX_CONNECTIONS = 32
TIMEOUT_SECONDS = 1.0
MAX_TAKES = 100
"""Subjects whose windows one call of the script counts; Redis does nothing else meanwhile."""
PREFIX = "scanner-api"
TAKE = """
local numbers, counts = {}, {}
for number in string.gmatch(ARGV[1], '%d+') do numbers[#numbers + 1] = tonumber(number) end
for i = 1, #KEYS, 2 do
  local a = (i - 1) / 2 * 5
  local first = tonumber(redis.call('GET', KEYS[i]) or '0')
  local second = tonumber(redis.call('GET', KEYS[i + 1]) or '0')
  local left = math.min(numbers[a + 2] - first, numbers[a + 4] - second)
  local granted = math.max(0, math.min(numbers[a + 1], left))
  if granted > 0 then
    redis.call('INCRBY', KEYS[i], granted)
    redis.call('INCRBY', KEYS[i + 1], granted)
    if first == 0 then redis.call('EXPIRE', KEYS[i], numbers[a + 3]) end
    if second == 0 then redis.call('EXPIRE', KEYS[i + 1], numbers[a + 5]) end
  end
  local ends, ends_of_day = redis.call('PTTL', KEYS[i]), redis.call('PTTL', KEYS[i + 1])
  counts[#counts + 1] = table.concat({granted, first, ends, second, ends_of_day}, ' ')
end
return table.concat(counts, ' ')
"""
"""Counts as many of some requests as both windows of a subject have left, for any number of subjects.

KEYS has two counters a subject. ARGV has, in one text, which costs clients the least, five numbers a subject:
how many requests, and limit and seconds of each counter. So has the response: how many were counted, and each
counter before, with the milliseconds until it ends.
"""

INCREASE = """
if tonumber(ARGV[2]) < 0 and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local count = redis.call('INCRBY', KEYS[1], ARGV[2])
if count == tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""
"""Adds to a counter, which ends after so many seconds if it is a new one; giving back begins none."""
ERRORS = (RedisError, OSError)


class RedisCounters:
    """Counters in a Redis, with bounded connections and short timeouts.

    Requests that come while Redis is asked are counted together afterwards, by one script.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis(connection_pool=connection_pool(url))
        self._take = self._redis.register_script(TAKE)
        self._increase = self._redis.register_script(INCREASE)
        self._takes: Batching[Take, Taken] = Batching(self._take_all, limit=MAX_TAKES)

    def now(self) -> float:
        """Return the system's time, in seconds since the epoch."""
        return time.time()

    async def take(self, slots: Slots) -> Taken:
        """Count a request in both windows of a subject, or in none."""
        taken = await self._takes.get(Take(slots, 1))
        assert taken is not None  # noqa: S101 -- each has its own
        return taken

    async def peek(self, slots: Slots) -> tuple[Count, Count]:
        """Return the counters of a subject, without counting."""
        taken = await self._takes.get(Take(slots, 0))
        assert taken is not None  # noqa: S101 -- the same
        return taken.counts

    async def _take_all(self, takes: list[Take]) -> dict[Take, Taken]:
        """Count requests, those of one subject in their order."""
        by_subject: dict[Slots, list[Take]] = {}
        for take in takes:
            by_subject.setdefault(take.slots, []).append(take)
        keys = [_prefixed(slot.key) for slots in by_subject for slot in slots]
        arguments: list[int] = []
        for (minute, day), those in by_subject.items():
            requests = sum(each.requests for each in those)
            arguments += (requests, minute.limit, minute.seconds, day.limit, day.seconds)
        text = " ".join(map(str, arguments))
        try:
            numbers = map(int, (await self._take(keys=keys, args=[text])).split())
        except ERRORS as error:
            raise StorageError from error
        now = self.now()
        taken = {}
        subjects = zip(by_subject.values(), numbers, numbers, numbers, numbers, numbers, strict=True)
        for those, granted, first, first_ms, second, second_ms in subjects:
            ends, ends_of_day = now + max(0, first_ms) / 1000, now + max(0, second_ms) / 1000
            number = 0
            for take in those:
                counted = number < granted and take.requests > 0
                number += counted
                counts = Count(first + number, ends), Count(second + number, ends_of_day)
                taken[take] = Taken(counted, counts)
        return taken

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter and return its value; a negative amount does not restart one that has ended."""
        try:
            return int(await self._increase(keys=[_prefixed(key)], args=[expiry, amount]))
        except ERRORS as error:
            raise StorageError from error

    async def check(self) -> bool:
        """Tell whether Redis responds."""
        try:
            await self._redis.ping()
        except ERRORS:
            return False
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.connection_pool.aclose()


class Take:
    """So many requests, one or none, to be counted in a subject's windows."""

    __slots__ = ("requests", "slots")

    def __init__(self, slots: Slots, requests: int) -> None:
        self.slots = slots
        self.requests = requests


def _prefixed(key: str) -> str:
    return f"{PREFIX}:{key}"


def connection_pool(url: str) -> ConnectionPool:
    """Return a bounded pool whose connections fail after a second, and are tried twice."""
    return BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
