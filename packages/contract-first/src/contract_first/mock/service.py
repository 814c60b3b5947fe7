"""Serves the current contract; swaps the app when the contract's file changes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import KW_ONLY, dataclass, field
from itertools import islice
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract
from contract_first.service.watching import watching

from .handlers import Handlers

MOST_NEIGHBOURS = 200
SUFFIXES = {".json", ".yaml", ".yml"}


@dataclass(eq=False)
class ReloadingService:
    """The app of the current contract.

    Args:
        serve: changes to another contract, and returns the app that serves it.
        errors: what these raise for a contract that cannot be served; the old one stays then.
        tell: called with a sentence after each reload, successful or not; None to not watch the file.
        handlers: are watched as well, if there are any.
        report_handlers: called with a sentence after each reload of these.
    """

    contract: Contract
    app: ASGIApp
    _: KW_ONLY
    load: Callable[[], Contract]
    serve: Callable[[Contract], Awaitable[ASGIApp]]
    errors: tuple[type[Exception], ...]
    tell: Callable[[str], None] | None
    handlers: Handlers | None = None
    report_handlers: Callable[[str], None] = lambda _: None
    _watching: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    async def start(self) -> None:
        """Watch the contract's file, and those of handlers."""
        if self.tell is not None:
            watch = watching(lambda: _beside(self.contract.source), self._reload, self.tell)
            await self._watching.enter_async_context(watch)
        if self.handlers is not None:
            watch = watching(self.handlers.files, self._reload_handlers, self.report_handlers)
            await self._watching.enter_async_context(watch)

    async def stop(self) -> None:
        """Stop watching."""
        await self._watching.aclose()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request by the current contract."""
        return self.app(scope, receive, send)

    async def _reload(self) -> str:
        """Load the contract again, and return the outcome in a sentence."""
        try:
            contract = await asyncio.to_thread(self.load)
            self.app = await self.serve(contract)
        except self.errors as error:
            return f"The contract stays as it was: {error}"
        self.contract = contract
        return f"Reloaded {contract.source}."

    async def _reload_handlers(self) -> str:
        """Load the handlers again, and return the outcome in a sentence."""
        assert self.handlers is not None  # noqa: S101 -- else nothing watches them
        try:
            await asyncio.to_thread(self.handlers.reload)
            self.app = await self.serve(self.contract)
        except self.errors as error:
            return f"The handlers stay as they were: {error}"
        return f"Reloaded: {self.handlers.sentence(self.contract)}"


def _beside(source: str) -> Iterator[Path]:
    """Yield a file, and the documents beside it, which it may refer to."""
    path = Path(source)
    yield path
    beside = (neighbour for neighbour in path.parent.iterdir() if neighbour.suffix in SUFFIXES)
    yield from islice(beside, MOST_NEIGHBOURS)
