"""The connection of a request, for faults that close it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_service.protocol import OneWriteProtocol

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.types import Receive, Scope

EXTENSION = "openapi_mock.transport"


class TransportProtocol(OneWriteProtocol):
    """The service's HTTP, which hands the app the transport: ASGI has no word for closing a connection."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        scope: Any = self.scope
        scope["extensions"] = {EXTENSION: self.transport}


def transport_of(scope: Scope) -> Transport | None:
    """Return the connection of a request; None if the server does not tell."""
    transport: Transport | None = scope.get("extensions", {}).get(EXTENSION)
    return transport


def is_gone(scope: Scope) -> bool:
    """Return whether nobody waits for the answer any more."""
    transport = transport_of(scope)
    return transport is not None and transport.is_closing()


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request.

    Raises:
        ConnectionAbortedError: the server does not let the app close it.
    """
    transport = transport_of(scope)
    if transport is None:
        raise ConnectionAbortedError(
            "A fault drops this connection, and the server does not tell which it is."
        )
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # a server that has not heard of it yet would answer 500
