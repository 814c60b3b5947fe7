"""When credentials were last used: noted in memory, written down in batches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

WRITE_EVERY_SECONDS = 10.0
MOST_NOTED = 10_000

logger = logging.getLogger(__name__)


class LastUsed:
    """Notes uses for nothing on the hot path; while entered, a task writes them every ten seconds.

    Between two writes it holds one time for each credential, for at most ``most`` of them; the use of one
    more is not noted. A write that fails is logged and tried again with the next batch.
    """

    def __init__(
        self,
        write: Callable[[Mapping[str, datetime]], Awaitable[None]],
        *,
        every_seconds: float = WRITE_EVERY_SECONDS,
        most: int = MOST_NOTED,
    ) -> None:
        self._write = write
        self._every_seconds = every_seconds
        self._most = most
        self._noted: dict[str, datetime] = {}
        self._stopping = asyncio.Event()
        self._writing: asyncio.Task[None]

    def note(self, credential_id: str, when: datetime) -> None:
        """Note a use; the latest one counts."""
        if credential_id in self._noted or len(self._noted) < self._most:
            self._noted[credential_id] = when

    async def flush(self) -> None:
        """Write down what is noted; whatever the store raises is logged."""
        if not self._noted:
            return
        batch, self._noted = self._noted, {}
        try:
            await self._write(batch)
        except Exception:
            self._noted = batch | self._noted
            logger.warning("The last use of %d credentials could not be written", len(batch), exc_info=True)

    async def __aenter__(self) -> Self:
        self._stopping.clear()
        self._writing = asyncio.create_task(self._write_every_so_often())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._writing
        await self.flush()

    async def _write_every_so_often(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every_seconds)
            await self.flush()
