"""One request and its response, as an ASGI app has them."""

import asyncio
import logging
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

from starlette.types import ASGIApp, Scope

from .problems import InternalError, Problem, ServiceUnavailable
from .sender import Sender

MOST_WAITING_BYTES = 64 * 1024
"""How much of a body waits for the app before no more is read."""
MOST_SHAPES, MOST_NAMES, MOST_NAME_BYTES = 1024, 64, 2048
"""How many shapes of heads are remembered, and of how many names, which others may have chosen."""
CLOSE = (b"connection", b"close")
"""Among the header fields of every response, it says that no other follows."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOT_IN_VALUE = bytes(set(range(32)) - {9} | {127})
_NOT_IN_NAME = bytes(range(33)) + b'"(),/:;<=>?@[\\]{}\x7f'
_LENGTH, _CODING, _OPTIONS = b"content-length", b"transfer-encoding", b"connection"
_FRAMING = frozenset({_LENGTH, _CODING, _OPTIONS})
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_DISCONNECTED = {"type": "http.disconnect"}
_logger = logging.getLogger("uvicorn.error")

_PHRASES = {int(status): status.phrase for status in HTTPStatus}
STATUS_LINES = {
    status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}".encode() for status in range(100, 600)
}


class Connection(Protocol):
    """What carries an exchange."""

    def resume_reading(self) -> None:
        """Go on reading the body."""

    def default_fields(self) -> tuple[bytes, bool]:
        """Return the header fields of every response, and whether this one is the last."""

    def end_response(self) -> None:
        """Go on after a response."""

    def refuse(self, problem: Problem) -> None:
        """Respond with a problem, and close."""

    def close(self) -> None:
        """Close once everything is sent."""


class Exchange:
    """A request whose body may still be coming in, and its response.

    Attributes:
        keep_alive: whether another request may follow.
        has_more: whether more of the body is to come.
        is_disconnected: whether nobody waits for the response any more.
    """

    def __init__(
        self,
        connection: Connection,
        sender: Sender,
        scope: Scope,
        *,
        keep_alive: bool,
        expects_continue: bool,
    ) -> None:
        self._connection = connection
        self._sender = sender
        self.scope = scope
        self.keep_alive = keep_alive
        self._asks_for_body = expects_continue
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self._has_news = False
        self._news: asyncio.Event | None = None
        self._is_chunked = self._ends_by_close = self._says_close = False
        self._left_bytes: int | None = None
        self.has_more = True
        self.is_started = self.is_complete = self.is_disconnected = False

    async def run(self, app: ASGIApp) -> None:
        """Let the app respond."""
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:  # the server ends
            self._fail(ServiceUnavailable("The server is shutting down."))
        except BaseException:  # whatever it is, the client is not left waiting
            _logger.exception("Exception in ASGI application\n")
            self._fail(InternalError())
        else:
            if not (self.is_complete or self.is_disconnected):
                _logger.error("ASGI callable returned without completing response.")
                self._fail(InternalError())

    def _fail(self, problem: Problem) -> None:
        if self.is_disconnected or self.is_complete:
            return
        if self.is_started:
            self._connection.close()
        else:
            self._connection.refuse(problem)

    def add(self, piece: bytes) -> bool:
        """Add a piece of the body, and return whether it is to be read on."""
        if self.is_complete or not self.has_more:
            return True  # nobody wants it
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)
        self.wake()
        return self._waiting_bytes <= MOST_WAITING_BYTES

    def end_body(self) -> None:
        """End the body."""
        self.has_more = False
        self.wake()

    def disconnect(self) -> None:
        """Tell the app that nobody waits for its response, unless it is complete."""
        self.is_disconnected = not self.is_complete
        self.wake()

    def wake(self) -> None:
        """Let the app look for what there is."""
        self._has_news = True
        if self._news is not None:
            self._news.set()

    async def receive(self) -> Any:
        """Return the next of ASGI's messages."""
        connection = self._connection
        if self._asks_for_body:
            self._asks_for_body = False
            if not (self.is_started or self.is_disconnected or self._sender.is_closing()):
                self._sender.write(_CONTINUE)
        if not (self._has_news or self.is_disconnected or self.is_complete):
            connection.resume_reading()
            self._news = self._news or asyncio.Event()
            await self._news.wait()
            self._news.clear()
        self._has_news = False
        if self.is_disconnected or self.is_complete:
            return _DISCONNECTED
        body = b"".join(self._pieces)
        self._pieces.clear()
        self._waiting_bytes = 0
        if self.has_more:
            connection.resume_reading()
        return {"type": "http.request", "body": body, "more_body": self.has_more}

    async def send(self, message: Any) -> None:
        """Take one of ASGI's messages.

        Raises:
            RuntimeError: it is none that may come now.
        """
        if self._sender.is_full and not self.is_disconnected:
            await self._sender.drain()
        if self.is_disconnected:
            return
        expected = "http.response.body" if self.is_started else "http.response.start"
        if message["type"] != expected or self.is_complete:
            raise RuntimeError(f"Unexpected ASGI message {message['type']!r}; expected {expected!r}.")
        if self.is_started:
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            head = self._head(message["status"], message.get("headers", ()))
            self.is_started = True
            self._sender.write(head)

    def _head(self, status: int, headers: Any) -> bytes:
        fields, is_last = self._connection.default_fields()
        self.keep_alive = self.keep_alive and not is_last
        names, values = tuple(zip(*headers, strict=True)) or ((), ())
        is_usual = len(names) <= MOST_NAMES and len(b"".join(names)) <= MOST_NAME_BYTES
        lines, framing = (lines_of if is_usual else lines_of.__wrapped__)(names)
        for index, name in framing:
            self._note(name, values[index])
        written = b"".join(values)
        if len(written.translate(None, _NOT_IN_VALUE)) != len(written):
            raise RuntimeError("Invalid HTTP header value.")
        return b"".join((STATUS_LINES[status], fields, lines % values, self._framing(status), b"\r\n\r\n"))

    def _note(self, name: bytes, value: bytes) -> None:
        if name == _LENGTH:
            self._left_bytes = int(value)
        elif name == _CODING:
            self._is_chunked = value.lower() == b"chunked"
        elif b"close" in value.lower():
            self.keep_alive, self._says_close = False, True

    def _framing(self, status: int) -> bytes:
        """Decide how the response ends; return the header fields that say so, where the app's do not."""
        fields = b"" if self.keep_alive or self._says_close else b"\r\nconnection: close"
        if self.scope["method"] == "HEAD" or status in _BODILESS:
            self._is_chunked, self._left_bytes = False, None
        elif self._left_bytes is None and not self._is_chunked:
            if self.scope["http_version"] == "1.0":
                self._ends_by_close = True  # RFC 9112, section 6.1: it knows no chunks
            else:
                self._is_chunked = True
                fields += b"\r\ntransfer-encoding: chunked"
        return fields

    def _send_body(self, body: bytes, *, more: bool) -> None:
        if self._is_chunked:
            if body:
                self._sender.write(b"%x\r\n%b\r\n" % (len(body), body))
            if not more:
                self._sender.write(b"0\r\n\r\n")
        elif self._left_bytes is not None:
            self._left_bytes -= len(body)
            if self._left_bytes < 0 or (self._left_bytes and not more):
                raise RuntimeError("The response is not as long as its Content-Length says.")
            if body:
                self._sender.write(body)
        elif self._ends_by_close and body:
            self._sender.write(body)
        if not more:
            self.is_complete = True
            self.wake()
            self._connection.end_response()


@lru_cache(MOST_SHAPES)
def lines_of(names: tuple[bytes, ...]) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Return the lines of header fields, with places for their values, and which of them frame a response."""
    if not all(names) or any(len(name.translate(None, _NOT_IN_NAME)) != len(name) for name in names):
        raise RuntimeError("Invalid HTTP header name.")
    written = [name.lower() for name in names]
    lines = b"".join([b"\r\n%b: %%b" % name.replace(b"%", b"%%") for name in written])
    return lines, [(index, name) for index, name in enumerate(written) if name in _FRAMING]


def default_fields(
    fields: list[tuple[bytes, bytes]],
    last: list[Any] = [None, (b"", False)],  # noqa: B006 -- remembers the last
) -> tuple[bytes, bool]:
    """Return the lines of the header fields of every response, and whether they say that no other follows."""
    if last[0] is not fields:  # the server makes a new list every second
        others = [field for field in fields if field != CLOSE]
        last[:] = fields, (b"".join(b"\r\n%b: %b" % field for field in others), others != fields)
    found: tuple[bytes, bool] = last[1]
    return found
