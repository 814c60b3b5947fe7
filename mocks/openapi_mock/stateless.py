"""What stands in the place of the state where answers come from a contract alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from openapi_service.problems import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .clock import MockClock, Reading
    from .events import Events

STATELESS = "This mock answers from the contract alone: it keeps nothing that could be had again."


class Clearable(Protocol):
    """A store that a reset clears: journal and faults."""

    def clear(self, scope: str | None = None) -> Any:
        """Remove everything, or only the entries of a scope."""
        ...


class MockState(Protocol):
    """State of a mock, as the control API uses it: reset, snapshotted, restored and described as one unit."""

    async def start(self) -> None:
        """Load the state that the mock starts with."""
        ...

    async def stop(self) -> None:
        """Release everything."""
        ...

    async def reset(self, keep: Collection[str] = (), scope: str | None = None) -> None:
        """Return to the initial state, but for the parts to ``keep``; ``scope`` limits faults and journal."""
        ...

    async def set_clock(self, **changes: Any) -> Reading:
        """Change the clock as `MockClock.change` does, and return its reading."""
        ...

    async def snapshot(self, name: str) -> None:
        """Save a snapshot; raises TooManySnapshots or Conflict."""
        ...

    async def restore(self, name: str) -> None:
        """Restore a snapshot; raises UnknownSnapshot or NotFound."""
        ...

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the resources, the newest first, at most ``limit`` of each kind."""
        ...


class Stateless:
    """What the control API asks of a `State`, of a mock that has none.

    Args:
        clock: the time.
        events: learn of a clock that was changed, and of a reset.
        kept: by name, what a reset clears unless it is told to keep it.
    """

    def __init__(self, clock: MockClock, events: Events, kept: Mapping[str, Clearable]) -> None:
        self._clock = clock
        self._events = events
        self._kept = kept

    async def start(self) -> None:
        """Begin; there is nothing to begin with."""

    async def stop(self) -> None:
        """End; there is nothing to let go of."""

    async def reset(self, keep: Collection[str] = (), scope: str | None = None) -> None:
        """Clear what a reset clears."""
        for name, each in self._kept.items():
            if name not in keep:
                each.clear(scope)
        if "clock" not in keep:
            await asyncio.to_thread(self._clock.change, reset=True)
        self._events.publish("state", {"change": "reset"})

    async def set_clock(self, **changes: Any) -> Reading:
        """Change the clock as `MockClock.change` does, and return what it shows."""
        reading = await asyncio.to_thread(self._clock.change, **changes)
        self._events.publish("clock", reading)
        return reading

    async def snapshot(self, name: str) -> None:  # noqa: ARG002 -- the protocol's signature
        """Refuse: there is nothing to keep."""
        raise Conflict(STATELESS)

    async def restore(self, name: str) -> None:  # noqa: ARG002 -- the protocol's signature
        """Refuse: nothing was kept."""
        raise NotFound(STATELESS)

    async def describe(self, limit: int) -> dict[str, Any]:  # noqa: ARG002 -- the protocol's signature
        """Return that there is nothing."""
        return {
            "clock": self._clock.reading(),
            **{name: [] for name in ("sessions", "captures", "photos", "snapshots")},
            "objects": {"count": 0, "bytes": 0},
        }
