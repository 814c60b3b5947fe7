"""The state of a mock that remembers: reset, snapshotted, restored and described as one unit."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

from contract_first.mock.state.data_directory import Snapshot
from contract_first.mock.state.state import MockState
from contract_first.service.messages.problems import Conflict

from .memory import MOST_LINES, Memory


@dataclass(eq=False, kw_only=True)
class StoredState(MockState):
    """The items that a mock remembers.

    Attributes:
        fill: fills an empty memory with the initial items.
        beginning: ends once the collections are recognised, and filled for the first time.
    """

    memory: Memory
    fill: Callable[[], None]
    beginning: Future[None]

    async def ready(self) -> None:
        """Return once there are collections."""
        if not self.beginning.done():
            await asyncio.shield(asyncio.wrap_future(self.beginning))

    def changing(self) -> asyncio.Lock:
        """Return a context in which no request uses the items."""
        return self.memory.lock

    async def initialize(self) -> None:
        """Replace all items by the initial ones."""
        self.memory.store.clear()
        await _done(self.fill)

    async def save(self, draft: Snapshot) -> Mapping[str, Any]:
        await asyncio.to_thread(self.memory.store.save, draft.database)
        return {}

    async def load(self, snapshot: Snapshot) -> None:
        await _done(self.memory.store.load, snapshot.database)

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the clock, the collections with the number of their items, and the snapshots."""
        async with self.memory.lock:
            for collection in islice(self.memory.catalog.collections.values(), MOST_LINES):
                await self.memory.begin(collection, {})
            summary = self.memory.summary()
        return {**await super().describe(limit), "collections": summary}


async def _done(change: Callable[..., None], *arguments: Any) -> None:
    """Change the items in a thread; raises Conflict where a file, or the contract, was changed meanwhile."""
    try:
        await asyncio.to_thread(change, *arguments)
    except ValueError as error:
        raise Conflict(str(error)) from None
