"""The transport of a request's connection, which a fault closes."""

import asyncio
from asyncio import Transport

from starlette.types import Receive, Scope

from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.messages.streaming import until_gone

TRANSPORT = "contract_first.mock.transport"
NOT_HANDED_OVER = "A fault drops this connection, which the server does not hand over."


class TransportProtocol(HttpProtocol):
    """The service's HTTP, which hands the app the transport: ASGI has no word for closing a connection."""

    def _scope(self, scope: Scope) -> Scope:
        """Return the scope with the transport."""
        scope["extensions"] = {TRANSPORT: self.transport}
        return scope


def _transport(scope: Scope) -> Transport | None:
    transport: Transport | None = scope.get("extensions", {}).get(TRANSPORT)
    return transport


def is_closed(scope: Scope) -> bool:
    """Return whether the connection of a request is closed."""
    transport = _transport(scope)
    return transport is not None and transport.is_closing()


async def close(scope: Scope) -> None:
    """Close the connection of a request behind what was sent."""
    transport = _transport(scope)
    if transport is None:
        raise ConnectionAbortedError(NOT_HANDED_OVER)
    await asyncio.sleep(0)  # the server writes at the end of the event loop's turn
    transport.close()


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request.

    Raises:
        ConnectionAbortedError: the server does not hand over the connection.
    """
    transport = _transport(scope)
    if transport is None:
        raise ConnectionAbortedError(NOT_HANDED_OVER)
    transport.abort()
    await until_gone(receive)  # a server that does not know of it yet would respond with 500
