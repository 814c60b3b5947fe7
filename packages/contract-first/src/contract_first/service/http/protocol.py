"""HTTP/1.1 on a connection of uvicorn's server, with limits on all that a client may use up."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Hashable
from enum import Enum, auto
from typing import Any

from starlette.types import ASGIApp, Scope

from contract_first.imports import deferred
from contract_first.service.messages.problems import PLAIN, Problem, ProblemProfile, ServiceUnavailable
from contract_first.service.messages.response import UNREAD

from .capped_log import CappedLog
from .connections import (
    FREE_HEAD_BYTES,
    FREE_RESPONSE_BYTES,
    HEALTH_PATHS,
    MOST_HEADS_BYTES,
    MOST_RESPONSES_BYTES,
    Budget,
    Connections,
)
from .exchange import AWAITED, COMPLETE, DefaultFields, Exchange
from .refusals import refusal
from .request_head import MOST_TARGET_BYTES
from .request_reader import BETWEEN, BODY, HEAD, RequestReader
from .sender import Sender
from .timeouts import Timeouts
from .turns import Bodies, Turns

with deferred("uvicorn.main"):  # a command, with all that it reads its options by
    from uvicorn.config import Config
    from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
    from uvicorn.server import ServerState


NoteRefusal = Callable[[Scope, Problem], None]

TRANSPORT = "contract_first.transport"
"""Key of the extensions of a scope for its transport: ASGI has no word for closing a connection."""
MOST_DISCARDED_BYTES = 1024 * 1024
"""How much to read from a client that is being refused."""
FREE_DISCARDED_BYTES = 4096
"""Of one read; after a longer one the next has to wait for a turn among large bodies."""
MOST_CHUNKS = 256
"""How many chunks are read before it is other connections' turn."""
_USES = itertools.count()
_refusals = logging.getLogger(__name__)
_refusals.addFilter(CappedLog())


class InputState(Enum):
    """What becomes of the bytes that come in on a connection.

    FLOWING -> PAUSED: as much of the body has come in as may wait for the app
    PAUSED -> FLOWING: the app has taken it
    FLOWING, PAUSED -> HELD: another request has come in before its turn
    HELD -> QUEUED: the response to the request before it is out, and other connections come first
    FLOWING, PAUSED -> QUEUED: many chunks have been read, and other connections come first
    QUEUED -> FLOWING: what was held is read
    FLOWING, PAUSED -> DISCARDED: the last request is whole, and its response is to come
    FLOWING, PAUSED, HELD, DISCARDED -> LINGERING: the last response is out, and the client may read it
    FLOWING, PAUSED, HELD, QUEUED, DISCARDED, LINGERING -> CLOSED: nothing more is read or sent
    """

    FLOWING = auto()
    """They are read."""
    PAUSED = auto()
    """Those that are there are read; the transport reads no more."""
    HELD = auto()
    """They wait, unread, for a response to go out or for the client to read."""
    QUEUED = auto()
    """They wait, unread, for a turn among all connections."""
    DISCARDED = auto()
    """They are dropped up to a limit, as they are while lingering."""
    LINGERING = auto()
    CLOSED = auto()


# names of their own, since Python 3.11 is slow to look up the member of an enumeration
FLOWING, PAUSED, HELD, QUEUED, DISCARDED, LINGERING, CLOSED = InputState
_READ = (FLOWING, PAUSED)
_UNREAD = (HELD, QUEUED)


class HttpProtocol(asyncio.Protocol):
    """HTTP whose every wait has a limit, and whose errors are problems even where no app sees the request.

    Problems are written in the profile of the app, if it has one as its ``profile``. Its ``note_refusal``, if
    it has one, is called with what there is of the head, its target cut, and the problem.

    It reads one request at a time (`RequestReader`), which the app responds to (`Exchange`). Responses go out
    when all requests that were there have one, head and body together (`Turns`, `Sender`). A client that is
    too slow loses the connection (`Timeouts`).
    """

    transport: asyncio.Transport
    client: tuple[str, int] | None
    owner: Hashable

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: object = None
    ) -> None:
        self._config = config
        self._app: ASGIApp = config.loaded_app
        self._state: Any = server_state  # uvicorn names its own protocols where it keeps connections
        self._app_state = app_state
        loop = asyncio.get_running_loop()
        shared = vars(server_state)  # by all connections
        if "turns" not in shared:
            shared["turns"], shared["lines"] = Turns(loop, server_state.tasks), DefaultFields()
            refusal = "Too many long heads of requests are being received; retry in 1 s."
            shared["heads"] = Budget(MOST_HEADS_BYTES, refusal)
            refusal = "Too many large responses are yet to be read; retry in 1 s."
            most = getattr(config.app, "most_response_bytes", MOST_RESPONSES_BYTES)
            shared["responses"] = Budget(most, refusal, FREE_RESPONSE_BYTES, part=2 / 3)
            shared["bodies"] = Bodies(loop)
        self._turns: Turns = shared["turns"]
        self._heads: Budget = shared["heads"]
        self._responses: Budget = shared["responses"]
        self._bodies: Bodies = shared["bodies"]
        self._default_fields: DefaultFields = shared["lines"]
        self._exchange: Exchange | None = None
        self._input = FLOWING
        self._unread, self._read_bytes = b"", 0
        self._held_bytes = self._response_bytes = 0
        self._discarded_bytes = 0
        self._waits_to_discard = False
        self.for_health_only = False
        self.last_used = next(_USES)

    # the connection

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.is_closing = transport.is_closing
        self.client = get_remote_addr(transport)
        facts = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "server": vars(self._state).get("listening") or get_local_addr(transport),
            "client": self.client,
            "scheme": "https" if is_ssl(transport) else "http",
            "root_path": "",
            UNREAD: self._hold_response,
            "extensions": {TRANSPORT: transport},
        }
        most_target_bytes = getattr(self._config.app, "most_target_bytes", MOST_TARGET_BYTES)
        self._reader = RequestReader(self, facts, most_target_bytes)
        self._sender = Sender(transport, self._turns)
        connections: Connections = self._state.connections
        connections.add(self)
        self.owner = connections.owner(self)
        connections.admit(self)
        self._timeouts = Timeouts(self, self._reader, self._sender)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served, no body is coming in, and the client has all responses."""
        is_used = self._reader.part is BODY or self._is_responding or self._input in _UNREAD
        return not (is_used or self._sender.unread_bytes)

    @property
    def waits_for_client(self) -> bool:
        """Whether nothing but the client holds up the request that is next or coming in."""
        if self._input is not FLOWING:
            return False
        return self._reader.part is BODY or not (self._is_responding or self._sender.is_full)

    @property
    def _is_responding(self) -> bool:
        return self._exchange is not None and self._exchange.response is not COMPLETE

    def give_way(self) -> None:
        """Close at once, to make room for another connection."""
        self.transport.abort()

    def close(self) -> None:
        """Close once everything is sent."""
        self._input = CLOSED
        self._sender.flush()
        self.transport.close()

    def shutdown(self) -> None:
        """Close once the request has its response; a new connection stays open for its first request."""
        if self._exchange is None:
            return
        if self._is_responding:
            self._exchange.keep_alive = False
        else:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        """Stop the work for a client that is gone."""
        self._input = CLOSED
        self._timeouts.stop()
        self._state.connections.discard(self)
        if self._exchange is not None:
            self._exchange.disconnect()
        self.resume_writing()
        self._unread = b""
        self._hold(0)
        self._hold_response(0)

    # what comes in

    def data_received(self, data: bytes) -> None:
        """Read requests, or what follows the last one."""
        if self._input in _READ:
            self._read(data)
        elif self._input in _UNREAD:  # some transports deliver what they have read before the pause
            self._unread += data
        else:
            self._discard(data)

    def _read(self, data: bytes, begin: int = 0, *, is_ahead: bool = False) -> None:
        """Read one request after the other, each once the one before it has its response.

        Args:
            begin: index of the first byte to read.
            is_ahead: whether the data has come in before the response to the request before it went out.
        """
        reader = self._reader
        chunks = reader.chunks
        try:
            while begin < len(data) and self._input in _READ:
                if reader.part is BETWEEN and (self._sender.is_full or self._is_responding):
                    is_ahead = True
                    self._keep(HELD, data, begin)
                    return
                begin = reader.read(data, begin)
                if reader.chunks > chunks + MOST_CHUNKS and reader.part is BODY and begin < len(data):
                    self._keep(QUEUED, data, begin)
                    self._state.connections.take_turn(self.owner, self._read_held)
                    return
            if reader.part is HEAD:
                self._hold(reader.fed_bytes)
        except Problem as problem:
            self._refuse(problem, is_ahead=is_ahead)
        if reader.part is not BETWEEN:
            self._timeouts.follow()

    def _keep(self, state: InputState, data: bytes, begin: int) -> None:
        """Read the rest of the data later, and nothing until then."""
        self._hold(self._held_bytes + len(data) if state is QUEUED else len(data))
        self._input, self._unread, self._read_bytes = state, data, begin
        self.transport.pause_reading()

    def _hold(self, size: int) -> None:
        """Take a share of the memory for heads, or return it; small ones need none."""
        size = size if size > FREE_HEAD_BYTES else 0
        if size != self._held_bytes:
            self._heads.change(self.owner, size - self._held_bytes)
            self._held_bytes = size

    def begin_request(self, scope: Scope, *, keep_alive: bool, expects_continue: bool) -> None:
        """Hand a request to the app."""
        if self.for_health_only and scope["path"] not in HEALTH_PATHS:
            raise ServiceUnavailable("The server has reached its limit of connections.")
        self._hold(self._reader.fed_bytes)
        scope["state"] = self._app_state.copy()
        self._exchange = Exchange(
            self,
            self._sender,
            self._bodies,
            scope,
            keep_alive=keep_alive and not self.for_health_only,
            expects_continue=expects_continue,
        )
        self._turns.start(self.owner, self._exchange.run(self._app, scope))

    def add_to_body(self, piece: bytes) -> None:
        if self._exchange is not None and not self._exchange.add(piece) and self._input is FLOWING:
            self._input = PAUSED
            self.transport.pause_reading()

    def end_request(self, *, is_last: bool) -> None:
        """Hand the end of the request to the app."""
        if self._exchange is not None:
            self._exchange.end_body()
            if is_last:
                self._read_no_other(self._exchange)

    def _read_no_other(self, exchange: Exchange) -> None:
        """Drop what comes in behind a request, and close behind its response."""
        exchange.keep_alive = False
        self._input = DISCARDED
        self.transport.resume_reading()  # which tells when the client goes away

    def resume_reading(self) -> None:
        """Read more of the body, if it was paused."""
        if self._input is PAUSED:
            self._bodies.resume(self.owner, self._resume_paused)

    def _resume_paused(self) -> None:
        if self._input is PAUSED and not self.is_closing():
            self._input = FLOWING
            self.transport.resume_reading()

    def _continue(self) -> None:
        """Read the next request, in its turn if it is there already."""
        if self._input is HELD:
            self._input = QUEUED
            self._state.connections.take_turn(self.owner, self._read_held)
        else:
            self._hold(0)
            self.resume_reading()

    def _read_held(self) -> None:
        if self._input in _UNREAD and not self.is_closing():
            data, self._unread = self._unread, b""
            self._hold(0)
            self._input = FLOWING  # the transport has to wait until all of it is read
            self._read(data, self._read_bytes, is_ahead=self._reader.part is BETWEEN)
            if self._input is FLOWING:
                self.transport.resume_reading()

    # what goes out

    def pause_writing(self) -> None:
        """Send no more until the client has read."""
        self._sender.pause()

    def resume_writing(self) -> None:
        """Send more: the client has read."""
        self._sender.resume()
        if not self._is_responding:
            self._hold_response(0)
        if self._reader.part is BETWEEN and not (self._is_responding or self.is_closing()):
            self._timeouts.expect(self._config.timeout_keep_alive)
            self._continue()

    def _hold_response(self, size: int) -> None:
        """Take a share of the memory for responses, until the client has read this one."""
        size = 0 if self.is_closing() else size
        self._response_bytes = self._responses.resize(self.owner, self._response_bytes, size)

    def default_fields(self) -> tuple[bytes, bool]:
        """Return the header fields of every response, such as Date, and whether this one is the last."""
        lines, is_last = self._default_fields.lines(self._state.default_headers)
        return lines, is_last or self._reader.has_endless_body

    def end_response(self) -> None:
        """Continue with the next request, or close."""
        self._state.total_requests += 1
        self.last_used = next(_USES)
        if not self._sender.is_full:
            self._hold_response(0)
        if self._reader.has_endless_body:  # each blank line in it would cost a call of the parser
            self._close_gently()
        elif self._exchange is not None and not self._exchange.keep_alive:
            # what is unread would have the system reset the connection, before the client has read all
            self._close_gently() if self._discarded_bytes else self.close()
        else:
            if self._reader.part is BETWEEN:
                self._timeouts.expect(self._config.timeout_keep_alive)
            self._continue()

    # refusals

    def refuse(self, problem: Problem) -> None:
        """Respond with a problem, and close."""
        profile: ProblemProfile = getattr(self._config.app, "profile", PLAIN)
        self._sender.write(refusal(problem, profile, self.default_fields()[0]))
        self._close_gently()

    def _refuse(self, problem: Problem, *, is_ahead: bool) -> None:
        """Refuse a request that cannot be read, and close: where the next one begins is unknown.

        One that was sent ahead gets no response, which would be taken for that to the request before it. That
        one still gets its own, where there was no room for what came behind it.
        """
        if self._input is DISCARDED:
            return
        _refusals.warning("Request of %s refused: %s", self.client and self.client[0], problem.detail)
        exchange = self._exchange
        if self._reader.part is BETWEEN and exchange is not None and self._is_responding:
            self._read_no_other(exchange)
        elif is_ahead:
            self._close_gently()
        elif self._reader.part is BODY and exchange is not None and exchange.response is not AWAITED:
            self.close()
        else:
            beginning = self._reader.beginning()
            note_refusal: NoteRefusal | None = getattr(self._config.app, "note_refusal", None)
            if note_refusal is not None and beginning is not None:
                note_refusal(beginning, problem)
            self.refuse(problem)

    def refuse_late(self, problem: Problem) -> None:
        """Respond to a request that takes longer than the server's shutdown, and close."""
        if self._exchange is not None and self._exchange.response is AWAITED:
            self.refuse(problem)
        elif self._input is not LINGERING:
            self.close()

    def _close_gently(self) -> None:
        """Close once the client has had time to read what was sent (RFC 9112, section 9.6)."""
        self._unread = b""
        self._reader.drop()
        if self._exchange is not None:
            self._exchange.disconnect()
        if self.is_closing() or not self.transport.can_write_eof():
            self.close()
            return
        self._input = LINGERING
        self._sender.flush()
        self.transport.write_eof()
        self._timeouts.linger()
        self._discard_more()

    def _discard(self, data: bytes) -> None:
        self._discarded_bytes += len(data)
        if self._discarded_bytes > MOST_DISCARDED_BYTES:
            self.transport.abort()
        elif len(data) > FREE_DISCARDED_BYTES and not self._waits_to_discard:
            # hundreds that are refused would take each turn of the loop
            self._waits_to_discard = True
            self.transport.pause_reading()
            self._bodies.take_turn(self.owner, self._discard_more)

    def _discard_more(self) -> None:
        self._waits_to_discard = False
        if not self.is_closing():
            self.transport.resume_reading()
