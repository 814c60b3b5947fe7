"""Rate limits: fixed windows of a minute and a day, counted by credential or by client address.

A window begins with its first request. Each request counts in every window, or, once one of them is used
up, in none.
"""

from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from contract_first.bounded import BoundedDict
from contract_first.service.messages.problems import RateLimited
from contract_first.service.messages.request import Request

from .callers import Caller
from .counters import Counters
from .memory_counters import Count, MemoryCounters, Slot, Slots, StorageError, is_over

MINUTE = 60
DAY = 86_400
MAX_REFUSALS = 10_000
MAX_SLOTS = 4096


class Window(msgspec.Struct, frozen=True):
    """So many requests in so many seconds."""

    limit: int
    seconds: int


class Quota(msgspec.Struct, frozen=True, cache_hash=True):
    """The windows of a minute and a day, and the ``RateLimit-Policy`` header for them."""

    windows: tuple[Window, Window]
    policy: bytes


class Standing(msgspec.Struct, frozen=True):
    """The most restrictive window of a subject and its state; ``reset`` in seconds since the epoch."""

    window: Window
    remaining: int
    reset: float


class Refusal(NamedTuple):
    """A quota that is used up until the reset of its standing."""

    quota: Quota
    standing: Standing


@lru_cache(maxsize=1024)
def quota_of(per_minute: int, per_day: int) -> Quota:
    """Return the quota of so many requests a minute and a day."""
    windows = Window(per_minute, MINUTE), Window(per_day, DAY)
    policy = ", ".join(f"{window.limit};w={window.seconds}" for window in windows)
    return Quota(windows, policy.encode())


@lru_cache(maxsize=MAX_SLOTS)
def slots_of(subject: str, quota: Quota) -> Slots:
    """Return a subject's counters; another limit has another counter."""
    minute, day = (
        Slot(f"{subject}/{window.limit}/{window.seconds}", window.limit, window.seconds)
        for window in quota.windows
    )
    return minute, day


@dataclass(eq=False, repr=False)
class RateLimiter:
    """Counts requests, and writes into every response how many are left.

    Attributes:
        by_address: the quota of a client address, for requests without a valid credential.
    """

    counters: Counters
    _: KW_ONLY
    per_minute: int = 300
    per_day: int = 10_000
    publishable_per_minute: int = 100

    def __post_init__(self) -> None:
        self._refusals: BoundedDict[str, Refusal] = BoundedDict(MAX_REFUSALS)
        self.by_address = quota_of(self.per_minute, self.per_day)

    def by_credential(self, caller: Caller) -> Quota:
        """Return a caller's quota: its own where it has one, else the default of its kind."""
        default = self.publishable_per_minute if caller.own_sessions_only else self.per_minute
        return quota_of(caller.per_minute or default, caller.per_day or self.per_day)

    async def spend(self, request: Request, subject: str, quota: Quota) -> None:
        """Count a request, and write its standing into the headers of the response.

        Raises:
            RateLimited: a window is used up; nothing is spent.
            StorageError: the counters cannot be reached. A limit that cannot be held admits nobody.
        """
        standing, seconds, counted = await self.take(subject, quota)
        request.response_headers += fields_of(quota, standing, seconds)
        if not counted:
            raise RateLimited(seconds)

    async def take(self, subject: str, quota: Quota) -> tuple[Standing, int, bool]:
        """Count a request, unless a window is used up.

        Returns:
            The standing, the whole seconds until its reset, and whether the request was counted.

        Raises:
            StorageError: the counters cannot be reached.
        """
        refused = self.refusal(subject, quota) if self._refusals else None
        if refused is not None:
            return refused, self._seconds_until(refused), False
        result = await self.counters.take(slots_of(subject, quota))
        standing, now = self._standing(quota, result.counts), result.now
        if not result.counted:  # should a window have ended meanwhile, nothing is left all the same
            standing, now = replace(standing, remaining=0), self.counters.now()
        if standing.remaining == 0:
            self._refusals[subject] = Refusal(quota, standing)
        return standing, _seconds(standing, now), result.counted

    async def give_back(self, subject: str, quota: Quota) -> None:
        """Undo the counting of a request; where the counters cannot be reached it stays counted."""
        self._refusals.pop(subject, None)
        with suppress(StorageError):
            await self.counters.give_back(slots_of(subject, quota))

    @property
    def has_refusals(self) -> bool:
        """Whether anybody's window is known to be used up."""
        return bool(self._refusals)

    def refusal(self, subject: str, quota: Quota) -> Standing | None:
        """Return a subject's standing if a window is known to be used up; reads no storage."""
        refusal = self._refusals.get(subject)
        if refusal is None:
            return None
        standing = refusal.standing
        if refusal.quota != quota or is_over(standing.reset, standing.window.seconds, self.counters.now()):
            del self._refusals[subject]
            return None
        return standing

    async def describe(self, request: Request, subject: str, quota: Quota) -> None:
        """Write a subject's standing into the headers of the response, without counting the request.

        Raises:
            StorageError: the counters cannot be reached.
        """
        standing = self._standing(quota, await self.counters.peek(slots_of(subject, quota)))
        request.response_headers += fields_of(quota, standing, self._seconds_until(standing))

    async def ping(self) -> None:
        """Raise StorageError unless the counters can be reached."""
        if not await self.counters.check():
            raise StorageError

    async def reset(self) -> None:
        """Reset the counters in memory; those in a Redis are other processes' too."""
        self._refusals.clear()
        if isinstance(self.counters, MemoryCounters):
            await self.counters.reset()

    def _standing(self, quota: Quota, counts: tuple[Count, Count]) -> Standing:
        (minute, day), (count, count_today) = quota.windows, counts
        left, left_today = max(0, minute.limit - count.value), max(0, day.limit - count_today.value)
        if left < left_today:  # of two alike the longer is the more restrictive
            return Standing(minute, left, count.ends)
        return Standing(day, left_today, count_today.ends)

    def refused(self, quota: Quota, standing: Standing) -> RateLimited:
        """Return the 429 of all requests of a second that have this standing."""
        return refused(quota, standing, self._seconds_until(standing))

    def _seconds_until(self, standing: Standing) -> int:
        return _seconds(standing, self.counters.now())


def _seconds(standing: Standing, now: float) -> int:
    return max(1, ceil(standing.reset - now))


def fields_of(quota: Quota, standing: Standing, seconds: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return the header fields of a standing that is reset in so many seconds."""
    limit, remaining = b"%d" % standing.window.limit, b"%d" % standing.remaining
    return (
        (b"ratelimit-policy", quota.policy),
        (b"ratelimit-limit", limit),
        (b"ratelimit-remaining", remaining),
        (b"ratelimit-reset", b"%d" % seconds),
        (b"x-ratelimit-limit", limit),
        (b"x-ratelimit-remaining", remaining),
        (b"x-ratelimit-reset", b"%d" % ceil(standing.reset)),
    )


@lru_cache(maxsize=1024)
def refused(quota: Quota, standing: Standing, seconds: int) -> RateLimited:
    """Return the 429 of a standing that is reset in so many seconds, with its header fields."""
    problem = RateLimited(seconds)
    fields = fields_of(quota, standing, seconds)
    problem.headers |= {str(name, "ascii"): str(value, "ascii") for name, value in fields}
    return problem
