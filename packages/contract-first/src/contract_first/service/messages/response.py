"""A response: as a handler returns it, and as it goes out."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from http.cookies import SimpleCookie
from operator import itemgetter
from typing import Any, Final, Literal, Self
from urllib.parse import quote

import msgspec
from starlette.types import Send

from .request import Request
from .streaming import stream

RawHeaders = list[tuple[bytes, bytes]]
NO_SNIFFING = (b"x-content-type-options", b"nosniff")
NO_STORING = (b"cache-control", b"no-store")
STATUSES = range(100, 600)
UNREAD: Final = "contract_first.unread"
"""Key of the ASGI scope for what a server has to be called with, the size of a response, before it begins.

It raises ServiceUnavailable while there is no memory for another one that a client is yet to read.
"""
_NAME = itemgetter(0)


class Cookie(msgspec.Struct, frozen=True):
    """A cookie to set (RFC 6265); by default of the session, for the whole app, and out of scripts' reach.

    Attributes:
        max_age: in seconds; 0 deletes it, None keeps it until the browser ends.
        path: below which it is sent back; by default the path below which the app is mounted.
    """

    name: str
    value: str = ""
    max_age: int | None = None
    path: str = ""
    domain: str | None = None
    secure: bool = True
    http_only: bool = True
    same_site: Literal["lax", "strict", "none"] = "lax"

    def header(self, root_path: str = "") -> str:
        """Return the value of ``Set-Cookie``; what the syntax does not allow in a value is quoted."""
        cookie = SimpleCookie({self.name: self.value})
        morsel = cookie[self.name]
        path = self.path or quote(root_path) or "/"
        morsel.update({"path": path, "samesite": self.same_site, "domain": self.domain or ""})
        morsel["secure"], morsel["httponly"] = self.secure, self.http_only
        if self.max_age is not None:
            morsel["max-age"] = str(self.max_age)
        return morsel.OutputString()


class ServerSentEvent(msgspec.Struct, omit_defaults=True):
    """An event of ``text/event-stream`` (WHATWG HTML, section 9.2).

    Attributes:
        data: text, or what is written as JSON.
        event: its type.
        retry: milliseconds after which a client that has lost the stream asks again.
    """

    data: Any
    event: str | None = None
    id: str | None = None
    retry: int | None = None


Event = ServerSentEvent
"""The name of before 0.4, for a release."""


class Response(msgspec.Struct):
    """A response with a status, headers or a media type of its own.

    Attributes:
        body: a JSON value for a JSON media type, in which a Problem is written as its document; else str or
            bytes; a Path for the content of a file; an async iterator of items for JSON Lines, JSON sequences
            and events, of str or bytes for other media types; None for no body.
        status: None for the one success that the contract declares.
        media_type: None for the first that the contract declares for the status.
    """

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    media_type: str | None = None
    cookies: Sequence[Cookie] = ()

    @classmethod
    def of(cls, returned: Any) -> Self:
        """Return the response for a handler's ``value``, ``(value, status[, headers])`` or ``Response``."""
        if isinstance(returned, cls):
            return returned
        if type(returned) is tuple:
            match returned:
                case (body, int() as status) if status in STATUSES:
                    return cls(body, int(status))
                case (body, int() as status, dict() as headers) if status in STATUSES:
                    return cls(body, int(status), headers={**headers})
        return cls(returned)


class Rendered(msgspec.Struct):
    """A response as it goes out."""

    status: int
    headers: RawHeaders
    body: bytes


class Streamed(Rendered):
    """A response whose body is made while it goes out.

    Attributes:
        chunks: yields the body; closed when that is sent, or the client has gone.
        idle: what is sent when there was nothing to send for a while; empty for nothing.
        scope: an asynchronous context manager that is exited when the body ends.
    """

    chunks: Any = None
    idle: bytes = b""
    scope: Any = None


async def respond(rendered: Rendered, request: Request, send: Send) -> None:
    """Send a whole response; the body of a response to HEAD is not sent (RFC 9110, section 9.3.2).

    Nobody stores it unless it says so itself, and no browser takes it for another media type.
    """
    headers = [*rendered.headers, NO_SNIFFING]
    if NO_STORING[0] not in map(_NAME, headers):
        headers.append(NO_STORING)
    start = {"type": "http.response.start", "status": rendered.status, "headers": headers}
    if isinstance(rendered, Streamed):
        async with rendered.scope or nullcontext():
            await stream(rendered.chunks, start, request, send, idle=rendered.idle)
        return
    body = b"" if request.method == "HEAD" else rendered.body
    if UNREAD in request.scope:
        request.scope[UNREAD](len(body))
    request.responded = True
    await send(start)
    await send({"type": "http.response.body", "body": body})
