"""Counters of the rate limits: in this process, or in a Redis that all processes share."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

from cachetools import FIFOCache
from limits.aio.storage import RedisStorage
from limits.errors import ConfigurationError

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

    from openapi_service.clock import Clock

MAX_COUNTERS = 20_000
MAX_CONNECTIONS = 32
TIMEOUT_SECONDS = 1.0


class Count(NamedTuple):
    """A counter's value, and when it ends in seconds since the epoch."""

    value: int
    ends: float


def open_counters(url: str, clock: Clock) -> Counters:
    """Return the counters at ``memory://``, ``redis://HOST:PORT/DB`` or ``rediss://`` (TLS).

    Args:
        url: of the storage; may hold a password, so errors do not repeat it.
        clock: the time of counters in memory; Redis uses its own.

    Raises:
        ValueError: the URL is none of these, or the extra ``redis`` is not installed.
    """
    scheme = url.partition("://")[0]
    if scheme == "memory":
        return MemoryCounters(clock)
    if scheme not in {"redis", "rediss"}:
        raise ValueError(
            "rate_limit_storage must be memory://, redis://HOST:PORT/DB or rediss://HOST:PORT/DB"
        )
    try:
        return RedisCounters(url)
    except ImportError as error:
        raise ValueError("rate_limit_storage is a Redis: install scanner-api[redis]") from error
    except (ConfigurationError, ValueError) as error:
        raise ValueError("rate_limit_storage must name a host and a port: redis://HOST:PORT/DB") from error


class Counter:
    """The value of a key, and when it ends."""

    __slots__ = ("count", "ends", "key")

    def __init__(self, key: str, ends: float) -> None:
        self.key = key
        self.ends = ends
        self.count = 0


class MemoryCounters:
    """Counters in this process, by the clock that it is handed.

    The storage of this kind in the limits library reads the system's time and starts a task for each count.
    Here counting never waits, so it is exact among coroutines. Memory is bounded: each kind of key (what is
    before its colon) and length of window has a queue of counters in the order of their ends. A new counter
    drops those at the front that have ended, and the first one where the queue is full; so however many
    addresses an attacker has, they evict addresses alone.
    """

    def __init__(self, clock: Clock, *, most: int = MAX_COUNTERS) -> None:
        self._clock = clock
        self._most = most
        self._counters: dict[str, Counter] = {}
        self._queues: defaultdict[tuple[str, int], deque[Counter]] = defaultdict(deque)

    def now(self) -> float:
        """Return the time by which windows end, in seconds since the epoch."""
        return self._clock.now().timestamp()

    async def count(self, key: str, expiry: int) -> Count:
        """Increment a counter, restarted if its ``expiry`` seconds are over, and return it."""
        now = self._clock.now().timestamp()
        counter = self._counters.get(key)
        if counter is None or counter.ends <= now:
            counter = self._start(key, expiry, now)
        counter.count += 1
        return Count(counter.count, counter.ends)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter and return its value; a negative amount does not restart one that has ended."""
        now = self.now()
        counter = self._counters.get(key)
        if counter is None or counter.ends <= now:
            if amount < 0:
                return 0
            counter = self._start(key, expiry, now)
        counter.count += amount
        return counter.count

    def _start(self, key: str, expiry: int, now: float) -> Counter:
        queue = self._queues[key.partition(":")[0], expiry]
        while queue and (queue[0].ends <= now or len(queue) >= self._most):
            dropped = queue.popleft()
            if self._counters.get(dropped.key) is dropped:
                del self._counters[dropped.key]
        counter = self._counters[key] = Counter(key, now + expiry)
        queue.append(counter)
        return counter

    async def get(self, key: str) -> int:
        """Return a counter's value, 0 if there is none."""
        counter = self._counters.get(key)
        return 0 if counter is None or counter.ends <= self.now() else counter.count

    async def get_expiry(self, key: str) -> float:
        """Return when a counter ends, in seconds since the epoch; now, if there is none."""
        counter = self._counters.get(key)
        return self.now() if counter is None else counter.ends

    async def check(self) -> bool:
        """Return True: this process's memory is always available."""
        return True

    async def reset(self) -> int:
        """Drop all counters and return how many there were."""
        dropped = len(self._counters)
        self._counters.clear()
        self._queues.clear()
        return dropped

    async def close(self) -> None:
        """Do nothing: there are no connections."""


class RedisCounters(RedisStorage):
    """The limits library's Redis storage, with bounded connections and short timeouts.

    It remembers when a counter ends, so that a request asks Redis once for each window, not twice.
    """

    def __init__(self, url: str, *, most: int = MAX_COUNTERS) -> None:
        self._pool = connection_pool(url)
        super().__init__(
            f"async+{url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="scanner-api",
            connection_pool=self._pool,  # type: ignore[arg-type]  # limits documents it, its types forgot it
        )
        self._ends: FIFOCache[str, float] = FIFOCache(most)

    def now(self) -> float:
        """Return the system's time, in seconds since the epoch."""
        return time.time()

    async def count(self, key: str, expiry: int) -> Count:
        """Increment a counter, restarted if its ``expiry`` seconds are over, and return it."""
        return Count(await self.incr(key, expiry), await self.get_expiry(key))

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter and return its value."""
        count = await super().incr(key, expiry, amount)
        if count == amount:
            self._ends[key] = self.now() + expiry
        return count

    async def get_expiry(self, key: str) -> float:
        """Return when a counter ends: from memory, else from Redis."""
        ends = self._ends.get(key)
        if ends is None or ends <= self.now():
            ends = self._ends[key] = await super().get_expiry(key)
        return ends

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


Counters = MemoryCounters | RedisCounters


def connection_pool(url: str) -> ConnectionPool:
    """Return a bounded pool whose connections fail after a second, and are tried twice."""
    from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415 -- redis is an extra
    from redis.asyncio.retry import Retry  # noqa: PLC0415 -- the same
    from redis.backoff import NoBackoff  # noqa: PLC0415 -- the same

    return BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
