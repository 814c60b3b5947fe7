"""The state of a mock that remembers: reset, snapshotted, restored and described as one unit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from openapi_mock.state import MockState
from openapi_service.problems import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from openapi_mock.clock import MockClock
    from openapi_mock.data_directory import DataDirectory
    from openapi_mock.events import Events
    from openapi_mock.state import Clearable

    from .memory import Memory


class StoredState(MockState):
    """The items that a mock remembers.

    Args:
        memory: where they are.
        fill: fills an empty memory with the initial items.
        directory: where snapshots are.
        clock: the time.
        events: are published each change of the state.
        clearable: by name, what else a reset clears unless it is to be kept.
    """

    def __init__(
        self,
        memory: Memory,
        fill: Callable[[], None],
        directory: DataDirectory,
        clock: MockClock,
        events: Events,
        clearable: Mapping[str, Clearable],
    ) -> None:
        super().__init__(clock, events, clearable)
        self._memory = memory
        self._fill = fill
        self._directory = directory

    async def reset(self, keep: Collection[str] = (), scope: str | None = None) -> None:
        """Return to the initial items; the arguments are those of `MockState.reset`."""
        async with self._memory.lock:
            self._memory.store.clear()
            try:
                await asyncio.to_thread(self._fill)
            except ValueError as error:  # the contract was changed meanwhile, or the file
                raise Conflict(str(error)) from None
        await super().reset(keep, scope)

    async def snapshot(self, name: str) -> None:
        """Save a snapshot; raises TooManySnapshots."""
        with self._directory.draft() as draft:
            async with self._memory.lock:
                await asyncio.to_thread(self._memory.store.save, draft.database)
            self._directory.publish(draft, name, {})
        self._events.publish("state", {"change": "snapshot", "name": name})

    async def restore(self, name: str) -> None:
        """Restore a snapshot; raises UnknownSnapshot."""
        snapshot = self._directory.snapshot(name)
        async with self._memory.lock:
            await asyncio.to_thread(self._memory.store.load, snapshot.database)
        self._events.publish("state", {"change": "restore", "name": name})

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the clock, the collections with the number of their items, and the snapshots."""
        described = await super().describe(limit)
        async with self._memory.lock:
            collections = self._memory.summary()
        return {**described, "collections": collections, "snapshots": self._directory.names()}
