"""The contract of the day as an app: replaced whole when its file changes, with no state behind it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scanner_api.problems import Conflict, NotFound
from scanner_contract import ContractError, load_contract

from .readable import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from scanner_contract import Contract
    from scanner_mocks.clock import MockClock, Reading
    from scanner_mocks.events import Events
    from scanner_mocks.state import Clearable

LOOK_SECONDS = 0.5
MOST_NEIGHBOURS = 200
SUFFIXES = {".json", ".yaml", ".yml"}
STATELESS = "This mock answers from the contract alone: it keeps nothing that could be had again."


class ContractState:
    """What stands in the place of the service's state: an app made from a contract, made again on change.

    Args:
        contract: to begin with.
        make: makes the app.
        clock: the time.
        events: learn of a clock that was changed, and of a reset.
        kept: by name, what a reset clears unless it is told to keep it.
        watch: whether to look for changes of the file that the contract was read from.
        tell: hears in a sentence of each reload, and of each contract that could not be loaded.

    Attributes:
        contract: of the moment.
    """

    def __init__(
        self,
        contract: Contract,
        make: Callable[[Contract], ASGIApp],
        clock: MockClock,
        events: Events,
        kept: Mapping[str, Clearable],
        *,
        watch: bool,
        tell: Callable[[str], None],
    ) -> None:
        self.contract = contract
        self._source = contract.source
        self._make = make
        self._clock = clock
        self._events = events
        self._kept = kept
        self._watch = watch
        self._tell = tell
        self._app = make(contract)
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch."""
        if self._watch:
            self._watching = asyncio.create_task(self._reload_on_change())

    async def stop(self) -> None:
        """End it."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request by the contract of the moment."""
        await self._app(scope, receive, send)

    async def _reload_on_change(self) -> None:
        seen = signature(self._source)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = await asyncio.to_thread(signature, self._source)
            if now != seen:
                seen = now
                self._tell(await asyncio.to_thread(self._reload))

    def _reload(self) -> str:
        """Load the contract again, and return what became of it; one that is broken leaves the old one."""
        try:
            contract = readable(load_contract(self._source), self._tell)
            self._app = self._make(contract)
        except (ContractError, ValueError) as error:
            return f"The contract stays as it was: {error}"
        self.contract = contract
        return f"Reloaded {self._source}."

    # What the control API asks of a state ------------------------------------------------------------------

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


def signature(source: str) -> dict[str, tuple[int, int]]:
    """Return size and time of a file, and of the documents beside it, which it may refer to."""
    path = Path(source)
    beside = (each for each in path.parent.iterdir() if each.suffix in SUFFIXES)
    found = {}
    for each in (path, *islice(beside, MOST_NEIGHBOURS)):
        with suppress(OSError):  # it goes while an editor saves it
            status = each.stat()
            found[str(each)] = status.st_mtime_ns, status.st_size
    return found
