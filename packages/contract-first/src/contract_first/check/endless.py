"""Ends the streams of an ASGI app, as a client does that goes away: an endless one would be read for ever."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_first.service.request.sequences import is_sequence

END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


def ending_streams(app: ASGIApp, seconds: float) -> ASGIApp:
    """Return an app whose streams of items end after so many seconds, at an item's end."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()

        async def sending(message: Message) -> None:
            fields: list[Any] = message.get("headers", [])
            if any(
                name.lower() == b"content-type" and is_sequence(value.decode("latin-1"))
                for name, value in fields
            ):
                limit.reschedule(loop.time() + seconds)
            await send(message)

        try:
            async with asyncio.timeout(None) as limit:
                await app(scope, receive, sending)
        except TimeoutError:
            if not limit.expired():
                raise
            await send(END)

    return call
