"""uvicorn's HTTP/1.1, as this service speaks it."""

from __future__ import annotations

import itertools
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from httptools import HttpParserCallbackError
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from .connections import Connections
from .problems import MEDIA_TYPE, PLAIN, BadRequest, HeadTooLarge, Problem, URITooLong

if TYPE_CHECKING:
    import asyncio

    from .problems import ProblemProfile

MOST_HELD_BYTES = 64 * 1024
MOST_TARGET_BYTES = 65_535
"""The most that httptools can take apart."""
MOST_HEAD_BYTES = 64 * 1024
"""Of all header fields and trailers of a request together, and of what is between the pieces of its body."""
MOST_FIELDS = 100
PATIENCE_SECONDS = 30
"""How long the head of a request may take, and over how long the rate of its body is measured."""
LEAST_BODY_BYTES_PER_SECOND = 1024
MOST_BODY_SECONDS = 30 * 60
"""How long a body may take at whatever rate; 20 MiB are done at 12 KiB/s."""
MOST_DISCARDED_BYTES = 1024 * 1024
LINGER_SECONDS = 1
"""How much, and for how long, is read of a client that is being refused."""
_BETWEEN, _HEAD, _BODY = range(3)
"""What of a request is being read."""
_USES = itertools.count()
_FRAMING = frozenset({b"host", b"content-length", b"expect"})


class HttpProtocol(HttpToolsProtocol):
    """HTTP that waits for no one for ever, and whose errors are problems even where no app is asked.

    They are written in the profile of the app, if it has one as its ``profile``.

    uvicorn waits for a request without end: who only connects could use up the files that may be open. It
    takes heads of any length. And it adds trailers that come in time to the header fields, where nobody in
    front of the app has seen them (RFC 9110, section 6.5.1).
    """

    def connection_made(self, transport: Any) -> None:
        """Take a connection, and wait for a request."""
        super().connection_made(transport)
        self._part, self._timed = _BETWEEN, _HEAD
        self._parsed_bytes = self._unparsed_bytes = 0
        self._discarded_bytes: int | None = None
        self._unread, self._read_bytes = b"", 0
        self._is_behind = False
        self.last_used = next(_USES)
        self._wait()
        if isinstance(self.connections, Connections):
            self.connections.admit(self)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served, and no body is coming in."""
        return self._part != _BODY and (self.cycle is None or self.cycle.response_complete)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        self._waiting.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and wait for the rest if there is one."""
        if self._discarded_bytes is None:
            self._is_behind = False
            self._read(self._unread[self._read_bytes :] + data if self._unread else data, 0)
        else:
            self._discard(data)

    def on_response_complete(self) -> None:
        """Read the next request, if it is there."""
        self.last_used = next(_USES)
        super().on_response_complete()
        if self._unread and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            data, self._unread = self._unread, b""
            self._is_behind = True
            self._read(data, self._read_bytes)
            if not (self._unread or self.flow.read_paused or self.transport.is_closing()):
                self.transport.resume_reading()

    def _read(self, data: bytes, begin: int) -> None:
        """Read one request after the other from an index on, each once the one before it has its response."""
        while begin < len(data) and self._discarded_bytes is None:
            if self._part == _BETWEEN and self.cycle is not None and not self.cycle.response_complete:
                self._unread, self._read_bytes = data, begin
                self.transport.pause_reading()
                self.flow.read_paused = False  # so that no app that waits for more makes it go on
                break
            end = self._end_of_part(data, begin)
            self._feed(data[begin:end])
            begin = end
        if self._discarded_bytes is None and self._part != self._timed:
            self._waiting.cancel()
            self._timed = self._part
            if self._part != _BETWEEN:
                self._body_ends_at = self.loop.time() + MOST_BODY_SECONDS
                self._wait()

    def _end_of_part(self, data: bytes, begin: int) -> int:
        """Return where the head or body that goes on at an index ends, or may end."""
        if self._part == _BODY and self._length > 0:
            return min(begin + self._length, len(data))
        blank_line = data.find(b"\r\n\r\n", begin)
        return len(data) if blank_line < 0 else blank_line + 4

    def _feed(self, data: bytes) -> None:
        parsed = self._parsed_bytes
        super().data_received(data)
        # the parser collects a field until it is whole, and passes over extensions of chunks
        self._unparsed_bytes = self._unparsed_bytes + len(data) if parsed == self._parsed_bytes else 0
        if self._unparsed_bytes > MOST_HEAD_BYTES and self._discarded_bytes is None:
            self._refuse(HeadTooLarge())

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._part = _HEAD
        self._length = self._hosts = 0
        self._most_parsed_bytes = self._parsed_bytes + MOST_HEAD_BYTES

    def on_url(self, url: bytes) -> None:
        """Add a piece of the target."""
        self._parsed_bytes += len(url)
        self._most_parsed_bytes += len(url)
        self.url += url
        if len(self.url) > MOST_TARGET_BYTES:
            raise URITooLong(f"The request target has more than {MOST_TARGET_BYTES} bytes, the limit.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field or a trailer."""
        self._parsed_bytes += len(name) + len(value) + 4  # with ": " and the end of the line
        if self._parsed_bytes > self._most_parsed_bytes or len(self.headers) >= MOST_FIELDS:
            raise HeadTooLarge
        name = name.lower()
        self.headers.append((name, value))
        if name in _FRAMING and self._part == _HEAD:
            self._note(name, value)

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
        elif name == b"content-length":
            self._length = int(value)
        elif value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_body(self, body: bytes) -> None:
        """Add a piece of the body."""
        self._parsed_bytes += len(body)
        self._most_parsed_bytes += len(body)
        self._length -= len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Hand the head to the app, which keeps its list of fields."""
        if self._hosts != 1 and (self._hosts or self.parser.get_http_version() == "1.1"):
            raise BadRequest(f"A request has one Host (RFC 9112, section 3.2); this one has {self._hosts}.")
        super().on_headers_complete()
        self.headers = []
        self._part = _BODY

    def on_message_complete(self) -> None:
        """End a request."""
        super().on_message_complete()
        self._part = _BETWEEN

    def _wait(self) -> None:
        self._timed_bytes = self._parsed_bytes
        self._waiting = self.loop.call_later(PATIENCE_SECONDS, self._close_slow)

    def _close_slow(self) -> None:
        if self.flow.read_paused or self._is_in_time():  # paused: the app has not taken what is there
            self._wait()
        else:
            self.transport.close()

    def _is_in_time(self) -> bool:
        least_bytes = LEAST_BODY_BYTES_PER_SECOND * PATIENCE_SECONDS
        return (
            self._part == _BODY
            and self._parsed_bytes - self._timed_bytes >= least_bytes
            and self.loop.time() < self._body_ends_at
        )

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- uvicorn's signature
        """Respond to what cannot be read as HTTP."""
        error = sys.exception()
        cause = error.__context__ if isinstance(error, HttpParserCallbackError) else None
        self._refuse(cause if isinstance(cause, Problem) else unreadable(error))

    def _refuse(self, problem: Problem) -> None:
        """Respond with a problem in its turn, and close: where another request begins is unknown."""
        self._waiting.cancel()
        self._discarded_bytes = 0
        cycle = self.cycle
        is_next = cycle is None or not cycle.more_body
        if is_next and not (cycle is None or cycle.response_complete):
            cycle.keep_alive = False  # what was asked before is answered, and nothing after it
        elif self._is_behind:
            self._close_gently()
        elif is_next or not (cycle.response_started or self.pipeline):
            self.transport.write(self._refused(problem))
            self._close_gently()
        else:
            self.transport.close()

    def refuse_late(self, problem: Problem) -> None:
        """Respond to a request that takes longer than the server is there, and close."""
        self._waiting.cancel()
        self._discarded_bytes = 0
        if self.is_idle or self.cycle is None or self.cycle.response_started:
            self.transport.close()
        else:
            self.transport.write(self._refused(problem))
            self._close_gently()

    def _close_gently(self) -> None:
        """Close once the client has had time to read what was sent (RFC 9112, section 9.6)."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._waiting = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _discard(self, data: bytes) -> None:
        self._discarded_bytes = (self._discarded_bytes or 0) + len(data)
        if self._discarded_bytes > MOST_DISCARDED_BYTES:
            self.transport.close()

    def _refused(self, problem: Problem) -> bytes:
        """Return the whole response to what no app gets to see."""
        request_id = uuid4()
        profile: ProblemProfile = getattr(self.config.app, "profile", PLAIN)
        document = profile.document(
            problem, instance=request_id.urn, request_id=request_id.hex, now=datetime.now(UTC)
        )
        body = msgspec.json.encode(document)
        headers = [
            *(field for field in self.server_state.default_headers if field[0] != b"connection"),
            *((name.lower().encode(), value.encode()) for name, value in problem.headers.items()),
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.hex.encode()),
            (b"connection", b"close"),
        ]
        lines = (b"%b: %b\r\n" % header for header in headers)
        return b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body])

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a client may offer what nobody here speaks, and gets HTTP/1.1.

        The parser passes over the body of such a request: what comes next is not a request.
        """
        if self._length or any(name == b"transfer-encoding" for name, _ in self.scope["headers"]):
            self.cycle.keep_alive = False
            self._waiting.cancel()
            self._discarded_bytes = 0


def unreadable(error: BaseException | None) -> BadRequest:
    """Return the problem of what httptools stopped at; its words name a part and a rule, never a value."""
    # uvicorn's own steps fail at nothing but targets
    reason = "Invalid target" if isinstance(error, HttpParserCallbackError) else error
    return BadRequest(f"The request cannot be read as HTTP/1.1: {reason}.")


class OneWriteProtocol(HttpProtocol):
    """HTTP whose responses go out when all requests that were there have one, head and body together.

    uvicorn writes each as an app sends it. A system call throws what a processor has learned of Python out of
    its caches, so that what is computed between two of them takes longer: under load by a third.
    """

    def connection_made(self, transport: Any) -> None:
        """Take a connection."""
        gathering: Any = _Gathering(transport, self.loop)
        super().connection_made(gathering)


class _Gathering:
    """A transport that writes in one go what is written before the event loop's next turn."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self.is_closing = transport.is_closing

    def write(self, chunk: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held += chunk
        if len(self._held) > MOST_HELD_BYTES:
            self._flush()

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self.is_closing():  # for a client that went away uvloop would raise
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
