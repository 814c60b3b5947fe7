"""The service by the contract of the day, behind journal and faults; all made anew when its file changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scanner_api.app import START_ERRORS

from .contract_file import ContractFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from scanner_contract import Contract

    from .state import Make, State


class Service:
    """What answers all that is not control.

    Args:
        state: with a service by the contract.
        contract: to begin with.
        load: loads it again.
        make: returns what makes the service by a contract.
        watched: puts the state, by a contract, behind journal and faults.
        tell: hears in a sentence of each reload, and of each contract that cannot be served; None for not to
            watch its file.

    Attributes:
        contract: of the moment.
    """

    def __init__(
        self,
        state: State,
        contract: Contract,
        load: Callable[[], Contract],
        make: Callable[[Contract], Make],
        watched: Callable[[Contract], ASGIApp],
        tell: Callable[[str], None] | None,
    ) -> None:
        self.contract = contract
        self._state = state
        self._load = load
        self._make = make
        self._watched = watched
        self._app = watched(contract)
        self._file = None if tell is None else ContractFile(contract.source, self._reload, tell)

    async def start(self) -> None:
        """Begin with what the mock was left with, or with the seeds."""
        await self._state.start()
        if self._file is not None:
            await self._file.start()

    async def stop(self) -> None:
        """Let go of everything."""
        if self._file is not None:
            await self._file.stop()
        await self._state.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)

    async def _reload(self) -> str:
        """Go on by the contract as it is now; one that cannot be served leaves the old one."""
        try:
            contract = await asyncio.to_thread(self._load)
            await self._state.remake(self._make(contract))
        except START_ERRORS as error:
            return f"The contract stays as it was: {error}"
        self.contract = contract
        self._app = self._watched(contract)
        return f"Reloaded {contract.source}."
