"""Counters of the rate limits: in this process, or in a Redis that all processes share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from contract_first.service.clock import Clock
from scanner_api.distribution import SCANNER_API
from scanner_api.redis_urls import is_redis

from .memory_counters import Count, MemoryCounters, Slots, StorageError, Taken

if TYPE_CHECKING:
    from .redis_counters import RedisCounters

RETRY_SECONDS = 1.0
"""How often a Redis that does not respond is tried again."""

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


def open_counters(url: str, clock: Clock, *, on_outage: Literal["open", "closed"] = "closed") -> Counters:
    """Return the counters at ``memory://``, ``redis://HOST[:PORT]/DB`` or ``rediss://`` (TLS).

    Args:
        url: of the storage; may hold a password, so errors do not repeat it.
        clock: the time of counters in memory; Redis uses its own.
        on_outage: count in memory while Redis does not respond (``open``), or raise (``closed``).

    Raises:
        ValueError: the URL is none of these, or the extra ``redis`` is not installed.
    """
    if not is_redis(url, "rate_limit_storage"):
        return MemoryCounters(clock)
    try:
        from .redis_counters import RedisCounters  # noqa: PLC0415 -- redis is an extra
    except ImportError as error:
        raise ValueError(f"rate_limit_storage is a Redis; {SCANNER_API.how_to_install('redis')}") from error
    shared = RedisCounters(url)
    return OpenCounters(shared, MemoryCounters(clock)) if on_outage == "open" else shared


class OpenCounters:
    """Counters in a Redis; while that does not respond, in this process's memory.

    Nobody waits for a Redis that is away: it is tried in the background.

    Attributes:
        is_degraded: whether Redis is away.
        outages: how often it was.
    """

    def __init__(self, shared: RedisCounters, local: MemoryCounters) -> None:
        self._shared = shared
        self._local = local
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

    async def give_back(self, slots: Slots) -> None:
        """Undo a request that was counted, except in a window that has ended."""
        await self._ask(lambda counters: counters.give_back(slots))

    async def _ask(self, ask: Callable[[MemoryCounters | RedisCounters], Awaitable[Result]]) -> Result:
        if self._recovering is None:
            try:
                return await ask(self._shared)
            except StorageError as error:
                self._degrade(error)
        return await ask(self._local)

    async def check(self) -> bool:
        """Tell whether Redis responds."""
        return self._recovering is None and await self._shared.check()

    async def close(self) -> None:
        if self._recovering is not None:
            self._recovering.cancel()
        await self._shared.close()

    def _degrade(self, error: StorageError) -> None:
        if self._recovering is None:
            reason = type(error.__cause__).__name__
            logger.warning("Redis does not respond (%s): rate limits count in memory", reason)
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


Counters: TypeAlias = "MemoryCounters | RedisCounters | OpenCounters"
