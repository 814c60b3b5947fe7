"""Serves the current contract; swaps the app when the contract's file changes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from itertools import islice
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract

LOOK_SECONDS = 0.5
MOST_NEIGHBOURS = 200
SUFFIXES = {".json", ".yaml", ".yml"}


@dataclass(eq=False)
class ReloadingService:
    """The app of the current contract.

    Args:
        serve: changes to another contract, and returns the app that serves it.
        errors: what these raise for a contract that cannot be served; the old one stays then.
        tell: called with a sentence after each reload, successful or not; None to not watch the file.
    """

    contract: Contract
    app: ASGIApp
    _: KW_ONLY
    load: Callable[[], Contract]
    serve: Callable[[Contract], Awaitable[ASGIApp]]
    errors: tuple[type[Exception], ...]
    tell: Callable[[str], None] | None
    _watching: asyncio.Task[None] | None = field(default=None, init=False)

    async def start(self) -> None:
        """Watch the contract's file."""
        if self.tell is not None:
            before = signature(self.contract.source)
            self._watching = asyncio.create_task(self._watch(before, self.tell))

    async def stop(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request by the current contract."""
        return self.app(scope, receive, send)

    async def _watch(self, before: dict[str, tuple[int, int]], tell: Callable[[str], None]) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = await asyncio.to_thread(signature, self.contract.source)
            if now != before:
                before = now
                tell(await self._reload())

    async def _reload(self) -> str:
        """Load the contract again, and return the outcome in a sentence."""
        try:
            contract = await asyncio.to_thread(self.load)
            self.app = await self.serve(contract)
        except self.errors as error:
            return f"The contract stays as it was: {error}"
        self.contract = contract
        return f"Reloaded {contract.source}."


def signature(source: str) -> dict[str, tuple[int, int]]:
    """Return size and time of a file, and of the documents beside it, which it may refer to."""
    path = Path(source)
    beside = (neighbour for neighbour in path.parent.iterdir() if neighbour.suffix in SUFFIXES)
    files = {}
    for file in (path, *islice(beside, MOST_NEIGHBOURS)):
        with suppress(OSError):  # it goes while an editor saves it
            status = file.stat()
            files[str(file)] = status.st_mtime_ns, status.st_size
    return files
