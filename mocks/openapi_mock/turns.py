"""Who may be at the state: requests side by side, or a change of it alone."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from openapi_service.problems import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PATIENCE_SECONDS: Final = 2.0
"""How long a change waits for requests that have begun, such as an upload whose client is slow."""


class Interrupted(ServiceUnavailable):
    """The state was changed before the request could be ended, or a change of it has failed."""

    default_detail = "The state of the mock was changed meanwhile, or could not be changed."


class Turns:
    """Lets requests in at once, and between them changes that see none of them.

    A request that comes during a change waits for its end. One that had begun has two seconds of real time
    to finish; then it is cancelled.
    """

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._requests: set[asyncio.Timeout] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._empty = asyncio.Event()
        self._change = asyncio.Lock()

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Serve a request.

        Raises:
            Interrupted: a change could not wait for its end.
        """
        while not self._open.is_set():
            await self._open.wait()
        turn = asyncio.timeout(None)
        try:
            async with turn:
                with self._under_way(turn):
                    yield
        except TimeoutError as error:
            if turn.expired():
                raise Interrupted from error
            raise

    @contextmanager
    def _under_way(self, turn: asyncio.Timeout) -> Iterator[None]:
        self._requests.add(turn)
        try:
            yield
        finally:
            self._requests.discard(turn)
            if not self._requests:
                self._empty.set()

    @asynccontextmanager
    async def change(self) -> AsyncIterator[None]:
        """Change the state, after whoever changes it now."""
        async with self._change:
            self._open.clear()
            try:
                await self._see_off()
                yield
            finally:
                self._open.set()

    async def _see_off(self) -> None:
        """Wait until no request is under way."""
        deadline = asyncio.get_running_loop().time() + self._patience_seconds
        for turn in self._requests:
            turn.reschedule(deadline)
        while self._requests:
            self._empty.clear()
            await self._empty.wait()
