"""Counters of the rate limits in this process."""

from collections import defaultdict, deque

import msgspec

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import ServiceUnavailable

MAX_COUNTERS = 20_000


class Count(msgspec.Struct, frozen=True):
    """A counter's value, and when it ends in seconds since the epoch."""

    value: int
    ends: float


class Slot(msgspec.Struct, frozen=True, array_like=True):
    """The counter of a window: so many requests in so many seconds."""

    key: str
    limit: int
    seconds: int


Slots = tuple[Slot, Slot]
"""A subject's counters of a minute and a day."""


class Taken(msgspec.Struct, frozen=True):
    """Whether a request was counted, the counters then, and when, in seconds since the epoch."""

    counted: bool
    counts: tuple[Count, Count]
    now: float


class StorageError(ServiceUnavailable):
    """A shared storage of counters does not respond; its cause is the client's error."""

    default_detail = "The storage of the rate limits does not respond."


class Counter:
    """The value of a key, and when it ends after so many seconds."""

    __slots__ = ("count", "ends", "key", "seconds")

    def __init__(self, key: str, ends: float, seconds: int) -> None:
        self.key = key
        self.ends = ends
        self.seconds = seconds
        self.count = 0


def is_over(ends: float, seconds: int, now: float) -> bool:
    """Tell whether a window has ended; however the clock is put back, it takes twice its time at most."""
    return not now < ends <= now + 2 * seconds


class MemoryCounters:
    """Counters in this process, by the clock that it is handed.

    Counting never waits, so it is exact among coroutines. Memory is bounded: each kind of key (what is
    before its colon) and length of window has a queue of counters in the order of their ends. A new counter
    drops those at the front that have ended, and the first one where the queue is full; so however many
    addresses an attacker has, they evict addresses alone.

    Attributes:
        now: returns the time by which windows end, in seconds since the epoch.
    """

    def __init__(self, clock: Clock, *, most: int = MAX_COUNTERS) -> None:
        self.now = clock.timestamp
        self._most = most
        self._counters: dict[str, Counter] = {}
        self._queues: defaultdict[tuple[str, int], deque[Counter]] = defaultdict(deque)

    async def take(self, slots: Slots) -> Taken:
        """Count a request in both windows of a subject, or in none."""
        now = self.now()
        minute, day = slots
        count = self._counter(minute, now) or self._start(minute, now)
        count_today = self._counter(day, now) or self._start(day, now)
        counted = count.count < minute.limit and count_today.count < day.limit
        if counted:
            count.count += 1
            count_today.count += 1
        counts = Count(count.count, count.ends), Count(count_today.count, count_today.ends)
        return Taken(counted, counts, now)

    async def peek(self, slots: Slots) -> tuple[Count, Count]:
        """Return the counters of a subject, without counting; one that has ended is 0 and ends now."""
        now = self.now()
        counters = [self._counter(slot, now) for slot in slots]
        first, second = [
            Count(counter.count, counter.ends) if counter else Count(0, now) for counter in counters
        ]
        return first, second

    async def give_back(self, slots: Slots) -> None:
        """Undo a request that was counted, except in a window that has ended."""
        now = self.now()
        for slot in slots:
            if counter := self._counter(slot, now):
                counter.count -= 1

    def _counter(self, slot: Slot, now: float) -> Counter | None:
        """Return the counter of a window, unless it has ended."""
        counter = self._counters.get(slot.key)
        return None if counter is None or is_over(counter.ends, counter.seconds, now) else counter

    def _start(self, slot: Slot, now: float) -> Counter:
        key, seconds = slot.key, slot.seconds
        queue = self._queues[key.partition(":")[0], seconds]
        while queue and (queue[0].ends <= now or len(queue) >= self._most):
            dropped = queue.popleft()
            if self._counters.get(dropped.key) is dropped:
                del self._counters[dropped.key]
        counter = self._counters[key] = Counter(key, now + seconds, seconds)
        queue.append(counter)
        return counter

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
