"""What stands in the place of the state where answers come from a contract alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from scanner_api.problems import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .clock import MockClock, Reading
    from .events import Events
    from .state import Clearable

STATELESS = "This mock answers from the contract alone: it keeps nothing that could be had again."


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

    async def snapshot(self, name: str) -> None:  # noqa: ARG002 -- the state's signature
        """Refuse: there is nothing to keep."""
        raise Conflict(STATELESS)

    async def restore(self, name: str) -> None:  # noqa: ARG002 -- the state's signature
        """Refuse: nothing was kept."""
        raise NotFound(STATELESS)

    async def describe(self, limit: int) -> dict[str, Any]:  # noqa: ARG002 -- the state's signature
        """Return that there is nothing."""
        return {
            "clock": self._clock.reading(),
            **{name: [] for name in ("sessions", "captures", "photos", "snapshots")},
            "objects": {"count": 0, "bytes": 0},
        }
