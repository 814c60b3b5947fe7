"""Lookups whose answer holds for a moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from .newest import keep_newest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Found = TypeVar("Found")

FRESH_SECONDS = 0.5
"""How long an answer holds: with a slow database still well below the second that a revocation may take."""
MOST_KEPT = 10_000


class RecentLookups(Generic[Found]):
    """Asks a store by digest, and remembers what it found for half a second.

    Requests that miss the same digest at once share one question. What was not found is not remembered, so
    that guessing secrets pushes nothing out. Age is real time, from when the store was asked: a frozen clock
    must not keep a revoked credential alive.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Found | None]],
        *,
        most: int = MOST_KEPT,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._most = most
        self._ticks = ticks
        self._kept: dict[str, tuple[float, Found]] = {}
        self._asking: dict[str, asyncio.Task[Found | None]] = {}

    def recent(self, digest: str) -> Found | None:
        """Return what was found half a second ago or less, None if nothing was."""
        kept = self._kept.get(digest)
        if kept is not None and self._ticks() - kept[0] < FRESH_SECONDS:
            return kept[1]
        return None

    async def get(self, digest: str) -> Found | None:
        """Return what the store has for the digest; at most half a second old."""
        recent = self.recent(digest)
        if recent is not None:
            return recent
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._ask(digest))
        # one caller's disconnect must not take the answer from the others
        return await asyncio.shield(asking)

    async def _ask(self, digest: str) -> Found | None:
        asked = self._ticks()
        try:
            found = await self._look_up(digest)
        finally:
            del self._asking[digest]
        if found is not None:
            keep_newest(self._kept, digest, (asked, found), self._most)
        return found
