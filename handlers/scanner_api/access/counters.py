"""Counters of the rate limits: in this process, or in a Redis that all processes share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from limits.aio.storage import RedisStorage
from limits.errors import ConfigurationError, StorageError

from openapi_contract.distribution import how_to_install
from scanner_api.bounded import BoundedDict
from scanner_api.storage.batching import Batching

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import ConnectionPool

    from openapi_service.clock import Clock

MAX_COUNTERS = 20_000
MAX_CONNECTIONS = 32
TIMEOUT_SECONDS = 1.0
RETRY_SECONDS = 1.0
"""How often a Redis that does not respond is tried again."""
MAX_TAKES = 100
"""Subjects whose windows one call of the script counts; Redis does nothing else meanwhile."""
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

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Count(NamedTuple):
    """A counter's value, and when it ends in seconds since the epoch."""

    value: int
    ends: float


class Slot(NamedTuple):
    """The counter of a window: so many requests in so many seconds."""

    key: str
    limit: int
    seconds: int


Slots = tuple[Slot, Slot]
"""A subject's counters of a minute and a day."""


class Taken(NamedTuple):
    """Whether a request was counted, and the counters then."""

    counted: bool
    counts: tuple[Count, Count]


def open_counters(url: str, clock: Clock, *, on_outage: Literal["open", "closed"] = "closed") -> Counters:
    """Return the counters at ``memory://``, ``redis://HOST:PORT/DB`` or ``rediss://`` (TLS).

    Args:
        url: of the storage; may hold a password, so errors do not repeat it.
        clock: the time of counters in memory; Redis uses its own.
        on_outage: count in memory while Redis does not respond (``open``), or raise (``closed``).

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
        shared = RedisCounters(url)
    except ImportError as error:
        raise ValueError(f"rate_limit_storage is a Redis; {how_to_install('redis')}") from error
    except (ConfigurationError, ValueError) as error:
        raise ValueError("rate_limit_storage must name a host and a port: redis://HOST:PORT/DB") from error
    return OpenCounters(shared, MemoryCounters(clock)) if on_outage == "open" else shared


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

    async def take(self, slots: Slots) -> Taken:
        """Count a request in both windows of a subject, or in none."""
        now = self.now()
        minute, day = slots
        count, count_today = self._running(minute, now), self._running(day, now)
        counted = count.count < minute.limit and count_today.count < day.limit
        if counted:
            count.count += 1
            count_today.count += 1
        return Taken(counted, (Count(count.count, count.ends), Count(count_today.count, count_today.ends)))

    def _running(self, slot: Slot, now: float) -> Counter:
        """Return the counter of a window, a new one if it has ended."""
        counter = self._counters.get(slot.key)
        if counter is None or counter.ends <= now:
            counter = self._start(slot.key, slot.seconds, now)
        return counter

    async def peek(self, slots: Slots) -> tuple[Count, Count]:
        """Return the counters of a subject, without counting."""
        first, second = [Count(await self.get(each.key), await self.get_expiry(each.key)) for each in slots]
        return first, second

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

    Requests that come while Redis is asked are counted together afterwards, by one script.
    """

    def __init__(self, url: str, *, most: int = MAX_COUNTERS) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 -- redis is an extra

        self._pool = connection_pool(url)
        super().__init__(
            f"async+{url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="scanner-api",
            connection_pool=self._pool,  # type: ignore[arg-type]  # limits documents it, its types forgot it
        )
        self._ends: BoundedDict[str, float] = BoundedDict(most)
        self._script = Redis(connection_pool=self._pool).register_script(TAKE)
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
        keys = [self.bridge.prefixed_key(slot.key) for slots in by_subject for slot in slots]
        arguments: list[int] = []
        for (minute, day), those in by_subject.items():
            requests = sum(each.requests for each in those)
            arguments += (requests, minute.limit, minute.seconds, day.limit, day.seconds)
        text = " ".join(map(str, arguments))
        try:
            numbers = map(int, (await self._script(keys=keys, args=[text])).split())
        except self.base_exceptions as error:
            raise StorageError(error) from error
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


class Take:
    """So many requests, one or none, to be counted in a subject's windows."""

    __slots__ = ("requests", "slots")

    def __init__(self, slots: Slots, requests: int) -> None:
        self.slots = slots
        self.requests = requests


class OpenCounters:
    """Counters in a Redis; while that does not respond, in this process's memory.

    Nobody waits for a Redis that is away: it is tried in the background.

    Attributes:
        is_degraded: whether Redis is away.
        outages: how often it was.
    """

    def __init__(self, shared: RedisCounters, own: MemoryCounters) -> None:
        self._shared = shared
        self._own = own
        self._recovering: asyncio.Task[None] | None = None
        self.outages = 0

    @property
    def is_degraded(self) -> bool:
        """Whether requests are counted in memory."""
        return self._recovering is not None

    def now(self) -> float:
        """Return the system's time, in seconds since the epoch."""
        return self._shared.now()

    async def take(self, slots: Slots) -> Taken:
        """Count a request in both windows of a subject, or in none."""
        return await self._ask(lambda counters: counters.take(slots))

    async def peek(self, slots: Slots) -> tuple[Count, Count]:
        """Return the counters of a subject, without counting."""
        return await self._ask(lambda counters: counters.peek(slots))

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter and return its value."""
        return await self._ask(lambda counters: counters.incr(key, expiry, amount))

    async def _ask(self, ask: Callable[[MemoryCounters | RedisCounters], Awaitable[Result]]) -> Result:
        if self._recovering is None:
            try:
                return await ask(self._shared)
            except StorageError as error:
                self._degrade(error)
        return await ask(self._own)

    async def check(self) -> bool:
        """Tell whether Redis responds."""
        return self._recovering is None and await self._shared.check()

    async def reset(self) -> None:
        """Drop all counters."""
        await self._own.reset()
        await self._shared.reset()

    async def close(self) -> None:
        """Close the connections."""
        if self._recovering is not None:
            self._recovering.cancel()
        await self._shared.close()

    def _degrade(self, error: StorageError) -> None:
        if self._recovering is None:
            logger.warning("Redis does not respond (%s): rate limits count in memory", _reason(error))
            self.outages += 1
            self._recovering = asyncio.create_task(self._recover())

    async def _recover(self) -> None:
        began = time.monotonic()
        while not await self._shared.check():  # noqa: ASYNC110 -- Redis sets no event
            await asyncio.sleep(RETRY_SECONDS)
        logger.warning(
            "Redis responds again, after %.0f s: rate limits count there", time.monotonic() - began
        )
        self._recovering = None


def _reason(error: StorageError) -> str:
    return type(error.storage_error).__name__


Counters = MemoryCounters | RedisCounters | OpenCounters


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
