"""A response: as a handler returns it, and as it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.types import Send

if TYPE_CHECKING:
    from .request import Request


RawHeaders = list[tuple[bytes, bytes]]
NO_SNIFFING = (b"x-content-type-options", b"nosniff")
NO_STORING = (b"cache-control", b"no-store")
STATUSES = range(100, 600)
_NAME = itemgetter(0)


class Response(msgspec.Struct):
    """A response with a status, headers or a media type of its own.

    Attributes:
        body: a JSON value for a JSON media type, in which a Problem is written as its document; else str or
            bytes; None for no body.
        status: None for the one success that the contract declares.
        media_type: None for the first that the contract declares for the status.
    """

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    media_type: str | None = None

    @classmethod
    def of(cls, returned: Any) -> Response:
        """Return the response for a handler's ``value``, ``(value, status)`` or ``Response``."""
        if isinstance(returned, cls):
            return returned
        if type(returned) is tuple and len(returned) == 2 and returned[1] in STATUSES:  # noqa: PLR2004 -- a pair
            return cls(returned[0], int(returned[1]))
        return cls(returned)


class Rendered(msgspec.Struct):
    """A response as it goes out."""

    status: int
    headers: RawHeaders
    body: bytes


async def respond(rendered: Rendered, request: Request, send: Send) -> None:
    """Send a whole response; the body of a response to HEAD is not sent (RFC 9110, section 9.3.2).

    Nobody stores it unless it says so itself, and no browser takes it for another media type.
    """
    request.responded = True
    headers = [*rendered.headers, NO_SNIFFING]
    if NO_STORING[0] not in map(_NAME, headers):
        headers.append(NO_STORING)
    await send({"type": "http.response.start", "status": rendered.status, "headers": headers})
    body = b"" if request.method == "HEAD" else rendered.body
    await send({"type": "http.response.body", "body": body})
