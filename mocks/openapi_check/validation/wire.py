"""A recorded exchange as it stood on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_service.clock import SystemClock
from openapi_service.request import Request

if TYPE_CHECKING:
    from openapi_check.exchange import Exchange, Message

CLOCK = SystemClock()


def target(url: str) -> tuple[str, bytes]:
    """Return path and query of a URL as they were sent, the path's bytes as Latin-1; no URL is too broken."""
    sent = url.encode("utf-8", "replace").decode("latin-1").partition("#")[0]
    head, _, query = sent.partition("?")
    _, slashes, rest = head.partition("://")
    return "/" + (rest.partition("/")[2] if slashes else head.removeprefix("/")), query.encode("latin-1")


def request_of(exchange: Exchange, path: str, query: bytes) -> Request:
    """Return the request of an exchange as the binding sees one; its body is not in it."""
    scope = {
        "method": exchange.method.upper(),
        "headers": raw_fields(exchange.request),
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query,
    }
    return Request(scope, _nothing, "", CLOCK)


async def _nothing() -> Any:
    """Receive nothing: the body is there already."""
    return {"type": "http.disconnect"}


def raw_fields(message: Message) -> list[tuple[bytes, bytes]]:
    """Return a message's fields as the server hands them on, without the pseudo-header fields of HTTP/2."""
    return [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in message.headers
        if not name.startswith(":")
    ]
