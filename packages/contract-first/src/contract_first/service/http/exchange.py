"""One request and its response, as an ASGI app has them."""

import asyncio
import logging
from collections.abc import Hashable, Iterable
from enum import Enum, auto
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

from starlette.types import ASGIApp, Scope

from contract_first.service.messages.problems import InternalError, Problem, ServiceUnavailable

from .sender import Sender
from .turns import Bodies

MOST_WAITING_BYTES = 32 * 1024
"""How much of a body waits for the app before no more is read, and how much the app takes at once."""
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


class BodyState(Enum):
    """How much of the request body there is.

    EXPECTED -> ARRIVING: the app asks for the body, and the client is asked to send it
    EXPECTED, ARRIVING -> WHOLE: the end of the body has come in
    WHOLE -> TAKEN: the app has received the end
    """

    EXPECTED = auto()
    """The client may be waiting for ``100 Continue``."""
    ARRIVING = auto()
    WHOLE = auto()
    TAKEN = auto()


class ResponseState(Enum):
    """How much of the response has been sent.

    AWAITED -> STARTED: the app sends the head
    STARTED -> COMPLETE: the app sends the end of the body
    AWAITED, STARTED -> ABANDONED: the client is gone or gets a refusal, and nothing more is sent
    """

    AWAITED = auto()
    STARTED = auto()
    COMPLETE = auto()
    ABANDONED = auto()


class Framing(Enum):
    """What marks the end of a response body (RFC 9112, section 6.3); decided with the head."""

    BODILESS = auto()
    """There is none, whatever the app sends: HEAD, 204, 304."""
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()
    """HTTP/1.0 has no chunks (RFC 9112, section 6.1)."""


# names of their own, since Python 3.11 is slow to look up the member of an enumeration
EXPECTED, ARRIVING, WHOLE, TAKEN = BodyState
AWAITED, STARTED, COMPLETE, ABANDONED = ResponseState
BODILESS, LENGTH, CHUNKED, UNTIL_CLOSE = Framing
ENDED = (COMPLETE, ABANDONED)
_EXPECTED_MESSAGE = {AWAITED: "'http.response.start'", STARTED: "'http.response.body'", COMPLETE: "no other"}


class Carrier(Protocol):
    """The connection of an exchange, and whom it counts for."""

    owner: Hashable

    def resume_reading(self) -> None:
        """Read more of the body."""

    def default_fields(self) -> tuple[bytes, bool]:
        """Return the header fields of every response, and whether this one is the last."""

    def end_response(self) -> None:
        """Continue with the next request."""

    def refuse(self, problem: Problem) -> None:
        """Respond with a problem, and close."""

    def close(self) -> None:
        """Close once everything is sent."""


class Exchange:
    """A request whose body may still be coming in, and its response.

    Attributes:
        keep_alive: whether another request may follow.
        body: how much of the request body there is.
        response: how much of the response has been sent.
    """

    def __init__(
        self,
        connection: Carrier,
        sender: Sender,
        bodies: Bodies,
        scope: Scope,
        *,
        keep_alive: bool,
        expects_continue: bool,
    ) -> None:
        self._connection = connection
        self._sender = sender
        self._bodies = bodies
        self._is_head, self._is_old = scope["method"] == "HEAD", scope["http_version"] == "1.0"
        self.keep_alive = keep_alive
        self.body = EXPECTED if expects_continue else ARRIVING
        self.response = AWAITED
        self._pieces: list[bytes] = []
        self._waiting_bytes = self._taken_bytes = 0
        self._news: asyncio.Event | None = None
        self._framing = BODILESS
        self._left_bytes = 0

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Let the app respond; the scope is not held longer than that."""
        try:
            await app(scope, self.receive, self.send)
        except asyncio.CancelledError:  # the server ends
            self._fail(ServiceUnavailable("The server is shutting down."))
        except BaseException:  # whatever it is, the client is not left waiting
            _logger.exception("Exception in ASGI application\n")
            self._fail(InternalError())
        else:
            if self.response not in ENDED:
                _logger.error("ASGI callable returned without completing response.")
                self._fail(InternalError())

    def _fail(self, problem: Problem) -> None:
        if self.response is AWAITED:
            self._connection.refuse(problem)
        elif self.response is STARTED:
            self._connection.close()

    def add(self, piece: bytes) -> bool:
        """Add a piece of the body, and return whether to read more.

        Raises:
            ServiceUnavailable: there is no room for it.
        """
        if self.response in ENDED:
            return True  # the app does not need it
        self._bodies.change(len(piece))
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)
        self._wake()
        return self._waiting_bytes <= MOST_WAITING_BYTES

    def end_body(self) -> None:
        """Take note that the whole body has come in."""
        self.body = WHOLE
        self._wake()

    def disconnect(self) -> None:
        """Tell the app that the client no longer waits for its response, unless that is complete."""
        if self.response is not COMPLETE:
            self.response = ABANDONED
            self._drop()
            self._wake()

    def _drop(self) -> None:
        """Drop what the app does not need any more."""
        if self._waiting_bytes:
            self._bodies.change(-self._waiting_bytes)
            self._pieces, self._waiting_bytes = [], 0

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()

    async def receive(self) -> Any:
        if self.body is EXPECTED:
            self.body = ARRIVING
            if self.response is AWAITED and not self._sender.is_closing():
                self._sender.write(_CONTINUE)
        while not (self._pieces or self.body is WHOLE or self.response in ENDED):
            self._connection.resume_reading()
            self._news = self._news or asyncio.Event()
            await self._news.wait()
            self._news.clear()
        if self._taken_bytes + self._waiting_bytes > MOST_WAITING_BYTES:
            await self._bodies.turn(self._connection.owner)
        if self.response is not AWAITED and self.response is not STARTED:
            return _DISCONNECTED
        body = b"".join(self._pieces)
        self._pieces.clear()
        if len(body) > MOST_WAITING_BYTES:
            self._pieces.append(body[MOST_WAITING_BYTES:])
            body = body[:MOST_WAITING_BYTES]
        self._taken_bytes += len(body)
        self._waiting_bytes -= len(body)
        self._bodies.change(-len(body))
        if self.body is ARRIVING or self._pieces:
            if not self._pieces:
                self._connection.resume_reading()
            return {"type": "http.request", "body": body, "more_body": True}
        self.body = TAKEN
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Take one of ASGI's messages.

        Raises:
            RuntimeError: the message is out of order.
        """
        if self._sender.is_full and self.response is not ABANDONED:
            await self._sender.drain()
        if self.response is STARTED and message["type"] == "http.response.body":
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        elif self.response is AWAITED and message["type"] == "http.response.start":
            head = self._head(message["status"], message.get("headers", ()))
            self.response = STARTED
            self._sender.write(head)
        elif self.response is not ABANDONED:
            expected = _EXPECTED_MESSAGE[self.response]
            raise RuntimeError(f"Unexpected ASGI message {message['type']!r}; expected {expected}.")

    def _head(self, status: int, headers: Any) -> bytes:
        fields, is_last = self._connection.default_fields()
        names, values = tuple(zip(*headers, strict=True)) or ((), ())
        is_usual = len(names) <= MOST_NAMES and len(b"".join(names)) <= MOST_NAME_BYTES
        lines, framing = (lines_of if is_usual else lines_of.__wrapped__)(names)
        written = b"".join(values)
        if len(written.translate(None, _NOT_IN_VALUE)) != len(written):
            raise RuntimeError("Invalid HTTP header value.")
        framed = self._frame(status, [(name, values[index]) for index, name in framing], is_last=is_last)
        return b"".join((STATUS_LINES[status], fields, lines % values, framed, b"\r\n\r\n"))

    def _frame(self, status: int, framing: Iterable[tuple[bytes, bytes]], *, is_last: bool) -> bytes:
        """Decide how the response ends and whether another may follow.

        Args:
            framing: those of the app's header fields that frame the response, by lower-case name.

        Returns:
            The lines of the header fields that frame it and are not among the app's.
        """
        length: int | None = None
        is_chunked = says_close = False
        for name, value in framing:
            if name == _LENGTH:
                length = int(value)
            elif name == _CODING:
                is_chunked = value.lower() == b"chunked"
            else:
                says_close = says_close or b"close" in value.lower()
        self.keep_alive = self.keep_alive and not (is_last or says_close)
        lines = b"" if self.keep_alive or says_close else b"\r\nconnection: close"
        if self._is_head or status in _BODILESS:
            self._framing = BODILESS
        elif is_chunked:
            self._framing = CHUNKED
        elif length is not None:
            self._framing, self._left_bytes = LENGTH, length
        elif self._is_old:
            self._framing = UNTIL_CLOSE
        else:
            self._framing = CHUNKED
            lines += b"\r\ntransfer-encoding: chunked"
        return lines

    def _send_body(self, body: bytes, *, more: bool) -> None:
        if self._framing is LENGTH:
            self._left_bytes -= len(body)
            if self._left_bytes < 0 or (self._left_bytes and not more):
                raise RuntimeError("The response is not as long as its Content-Length says.")
        elif self._framing is CHUNKED and body:
            body = b"%x\r\n%b\r\n" % (len(body), body)
        if body and self._framing is not BODILESS:
            self._sender.write(body)
        if not more:
            if self._framing is CHUNKED:
                self._sender.write(b"0\r\n\r\n")
            self.response = COMPLETE
            self._drop()
            self._wake()
            self._connection.end_response()


@lru_cache(MOST_SHAPES)
def lines_of(names: tuple[bytes, ...]) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Return the lines of header fields, with places for their values, and which of them frame a response."""
    if not all(names) or any(len(name.translate(None, _NOT_IN_NAME)) != len(name) for name in names):
        raise RuntimeError("Invalid HTTP header name.")
    written = [name.lower() for name in names]
    lines = b"".join([b"\r\n%b: %%b" % name.replace(b"%", b"%%") for name in written])
    return lines, [(index, name) for index, name in enumerate(written) if name in _FRAMING]


class DefaultFields:
    """The header fields of every response, such as Date, as lines; they are the same for all connections."""

    def __init__(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._lines = b"", False

    def lines(self, fields: list[tuple[bytes, bytes]]) -> tuple[bytes, bool]:
        """Return the lines of header fields, and whether they say that no other response follows."""
        if self._fields is not fields:  # the server makes a new list every second
            others = [field for field in fields if field != CLOSE]
            self._fields = fields
            self._lines = b"".join(b"\r\n%b: %b" % field for field in others), others != fields
        return self._lines
