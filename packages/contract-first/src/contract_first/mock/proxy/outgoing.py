"""A response on its way to the client, held back until it is validated."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Send

from .connection import RawHeaders

MOST_SECONDS = 0.25
"""A response is held back no longer: what trickles, such as a slow export, does not wait for its end."""


class Outgoing:
    """Sends a response's head once it is validated, and its body.

    Args:
        head: returns status and headers, with the violations known so far.
        most_bytes: of a body that are held back.
    """

    def __init__(
        self, send: Send, head: Callable[[], Awaitable[tuple[int, RawHeaders]]], most_bytes: int
    ) -> None:
        self._send = send
        self._head = head
        self._most_bytes = most_bytes
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._sending = asyncio.Lock()
        self._release: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.started = False

    def hold(self) -> None:
        """Hold back what is added, for a while; the head is there."""
        self._timer = asyncio.get_running_loop().call_later(MOST_SECONDS, self._too_late)

    async def add(self, chunk: bytes) -> None:
        """Take in the next chunk of the body."""
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self.started or self._held_bytes > self._most_bytes:
            await self.release()

    async def release(self, *, more: bool = True) -> None:
        """Send what there is."""
        self._stop()
        async with self._sending:
            if not self.started:
                self.started = True
                status, headers = await self._head()
                await self._send({"type": "http.response.start", "status": status, "headers": headers})
            body, self._held, self._held_bytes = b"".join(self._held), [], 0
            if body or not more:
                await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def end(self) -> None:
        """Send the rest."""
        if self._release is not None:
            await self._release
        await self.release(more=False)

    def drop(self) -> None:
        """Send nothing any more."""
        self._stop()
        if self._release is not None:
            self._release.cancel()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _too_late(self) -> None:
        self._release = asyncio.get_running_loop().create_task(self.release())
