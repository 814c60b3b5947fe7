"""A request to the API, as faults look at it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

    from openapi_contract import Contract
    from openapi_contract.routing import Route

SCOPE_HEADER = b"x-mock-scope"
MOST_SEEN_BYTES = 64 * 1024


class ApiRequest:
    """A request; what is said of it is worked out when a fault asks.

    Args:
        scope: ASGI's.
        contract: that the API answers for.
        seen: the beginning of the body.
    """

    key = ""
    """No request to the API is for an object in S3."""

    def __init__(self, scope: Scope, contract: Contract, seen: bytes = b"") -> None:
        self._scope = scope
        self._contract = contract
        self._seen = seen
        self.method: str = scope["method"]
        self.path: str = scope["path"]

    @cached_property
    def route(self) -> Route:
        """What it leads to in the contract."""
        raw: bytes = self._scope.get("raw_path") or self.path.encode()
        return self._contract.route(self.method, raw.decode("latin-1"))

    @property
    def operation(self) -> str:
        """The operationId; empty if there is none."""
        return self.route.operation_id

    @cached_property
    def scope(self) -> str:
        """The value of ``X-Mock-Scope``."""
        return header_of(self._scope, SCOPE_HEADER) or ""

    def names(self, session: str) -> bool:
        """Return whether it names a session: in path, query, or the beginning of its body."""
        return (
            session in self.path.split("/")
            or session.encode() in self._scope["query_string"]
            or session.encode() in self._seen
        )


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the value of a request header; None if it is not there."""
    return next((value.decode("latin-1") for given, value in scope["headers"] if given == name), None)


async def beginning_of(receive: Receive) -> tuple[bytes, Receive]:
    """Return the first 64 KiB of a body, and a ``receive`` that gives all of it."""
    messages: list[Any] = []
    seen = 0
    while seen < MOST_SEEN_BYTES:
        message = await receive()
        messages.append(message)
        seen += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(message.get("body", b"") for message in messages)
    waiting = iter(messages)

    async def again() -> Any:
        message = next(waiting, None)
        return await receive() if message is None else message

    return body, again
