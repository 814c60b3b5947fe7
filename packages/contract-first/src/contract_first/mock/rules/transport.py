"""The transport of a request's connection, which a fault closes."""

import asyncio
from asyncio import Transport

from starlette.types import Receive, Scope

from contract_first.service.http.protocol import TRANSPORT
from contract_first.service.messages.streaming import until_gone


def is_closed(scope: Scope) -> bool:
    """Return whether the connection of a request is closed."""
    transport: Transport | None = scope.get("extensions", {}).get(TRANSPORT)
    return transport is not None and transport.is_closing()


async def close(scope: Scope) -> None:
    """Close the connection of a request behind what was sent.

    Raises:
        ConnectionAbortedError: the server does not hand over the connection.
    """
    transport = _transport(scope)
    await asyncio.sleep(0)  # the server writes at the end of the event loop's turn
    transport.close()


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request.

    Raises:
        ConnectionAbortedError: the server does not hand over the connection.
    """
    _transport(scope).abort()
    await until_gone(receive)  # a server that does not know of it yet would respond with 500


def _transport(scope: Scope) -> Transport:
    transport: Transport | None = scope.get("extensions", {}).get(TRANSPORT)
    if transport is None:
        raise ConnectionAbortedError("A fault drops this connection, which the server does not hand over.")
    return transport
