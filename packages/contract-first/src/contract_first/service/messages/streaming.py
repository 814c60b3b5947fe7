"""Sends a body while it is made, as long as the client waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from starlette.types import Receive, Send

from .request import Request

FIRST_SECONDS = 1.0
"""How long a response waits for the first part of its body: what is raised until then is its problem."""
IDLE_SECONDS = 15.0
"""After so long without anything to send, events have a comment, as proxies end silent connections."""


async def stream(
    chunks: AsyncIterator[bytes], start: dict[str, Any], request: Request, send: Send, *, idle: bytes = b""
) -> None:
    """Send a body as it is made; it is no longer made once the client has gone.

    Args:
        start: ASGI's message that begins the response.
        idle: what is sent where there was nothing to send for :data:`IDLE_SECONDS`.
    """
    sending = _Sending(start, request, send)
    making = asyncio.create_task(sending.all_of(chunks))
    gone = asyncio.create_task(until_gone(request.receive))
    seconds = FIRST_SECONDS
    try:
        while not making.done() and not gone.done():
            sending.was_busy = False
            await asyncio.wait({making, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not (making.done() or gone.done() or sending.was_busy):
                await sending.put(idle if request.responded else b"")
            seconds = IDLE_SECONDS
        await (making if making.done() else gone)
    finally:
        gone.cancel()
        making.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({making, gone})
        if (close := getattr(chunks, "aclose", None)) is not None:
            await close()


class _Sending:
    """The messages of one response, which two tasks send.

    Attributes:
        was_busy: whether any was sent since that was set to False.
    """

    def __init__(self, start: dict[str, Any], request: Request, send: Send) -> None:
        self._start, self._request, self._send = start, request, send
        self._turn = asyncio.Lock()
        self.was_busy = False

    async def all_of(self, chunks: AsyncIterator[bytes]) -> None:
        """Send a whole body; that of a response to HEAD is not made."""
        if self._request.method != "HEAD":
            async for chunk in chunks:
                await self.put(chunk)
        await self.put(b"", more=False)

    async def put(self, chunk: bytes, *, more: bool = True) -> None:
        """Send a part of the body, after the beginning of the response."""
        async with self._turn:
            self.was_busy = True
            if not self._request.responded:
                self._request.responded = True
                await self._send(self._start)
            if chunk or not more:
                await self._send({"type": "http.response.body", "body": chunk, "more_body": more})


async def until_gone(receive: Receive) -> None:
    """Return once the client no longer waits."""
    while (await receive())["type"] != "http.disconnect":
        pass
