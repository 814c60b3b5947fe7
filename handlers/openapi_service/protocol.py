"""uvicorn's HTTP/1.1, as this service speaks it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from httptools import HttpParserCallbackError
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

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
"""How long the head of a request may take, and how long its body may pause."""
MOST_DISCARDED_BYTES = 1024 * 1024
LINGER_SECONDS = 1
"""How much, and for how long, is read of a client that is being refused."""


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
        self._in_head = True
        self._parsed_bytes = self._unparsed_bytes = 0
        self._discarded_bytes: int | None = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        self._waiting.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and wait for the rest if there is one."""
        if self._discarded_bytes is not None:
            self._discard(data)
            return
        before = self._in_head
        self._feed(data)
        if self._discarded_bytes is not None or (before and self._in_head):
            return  # a head that drips is not given longer
        self._waiting.cancel()
        if self._in_head or (self.cycle is not None and self.cycle.more_body):
            self._wait()

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
        self._in_head = True
        self._field_bytes = self._fields = 0

    def on_url(self, url: bytes) -> None:
        """Add a piece of the target."""
        self._parsed_bytes += len(url)
        self.url += url
        if len(self.url) > MOST_TARGET_BYTES:
            raise URITooLong(f"The request target has more than {MOST_TARGET_BYTES} bytes, the limit.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field or a trailer."""
        size = len(name) + len(value) + 4  # with ": " and the end of the line
        self._parsed_bytes += size
        self._field_bytes += size
        self._fields += 1
        if self._field_bytes > MOST_HEAD_BYTES or self._fields > MOST_FIELDS:
            raise HeadTooLarge
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Add a piece of the body."""
        self._parsed_bytes += len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Hand the head to the app, which keeps its list of fields."""
        super().on_headers_complete()
        self.headers = []
        self._in_head = False

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(PATIENCE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        if self.flow.read_paused:  # it is the app that has not taken what is there
            self._wait()
        else:
            self.transport.close()

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
        elif is_next or not (cycle.response_started or self.pipeline):
            self.transport.write(self._refused(problem))
            self._close_gently()
        else:
            self.transport.close()

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
        """Return the whole answer to what no app gets to see."""
        request_id = uuid4()
        profile: ProblemProfile = getattr(self.config.app, "profile", PLAIN)
        document = profile.document(
            problem, instance=request_id.urn, request_id=request_id.hex, now=datetime.now(UTC)
        )
        body = msgspec.json.encode(document)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.hex.encode()),
            (b"connection", b"close"),
        ]
        lines = (b"%b: %b\r\n" % header for header in headers)
        return b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body])

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a client may offer what nobody here speaks, and is answered in HTTP/1.1."""


def unreadable(error: BaseException | None) -> BadRequest:
    """Return the problem of what httptools stopped at; its words name a part and a rule, never a value."""
    # uvicorn's own steps fail at nothing but targets
    reason = "Invalid target" if isinstance(error, HttpParserCallbackError) else error
    return BadRequest(f"The request cannot be read as HTTP/1.1: {reason}.")


class OneWriteProtocol(HttpProtocol):
    """HTTP whose answers go out when all requests that were there are answered, head and body together.

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
