"""Counters of the rate limits in a Redis, which all processes share; the module needs the extra ``redis``."""

import time
from collections.abc import Iterable
from hashlib import sha1
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from scanner_api.redis_pools import name_in, pool_of
from scanner_api.storage.batching import Batching

from .memory_counters import Count, Slots, StorageError, Taken

MAX_CONNECTIONS = 32
TIMEOUT_SECONDS = 1.0
MAX_TAKES = 100
"""Subjects whose windows one call of the script counts; Redis does nothing else meanwhile."""
TAKE = """
local function count(key)
  local value = redis.pcall('GET', key)
  if value == false then return 0 end
  if value == '0' or type(value) == 'string' and #value < 13 and value:match('^%-?[1-9]%d*$') then
    return tonumber(value)
  end
  redis.call('DEL', key)
  return 0
end
local function milliseconds(key, seconds)
  local left = redis.call('PTTL', key)
  if left ~= -1 then return left end
  redis.call('EXPIRE', key, seconds)
  return seconds * 1000
end
local taken = {}
for _, take in ipairs(cjson.decode(ARGV[1])) do
  local minute, day = unpack(take[2])
  local first_key, second_key = ARGV[2] .. minute[1], ARGV[2] .. day[1]
  local first, second = count(first_key), count(second_key)
  local granted = math.max(0, math.min(take[1], minute[2] - first, day[2] - second))
  if granted > 0 then
    redis.call('INCRBY', first_key, granted)
    redis.call('INCRBY', second_key, granted)
  end
  local ends, ends_of_day = milliseconds(first_key, minute[3]), milliseconds(second_key, day[3])
  taken[#taken + 1] = {granted, first, ends, second, ends_of_day}
end
return cjson.encode(taken)
"""
"""Counts as many of some requests as both windows of a subject have left, for any number of subjects.

ARGV has a JSON array with an item a subject, ``[requests, [[key, limit, seconds], [key, limit, seconds]]]``,
and what keys begin with. The response is one too: how many were counted, and each counter before, with the
milliseconds until it ends. Keys are not in KEYS, which cost clients more than all the rest. What another
program has put in the place of a counter is deleted, and gets an end, so that it affects its own subject.
"""

GIVE_BACK = """
for _, key in ipairs(ARGV) do
  if redis.call('EXISTS', key) == 1 then redis.pcall('DECR', key) end
end
"""
"""Subtracts one from each counter; begins none, and leaves what is no counter to the other script."""
ERRORS = (RedisError, OSError, msgspec.MsgspecError)
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(list[tuple[int, int, int, int, int]]).decode


class RedisCounters:
    """Counters in a Redis, with bounded connections and short timeouts, which are tried twice.

    Requests that come while Redis is asked are counted together afterwards, by one script.
    """

    def __init__(self, url: str) -> None:
        self._prefix = f"{name_in(url)}:"
        self._redis = Redis(
            connection_pool=pool_of(
                url,
                max_connections=MAX_CONNECTIONS,
                timeout=TIMEOUT_SECONDS,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 1),
            )
        )
        self._take = Script(self._redis.connection_pool, TAKE)
        self._give_back = self._redis.register_script(GIVE_BACK)
        self._takes: Batching[Take, Taken] = Batching(self._take_all, limit=MAX_TAKES)

    def now(self) -> float:
        """Return the system's time, in seconds since the epoch."""
        return time.time()

    async def take(self, slots: Slots) -> Taken:
        """Count a request in both windows of a subject, or in none."""
        results = await self._takes.get(Take(slots, 1))
        assert results is not None  # noqa: S101 -- each has its own
        return results

    async def peek(self, slots: Slots) -> tuple[Count, Count]:
        """Return the counters of a subject, without counting."""
        results = await self._takes.get(Take(slots, 0))
        assert results is not None  # noqa: S101 -- the same
        return results.counts

    async def _take_all(self, takes: "list[Take]") -> "dict[Take, Taken]":
        """Count requests, those of one subject in their order."""
        by_subject: dict[Slots, list[Take]] = {}
        for take in takes:
            by_subject.setdefault(take.slots, []).append(take)
        text = encode([(sum(take.requests for take in those), slots) for slots, those in by_subject.items()])
        try:
            counted = decode(await self._take(text, self._prefix))
        except ERRORS as error:
            raise StorageError from error
        now = self.now()
        results = {}
        for those, numbers in zip(by_subject.values(), counted, strict=True):
            granted, first, first_ms, second, second_ms = numbers
            ends, ends_of_day = now + max(0, first_ms) / 1000, now + max(0, second_ms) / 1000
            number = 0
            for take in those:
                passed = number < granted and take.requests > 0
                number += passed
                counts = Count(first + number, ends), Count(second + number, ends_of_day)
                results[take] = Taken(passed, counts, now)
        return results

    async def give_back(self, slots: Slots) -> None:
        """Undo a request that was counted, except in a window that has ended."""
        try:
            await self._give_back(args=[self._prefix + slot.key for slot in slots])
        except ERRORS as error:
            raise StorageError from error

    async def check(self) -> bool:
        """Tell whether Redis can be written to: one that is full, or a replica, responds all the same."""
        try:
            await self._redis.set(self._prefix + "check", "", px=1000)
        except ERRORS:
            return False
        return True

    async def close(self) -> None:
        await self._take.close()
        await self._redis.connection_pool.aclose()


class Script:
    """A script of Redis, on a connection that it keeps: to take one from the pool costs more than the call.

    One call at a time.
    """

    def __init__(self, pool: Any, source: str) -> None:
        self._connection = pool.make_connection()
        self._source = source
        self._digest = sha1(source.encode()).hexdigest()  # noqa: S324 -- by which Redis names scripts

    async def __call__(self, *arguments: str | bytes) -> bytes:
        """Run the script, and again if the connection is lost; raises ``ERRORS``."""
        connection = self._connection
        try:
            await connection.connect()
            retry = connection.retry
            response: bytes = await retry.call_with_retry(
                lambda: self._run(arguments), lambda _: connection.disconnect()
            )
        except ERRORS:
            await connection.disconnect()  # the next one may reach another server: a replica refuses writes
            raise
        return response

    async def _run(self, arguments: Iterable[str | bytes]) -> bytes:
        try:
            return await self._call("EVALSHA", self._digest, 0, *arguments)
        except NoScriptError:
            return await self._call("EVAL", self._source, 0, *arguments)

    async def _call(self, *command: str | bytes | int) -> bytes:
        await self._connection.send_command(*command)
        response: bytes = await self._connection.read_response()
        return response

    async def close(self) -> None:
        await self._connection.disconnect()


class Take:
    """So many requests, one or none, to be counted in a subject's windows."""

    __slots__ = ("requests", "slots")

    def __init__(self, slots: Slots, requests: int) -> None:
        self.slots = slots
        self.requests = requests
