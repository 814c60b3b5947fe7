"""Finds jobs left unfinished, by a crash or a full queue, and enqueues them again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from contract_first.service.observe.logs import cause_of
from scanner_api.scanning.scans.captures import is_url
from scanner_api.waiting import has_ended

from .queue import MAX_WAITING, Queue
from .stores import Stores

_LOOK_SECONDS: Final = 0.1
_ROOMY: Final = 0.9
"""Share of the queue that has to be free: of what is found, what waits in the queue already is no news."""

logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class Sweep:
    """Runs at the start, every few seconds, and where more waits than the queue holds whenever it has room.

    Whatever fails is retried in the next round.

    Args:
        queue: filled up to its bound.
        stores: of captures, extractions and sessions.
        seconds: from the end of one round to the next.
        retain: deletes what is older than it has to be, if anything does.
    """

    queue: Queue
    stores: Stores
    seconds: float
    retain: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self._ended = asyncio.Event()
        self._sweeping: asyncio.Task[None] | None = None
        self._retaining: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Stop after the current round, if there is one; the rest is left to the next process."""
        self._ended.set()
        if self._retaining is not None:
            self._retaining.cancel()
        if self._sweeping is not None:
            await self._sweeping

    async def round(self) -> None:
        """Enqueue unfinished work, organizations in turns; expire sessions and keys, delete what is old."""
        stores = self.stores
        expiring = stores.sessions.expire_idle, stores.idempotency.expire
        for part in (self._queue_captures, self._queue_extractions, *expiring):
            await self._attempt(part)
        if self.retain is not None and not self._ended.is_set():
            self._retaining = asyncio.create_task(self._attempt(self.retain))
            await asyncio.wait([self._retaining])

    async def _sweep(self) -> None:
        while not self._ended.is_set():
            await self.round()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.seconds):
                    await self._pause()

    async def _pause(self) -> None:
        """Wait for the end, or until work that did not fit into the queue does."""
        while not await has_ended(self._ended, _LOOK_SECONDS):
            if self.queue.overflowed and await self._is_roomy():
                self.queue.overflowed = False
                return

    async def _is_roomy(self) -> bool:
        try:
            return await self.queue.room() > _ROOMY * MAX_WAITING
        except Exception:  # noqa: BLE001 -- of a broker that is away, as the next round says
            return False

    async def _attempt(self, part: Callable[[], Awaitable[object]]) -> None:
        try:
            await part()
        except Exception as error:  # noqa: BLE001 -- databases and brokers raise many, and none may end the sweep
            logger.warning("A part of the sweep failed: %s: %s", type(error).__name__, cause_of(error))

    async def _queue_captures(self) -> None:
        room = await self.queue.room()
        captures = await self.stores.captures.unfinished(room)
        self.queue.overflowed |= len(captures) == room
        for capture in captures:
            await self.queue.process_capture(
                capture.id, capture.organization_id, follows=is_url(capture.raw_value)
            )

    async def _queue_extractions(self) -> None:
        for state in await self.stores.extractions.unfinished(await self.queue.room()):
            await self.queue.extract_session(state.id, state.organization_id)
