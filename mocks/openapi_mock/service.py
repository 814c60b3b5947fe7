"""What answers by the contract of the day; another one when the contract's file changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .contract_file import ContractFile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract


class Service:
    """What answers all that is not control.

    Args:
        contract: to begin with.
        app: what answers by it.
        load: loads the contract again.
        serve: goes on by another contract, and returns what answers by it.
        errors: what these raise for a contract that cannot be served; the old one stays then.
        tell: hears in a sentence of each reload, and of each contract that cannot be served; None for not to
            watch its file.

    Attributes:
        contract: of the moment.
    """

    def __init__(
        self,
        contract: Contract,
        app: ASGIApp,
        *,
        load: Callable[[], Contract],
        serve: Callable[[Contract], Awaitable[ASGIApp]],
        errors: tuple[type[Exception], ...],
        tell: Callable[[str], None] | None,
    ) -> None:
        self.contract = contract
        self._app = app
        self._load = load
        self._serve = serve
        self._errors = errors
        self._file = None if tell is None else ContractFile(contract.source, self._reload, tell)

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

    async def _reload(self) -> str:
        """Load the contract again, and return what became of it."""
        try:
            contract = await asyncio.to_thread(self._load)
            self._app = await self._serve(contract)
        except self._errors as error:
            return f"The contract stays as it was: {error}"
        self.contract = contract
        return f"Reloaded {contract.source}."
