"""The state of a mock that remembers: reset, snapshotted, restored and described as one unit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from contract_first.mock.state.data_directory import Snapshot
from contract_first.mock.state.state import MockState
from contract_first.service.messages.problems import Conflict

from .memory import MOST_LINES, Memory


class Stored(NamedTuple):
    """The items of a service.

    Attributes:
        fill: fills an empty memory with the initial items.
        beginning: ends once the collections are recognised, and filled for the first time.
    """

    memory: Memory
    fill: Callable[[], None]
    beginning: Future[None]


def database_of(file: Path, service: str) -> Path:
    """Return the file for the items of a service beside that for those of the only one."""
    return file.with_name(f"{service}.db") if service else file


@dataclass(eq=False, kw_only=True)
class StoredState(MockState):
    """The items that a mock remembers, by service."""

    stored: Mapping[str, Stored] = field(default_factory=dict)

    async def ready(self) -> None:
        """Return once there are collections."""
        for stored in self.stored.values():
            if not stored.beginning.done():
                await asyncio.shield(asyncio.wrap_future(stored.beginning))

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Return a context in which no request uses the items."""
        async with AsyncExitStack() as held:
            for stored in self.stored.values():
                await held.enter_async_context(stored.memory.lock)
            yield

    async def initialize(self) -> None:
        """Replace all items by the initial ones."""
        for memory, fill, _ in self.stored.values():
            memory.store.clear()
            await _done(fill)

    async def save(self, draft: Snapshot) -> Mapping[str, Any]:
        for service, (memory, *_) in self.stored.items():
            await asyncio.to_thread(memory.store.save, database_of(draft.database, service))
        return {}

    async def load(self, snapshot: Snapshot) -> None:
        for service, (memory, *_) in self.stored.items():
            await _done(memory.store.load, database_of(snapshot.database, service))

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the clock, the collections with the number of their items, and the snapshots."""
        collections: list[dict[str, Any]] = []
        for service, (memory, *_) in self.stored.items():
            async with memory.lock:
                for collection in islice(memory.catalog.collections.values(), MOST_LINES):
                    await memory.begin(collection, {})
                summary = memory.summary()
            collections += [{**members, "service": service} if service else members for members in summary]
        members = {"collections": collections} if self.stored else {}
        return {**await super().describe(limit), **members}


async def _done(change: Callable[..., None], *arguments: Any) -> None:
    """Change the items in a thread; raises Conflict where a file, or the contract, was changed meanwhile."""
    try:
        await asyncio.to_thread(change, *arguments)
    except ValueError as error:
        raise Conflict(str(error)) from None
