"""Ends the streams of an ASGI app, as a client does that goes away: an endless one would be read for ever."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .bounded_bodies import FirstItems

END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


def ending_streams(app: ASGIApp, seconds: float) -> ASGIApp:
    """Return an app whose streams of items end after a few items, or so many seconds."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        loop, items = asyncio.get_running_loop(), FirstItems("")

        async def sending(message: Message) -> None:
            nonlocal items
            fields: list[Any] = message.get("headers", [])
            for value in (value for name, value in fields if name.lower() == b"content-type"):
                items = FirstItems(value.decode("latin-1"))
            if items.are_expected and message["type"] == "http.response.start":
                limit.reschedule(loop.time() + seconds)
            await send(message)
            if items.add(message.get("body", b"")) and message.get("more_body"):
                limit.reschedule(loop.time())
                await asyncio.sleep(0)  # in which the app is cancelled, though it may wait for nothing

        try:
            async with asyncio.timeout(None) as limit:
                await app(scope, receive, sending)
        except TimeoutError:
            if not limit.expired():
                raise
            await send(END)

    return call
