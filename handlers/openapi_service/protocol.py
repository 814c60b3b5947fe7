"""HTTP/1.1 on a connection of uvicorn's server, with limits on all that a client may use up."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import msgspec
from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpRequestParser,
    parse_url,
)
from starlette.types import ASGIApp, Scope

from openapi_contract.imports import deferred

from .capped_log import CappedLog
from .connections import HEALTH_PATHS, Connections
from .exchange import STATUS_LINES, Exchange
from .problems import (
    MEDIA_TYPE,
    PLAIN,
    BadRequest,
    HeadTooLarge,
    NotImplementedYet,
    Problem,
    ProblemProfile,
    ServiceUnavailable,
    URITooLong,
)
from .responses import NO_SNIFFING, NO_STORING
from .turns import Turns

with deferred("uvicorn.main"):  # a command, with all that it reads its options by
    from uvicorn.config import Config
    from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
    from uvicorn.server import ServerState


NoteRefusal = Callable[[Scope, Problem], None]

MOST_HELD_BYTES = 64 * 1024
MOST_TARGET_BYTES = 65_535
"""Where an app says no other limit as its ``most_target_bytes``; the most that httptools can take apart."""
MOST_HEAD_BYTES = 64 * 1024
"""Of all header fields of a request together, of its trailers, and of the extensions of its chunks."""
MOST_FIELDS = 100
PATIENCE_SECONDS = 30
"""How long the head of a request may take, and over how long the rates of bodies are measured."""
LEAST_BODY_BYTES_PER_SECOND = 1024
"""At which the body of a request comes in, and a response is read."""
HEALTH_SECONDS = 1
"""How long the head of a request may take on a connection that is reserved for health."""
MOST_BODY_SECONDS = 30 * 60
"""How long a body may take at whatever rate; 20 MiB are done at 12 KiB/s."""
MOST_NOTED_BYTES = 1024
"""Of the target of a request that is refused while it comes in."""
MOST_DISCARDED_BYTES = 1024 * 1024
LINGER_SECONDS = 1
"""How much, and for how long, is read of a client that is being refused."""
CLOSE = (b"connection", b"close")
"""Among the header fields of every response, it says that no other follows."""
_LINE_BYTES = 64
"""Of a request line beside its target, with room to spare."""
_CHUNK_BYTES = 32
"""Of what is around the bytes of a chunk, with room to spare."""
_MOST_BLANK_LINES = 1000
"""In a body without a length, where each might be its end; beyond that no other request is read."""
_BETWEEN, _HEAD, _BODY = range(3)
"""What of a request is being read."""
_USES = itertools.count()
_FRAMING = frozenset({b"host", b"content-length", b"expect", b"transfer-encoding"})
_refusals = logging.getLogger(__name__)
_refusals.addFilter(CappedLog())


class HttpProtocol(asyncio.Protocol):
    """HTTP that waits for no one for ever, and whose errors are problems even where no app is asked.

    They are written in the profile of the app, if it has one as its ``profile``, and it hears of them by its
    ``note_refusal``: what there is of the head, its target cut, and the problem.

    One request is read at a time. Responses go out when all requests that were there have one, head and body
    together: a system call throws what a processor has learned of Python out of its caches, so that what is
    computed between two of them takes longer, under load by a third.

    Args:
        config: of the server; its app is served.
        server_state: what the server knows of its connections and tasks.
        app_state: what the app's lifespan has left for its requests.
        _loop: the event loop.
    """

    transport: asyncio.Transport
    client: tuple[str, int] | None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self._app: ASGIApp = config.loaded_app
        self._profile: ProblemProfile = getattr(config.app, "profile", PLAIN)
        self._most_target_bytes: int = getattr(config.app, "most_target_bytes", MOST_TARGET_BYTES)
        self._note_refusal: NoteRefusal | None = getattr(config.app, "note_refusal", None)
        self._keep_alive_seconds = config.timeout_keep_alive
        self._state: Any = server_state  # uvicorn names its own protocols where it keeps connections
        self._app_state = app_state
        self._loop = _loop or asyncio.get_running_loop()
        self._turns: Turns = vars(server_state).setdefault("turns", Turns(self._loop, server_state.tasks))
        self._parser = HttpRequestParser(self)
        self._exchange: Exchange | None = None
        self._part, self._timed_part = _BETWEEN, _HEAD
        self._url, self._headers = b"", list[tuple[bytes, bytes]]()
        self._begin_request()
        self._fed_bytes = self._body_bytes = 0
        self._unread, self._read_bytes = b"", 0
        self._tail = b""  # the last three bytes that were read, where a blank line may begin
        self._is_behind = self._has_turn = self._is_paused = self.is_full = False
        self._discarded_bytes: int | None = None
        self._held: list[bytes] = []
        self._held_bytes = self._written_bytes = self._taken_bytes = 0
        self._can_write: asyncio.Event | None = None
        self.for_health_only = False
        self.last_used = next(_USES)

    # the connection

    def connection_made(self, transport: Any) -> None:
        """Take a connection, and wait for a request."""
        self.transport = transport
        self.is_closing = transport.is_closing
        self.client = get_remote_addr(transport)
        self._connection_facts = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "server": get_local_addr(transport),
            "client": self.client,
            "scheme": "https" if is_ssl(transport) else "http",
            "root_path": "",
        }
        self._taken_at = self._loop.time()
        self._state.connections.add(self)
        if isinstance(self._state.connections, Connections):
            self._state.connections.admit(self)
        self._expect(HEALTH_SECONDS if self.for_health_only else PATIENCE_SECONDS)
        self._tick_seconds = min(PATIENCE_SECONDS, HEALTH_SECONDS)
        self._timer = self._loop.call_later(self._tick_seconds, self._look_at_time)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served, no body is coming in, and the client has all responses."""
        is_used = self._part == _BODY or self._is_responding or self._unread
        return not (is_used or self.transport.get_write_buffer_size())

    @property
    def _is_responding(self) -> bool:
        return self._exchange is not None and not self._exchange.is_complete

    @property
    def _has_endless_body(self) -> bool:
        """Whether a body is coming in that does not say how long it is."""
        return self._part == _BODY and self._left_bytes <= 0

    def give_way(self) -> None:
        """Close at once, to make room for another connection."""
        self.transport.abort()

    def shutdown(self) -> None:
        """Close once what was asked has its response; a new connection stays open for its first request."""
        if self._exchange is None:
            return
        if self._is_responding:
            self._exchange.keep_alive = False
        else:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        """Let go of a connection."""
        self._timer.cancel()
        self._state.connections.discard(self)
        if self._exchange is not None:
            self._exchange.disconnect()
        self.resume_writing()
        self._unread = b""

    # what comes in

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        if self._discarded_bytes is None:
            self._is_behind = False
            self._read(self._unread[self._read_bytes :] + data if self._unread else data, 0)
        else:
            self._discard(data)

    def _read(self, data: bytes, begin: int) -> None:
        """Read one request after the other from an index on, each once the one before it has its response."""
        while begin < len(data) and self._discarded_bytes is None:
            if self._part == _BETWEEN and (self.is_full or self._is_responding):
                self._unread, self._read_bytes = data, begin
                self._tail = b""
                self._pause_reading()
                return
            end = self._end_of_part(data, begin)
            self._feed(data[begin:end])
            begin = end
        self._unread = b""
        self._tail = (self._tail + data[-3:])[-3:]
        if self._part not in {self._timed_part, _BETWEEN}:
            self._timed_part = self._part
            self._timed_bytes = self._body_bytes
            self._body_ends_at = self._loop.time() + MOST_BODY_SECONDS
            self._expect(PATIENCE_SECONDS)

    def _end_of_part(self, data: bytes, begin: int) -> int:
        """Return where the head or body that goes on at an index ends, or may end."""
        if self._part == _BODY and self._left_bytes > 0:
            return min(begin + self._left_bytes, len(data))
        if not begin and data[0] in b"\r\n":  # the rest of a blank line that began with what came before?
            straddling = (self._tail + data[:3]).find(b"\r\n\r\n")
            if straddling >= 0:
                return straddling + 4 - len(self._tail)
        blank_line = data.find(b"\r\n\r\n", begin)
        if blank_line >= 0 and self._part == _BODY:
            self._blank_lines += 1
        is_end = blank_line >= 0 and self._blank_lines <= _MOST_BLANK_LINES  # each costs a call of the parser
        return blank_line + 4 if is_end else len(data)

    def _feed(self, data: bytes) -> None:
        body_bytes = self._body_bytes
        self._fed_bytes += len(data)
        try:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade:
                self._read_upgrading()
        except HttpParserError as error:
            self._refuse(problem_of(error))
            return
        if self._body_bytes != body_bytes:
            self._fed_bytes = 0  # since the last piece of a body
        # the parser collects a target or field until it is whole, and passes over extensions of chunks
        elif self._fed_bytes > MOST_HEAD_BYTES + (0 if self._part == _BODY else len(self._url) + _LINE_BYTES):
            self._refuse(HeadTooLarge())
        if self._part == _BODY and self._left_bytes <= 0:
            self._spare_bytes -= len(data) - (self._body_bytes - body_bytes)
            if self._spare_bytes < 0:
                self._refuse(HeadTooLarge())

    def _begin_request(self) -> None:
        self._hosts = self._left_bytes = 0
        self._spare_bytes = MOST_HEAD_BYTES
        self._blank_lines = 0
        self._has_body = self._expects_continue = False
        self._framing = self._codings = b""

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._discarded_bytes is not None:
            raise BadRequest  # nobody gets to see it
        self._part = _HEAD
        self._url, self._headers = b"", []
        self._begin_request()

    def on_url(self, url: bytes) -> None:
        """Add a piece of the target."""
        self._url += url
        most_bytes = self._most_target_bytes
        if len(self._url) > most_bytes and len(self._url) - (b"?" in self._url) > most_bytes:
            raise URITooLong(f"The request target has more than {most_bytes} bytes, the limit.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header field; a trailer, which nobody has validated (RFC 9110, 6.5.1), goes nowhere."""
        if len(self._headers) >= MOST_FIELDS:
            raise HeadTooLarge
        name = name.lower()
        self._headers.append((name, value))
        if self._part == _BODY:
            _check_size(self._headers)
        elif name in _FRAMING:
            self._note(name, value)

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
        elif name == b"content-length":
            self._left_bytes = int(value)
            self._has_body = self._left_bytes > 0
            self._framing += b"Content-Length: %b\r\n" % value
        elif name == b"transfer-encoding":
            self._has_body = True
            self._framing += b"Transfer-Encoding: %b\r\n" % value
            self._codings += b",%b" % value.strip().lower()
        elif value.lower() == b"100-continue":
            self._expects_continue = True

    def on_headers_complete(self) -> None:
        """Hand the head to the app."""
        headers = self._headers
        if self._fed_bytes > MOST_HEAD_BYTES:
            _check_size(headers)
        version = self._parser.get_http_version()
        if self._hosts != 1 and (self._hosts or version == "1.1"):
            raise BadRequest(f"A request has one Host (RFC 9112, section 3.2); this one has {self._hosts}.")
        if self._codings and self._codings != b",chunked":
            _check_codings(self._codings)
        raw_path, query = _target(self._url)
        path = raw_path.decode("ascii")
        if self.for_health_only and path not in HEALTH_PATHS:
            raise ServiceUnavailable("The server has reached its limit of connections.")
        scope = self._scope(
            {
                **self._connection_facts,
                "http_version": version,
                "method": self._parser.get_method().decode("ascii"),
                "path": unquote(path) if "%" in path else path,
                "raw_path": raw_path,
                "query_string": query,
                "headers": headers,
                "state": self._app_state.copy(),
            }
        )
        self._exchange = Exchange(
            self,
            scope,
            keep_alive=version != "1.0" and self._parser.should_keep_alive() and not self.for_health_only,
            expects_continue=self._expects_continue,
        )
        self._part, self._headers = _BODY, []  # what comes from now on are trailers
        self._spare_bytes += self._fed_bytes  # which the head has used up, not what is around chunks
        self._fed_bytes = 0
        self._turns.start(self._exchange.run(self._app))

    def _scope(self, scope: Scope) -> Scope:
        """Return the scope of a request, for others to add something to."""
        return scope

    def on_chunk_header(self) -> None:
        """Count a chunk."""
        self._spare_bytes += _CHUNK_BYTES

    def on_body(self, body: bytes) -> None:
        """Add a piece of the body."""
        self._body_bytes += len(body)
        self._left_bytes -= len(body)
        if self._exchange is not None and not self._exchange.add(body):
            self._pause_reading()

    def on_message_complete(self) -> None:
        """End a request."""
        if self._has_body and self._parser.should_upgrade():
            return  # of which the parser has not read the body
        self._part = self._timed_part = _BETWEEN
        self._fed_bytes = 0
        self._url = b""
        if self._exchange is not None:
            self._exchange.end_body()
            if self._blank_lines > _MOST_BLANK_LINES:
                self._exchange.keep_alive = False
                self._discarded_bytes = 0

    def _read_upgrading(self) -> None:
        """Go on: a client may offer what nobody here speaks, and gets HTTP/1.1, as does the body it sends.

        The parser takes what follows such a head for another protocol, so that another one reads the body.
        """
        if self._has_body:
            self._parser = HttpRequestParser(_UpgradingBody(self))
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % self._framing)

    def end_upgrading(self) -> None:
        """End a request whose body another parser has read; this one goes on behind it."""
        self._parser = HttpRequestParser(self)
        self.on_message_complete()

    def _pause_reading(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading, unless a request waits for its turn."""
        if self._is_paused and not (self._unread or self.is_closing()):
            self._is_paused = False
            self.transport.resume_reading()

    def _go_on(self) -> None:
        """Read the next request, if it is there, in its turn."""
        connections = self._state.connections
        if not self._unread:
            self.resume_reading()
        elif not isinstance(connections, Connections):
            self._read_ahead()
        elif not self._has_turn:
            self._has_turn = True
            connections.take_turn(self._read_ahead)

    def _read_ahead(self) -> None:
        """Read what was sent before the response to what came before."""
        self._has_turn = False
        if self._discarded_bytes is None and not self.is_closing():
            data, self._unread = self._unread, b""
            self._is_behind = True
            self._read(data, self._read_bytes)
            self.resume_reading()

    # what goes out

    def write(self, data: bytes) -> None:
        """Send something at the end of the event loop's turn."""
        if len(data) > MOST_HELD_BYTES:  # by itself: a copy for each client would take memory
            self._flush()
            self._send(data)
            return
        if not self._held:
            self._turns.flush(self._flush)
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD_BYTES:
            self._flush()

    def _flush(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if held:
            self._send(b"".join(held))

    def _send(self, data: bytes) -> None:
        if not self.is_closing():  # for a client that went away uvloop would raise
            self._written_bytes += len(data)
            self.transport.write(data)

    def close(self) -> None:
        """Close once everything is sent."""
        self._flush()
        self.transport.close()

    def pause_writing(self) -> None:
        """Send no more until the client has read."""
        self.is_full = True

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self.is_full = False
        if self._can_write is not None:
            self._can_write.set()
            self._can_write = None
        if self._part == _BETWEEN and not (self._is_responding or self.is_closing()):
            self._expect(self._keep_alive_seconds)
            self._go_on()

    async def drain(self) -> None:
        """Wait until the client has read."""
        self._can_write = self._can_write or asyncio.Event()
        await self._can_write.wait()

    def default_fields(self) -> tuple[bytes, bool]:
        """Return the header fields of every response, such as Date, and whether this one is the last."""
        fields, is_last = _default_fields(self._state.default_headers)
        return fields, is_last or self._has_endless_body

    def end_response(self) -> None:
        """Go on with the next request, or close."""
        self._state.total_requests += 1
        self.last_used = next(_USES)
        if self._has_endless_body:  # each blank line in it would cost a call of the parser
            self._close_gently()
            return
        if self._exchange is not None and not self._exchange.keep_alive:
            self.close()
            return
        if self._part == _BETWEEN:
            self._expect(self._keep_alive_seconds)
        self._go_on()

    # time

    def _expect(self, seconds: float) -> None:
        """Give the client so much time for what comes next."""
        self._deadline = self._loop.time() + seconds

    def _look_at_time(self) -> None:
        """Close the connection of a client that is too slow; else look again later."""
        now = self._loop.time()
        if self._does_not_read(now):
            self.transport.abort()
        elif self._does_not_send(now) and not self.is_closing():
            self.close()
        self._timer = self._loop.call_later(self._tick_seconds, self._look_at_time)

    def _does_not_read(self, now: float) -> bool:
        unread = self.transport.get_write_buffer_size()
        taken = self._written_bytes - unread
        if not unread or taken - self._taken_bytes >= LEAST_BODY_BYTES_PER_SECOND * PATIENCE_SECONDS:
            self._taken_bytes, self._taken_at = taken, now
        return now - self._taken_at >= PATIENCE_SECONDS

    def _does_not_send(self, now: float) -> bool:
        if now < self._deadline or self._discarded_bytes is not None:
            return False
        if self._part != _BODY:
            return not (self._is_responding or self.is_full or self._unread)
        least_bytes = LEAST_BODY_BYTES_PER_SECOND * PATIENCE_SECONDS
        is_in_time = self._body_bytes - self._timed_bytes >= least_bytes and now < self._body_ends_at
        if self._is_paused or is_in_time:  # paused: the app has not taken what is there
            self._timed_bytes = self._body_bytes
            self._expect(PATIENCE_SECONDS)
            return False
        return True

    # refusals

    def refuse(self, problem: Problem) -> None:
        """Respond with a problem, and close."""
        self.write(self._refused(problem))
        self._close_gently()

    def _refuse(self, problem: Problem) -> None:
        """Refuse what cannot be read in its turn, and close: where another request begins is unknown."""
        if self._discarded_bytes is not None:
            return
        _refusals.warning("Request of %s refused: %s", self.client and self.client[0], problem.detail)
        self._discarded_bytes = 0
        if self._is_behind:
            self._close_gently()
        elif self._part == _BODY and self._exchange is not None and self._exchange.is_started:
            self.close()
        else:
            if self._note_refusal is not None and self._part == _HEAD and self._url:
                self._note_refusal(self._beginning(), problem)
            self.refuse(problem)

    def _beginning(self) -> Scope:
        """Return the scope of a request whose head is not whole."""
        path, _, query = self._url[:MOST_NOTED_BYTES].partition(b"?")
        return {
            **self._connection_facts,
            "method": self._parser.get_method().decode("ascii"),
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": self._headers,
        }

    def refuse_late(self, problem: Problem) -> None:
        """Respond to a request that takes longer than the server is there, and close."""
        if self._exchange is None or self._exchange.is_complete or self._exchange.is_started:
            self.close()
        else:
            self.refuse(problem)

    def _close_gently(self) -> None:
        """Close once the client has had time to read what was sent (RFC 9112, section 9.6)."""
        self._discarded_bytes = self._discarded_bytes or 0
        self._unread = b""
        if self._exchange is not None:
            self._exchange.disconnect()
        self._flush()
        if self.transport.can_write_eof() and not self.is_closing():
            self.transport.write_eof()
            self._timer.cancel()
            self._timer = self._loop.call_later(LINGER_SECONDS, self.transport.abort)
            self.resume_reading()
        else:
            self.transport.close()

    def _discard(self, data: bytes) -> None:
        self._discarded_bytes = (self._discarded_bytes or 0) + len(data)
        if self._discarded_bytes > MOST_DISCARDED_BYTES:
            self.transport.abort()

    def _refused(self, problem: Problem) -> bytes:
        """Return the whole response to what no app gets to see."""
        request_id = uuid4()
        document = self._profile.document(
            problem, instance=request_id.urn, request_id=request_id.hex, now=datetime.now(UTC)
        )
        body = msgspec.json.encode(document)
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "x-request-id": request_id.hex,
            "connection": "close",
            **problem.headers,
        }
        lines = [f"\r\n{name.lower()}: {value}".encode() for name, value in headers.items()]
        lines += [b"\r\n%b: %b" % field for field in (NO_STORING, NO_SNIFFING)]
        return b"".join([STATUS_LINES[problem.status], self.default_fields()[0], *lines, b"\r\n\r\n", body])


class _UpgradingBody:
    """What a parser calls that reads a body alone."""

    def __init__(self, protocol: HttpProtocol) -> None:
        self.on_header = protocol.on_header
        self.on_chunk_header = protocol.on_chunk_header
        self.on_body = protocol.on_body
        self.on_message_complete = protocol.end_upgrading


def _default_fields(
    fields: list[tuple[bytes, bytes]],
    last: list[Any] = [None, (b"", False)],  # noqa: B006 -- remembers the last
) -> tuple[bytes, bool]:
    if last[0] is not fields:  # the server makes a new list every second
        others = [field for field in fields if field != CLOSE]
        last[:] = fields, (b"".join(b"\r\n%b: %b" % field for field in others), others != fields)
    found: tuple[bytes, bool] = last[1]
    return found


def _target(url: bytes) -> tuple[bytes, bytes]:
    """Return the path and query of a request target; httptools raises an error for what is none."""
    if url.startswith(b"/") and b"#" not in url:
        path, _, query = url.partition(b"?")
        return path, query
    parsed = parse_url(url)
    return parsed.path, parsed.query or b""


def _check_size(headers: list[tuple[bytes, bytes]]) -> None:
    if sum(len(name) + len(value) + 4 for name, value in headers) > MOST_HEAD_BYTES:
        raise HeadTooLarge


def _check_codings(codings: bytes) -> None:
    """Raise the problem of a body that is not only chunked (RFC 9112, sections 6.1 and 6.3)."""
    *inner, last = list(filter(None, map(bytes.strip, codings.split(b",")))) or [b""]
    if last != b"chunked":
        raise BadRequest("The end of the body is not known: its last transfer coding is not chunked.")
    if inner:
        raise NotImplementedYet("The request comes in a transfer coding other than chunked.")


def problem_of(error: HttpParserError) -> Problem:
    """Return the problem of what httptools stopped at; its words name a part and a rule, never a value."""
    is_ours = isinstance(error, HttpParserCallbackError)
    if is_ours and isinstance(error.__context__, Problem):
        return error.__context__
    # our own steps fail at nothing else but targets
    return BadRequest(f"The request cannot be read as HTTP/1.1: {'Invalid target' if is_ours else error}.")
