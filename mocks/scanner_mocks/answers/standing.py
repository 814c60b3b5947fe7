"""The contract of the day as an app: replaced whole when its file changes, with no state behind it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from scanner_api.problems import Conflict, NotFound
from scanner_contract import ContractError, load_contract
from scanner_mocks.contract_file import ContractFile

from .readable import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from scanner_contract import Contract
    from scanner_mocks.clock import MockClock, Reading
    from scanner_mocks.events import Events
    from scanner_mocks.state import Clearable

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
        self._tell = tell
        self._app = make(contract)
        self._file = ContractFile(self._source, self._reloaded, tell) if watch else None

    async def start(self) -> None:
        """Begin to watch."""
        if self._file is not None:
            await self._file.start()

    async def stop(self) -> None:
        """End it."""
        if self._file is not None:
            await self._file.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request by the contract of the moment."""
        await self._app(scope, receive, send)

    async def _reloaded(self) -> str:
        return await asyncio.to_thread(self._reload)

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
