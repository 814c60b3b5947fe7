"""HTTP/1.1 on a connection of uvicorn's server, with limits on all that a client may use up."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Scope

from openapi_contract.imports import deferred

from .connections import HEALTH_PATHS, Connections
from .exchange import Exchange, default_fields
from .logs import CappedLog
from .problems import PLAIN, Problem, ProblemProfile, ServiceUnavailable
from .refusals import refusal
from .request_head import MOST_TARGET_BYTES
from .request_reader import BETWEEN, BODY, RequestReader
from .sender import Sender
from .timeouts import Timeouts
from .turns import Turns

with deferred("uvicorn.main"):  # a command, with all that it reads its options by
    from uvicorn.config import Config
    from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
    from uvicorn.server import ServerState


NoteRefusal = Callable[[Scope, Problem], None]

MOST_DISCARDED_BYTES = 1024 * 1024
"""How much is read of a client that is being refused."""
_USES = itertools.count()
_refusals = logging.getLogger(__name__)
_refusals.addFilter(CappedLog())


class HttpProtocol(asyncio.Protocol):
    """HTTP that waits for no one for ever, and whose errors are problems even where no app is asked.

    They are written in the profile of the app, if it has one as its ``profile``, and it hears of them by its
    ``note_refusal``: what there is of the head, its target cut, and the problem.

    It reads one request at a time (`RequestReader`), which the app responds to (`Exchange`). Responses go out
    when all requests that were there have one, head and body together (`Turns`, `Sender`). A client that is
    too slow loses the connection (`Timeouts`).
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
        self._config = config
        self._app: ASGIApp = config.loaded_app
        self._state: Any = server_state  # uvicorn names its own protocols where it keeps connections
        self._app_state = app_state
        loop = _loop or asyncio.get_running_loop()
        shared = vars(server_state)  # by all connections
        if "turns" not in shared:
            shared["turns"] = Turns(loop, server_state.tasks)
        self._turns: Turns = shared["turns"]
        self._exchange: Exchange | None = None
        self._unread, self._read_bytes = b"", 0
        self._is_behind = self._has_turn = self._is_paused = False
        self._discarded_bytes: int | None = None
        self.for_health_only = False
        self.last_used = next(_USES)

    # the connection

    def connection_made(self, transport: Any) -> None:
        """Take a connection, and wait for a request."""
        self.transport = transport
        self.is_closing = transport.is_closing
        self.client = get_remote_addr(transport)
        facts = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "server": get_local_addr(transport),
            "client": self.client,
            "scheme": "https" if is_ssl(transport) else "http",
            "root_path": "",
        }
        most_target_bytes = getattr(self._config.app, "most_target_bytes", MOST_TARGET_BYTES)
        self._reader = RequestReader(self, facts, most_target_bytes)
        self._sender = Sender(transport, self._turns)
        self._state.connections.add(self)
        if isinstance(self._state.connections, Connections):
            self._state.connections.admit(self)
        self._timeouts = Timeouts(self, self._reader, self._sender)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served, no body is coming in, and the client has all responses."""
        is_used = self._reader.part == BODY or self._is_responding or self._unread
        return not (is_used or self._sender.unread_bytes)

    @property
    def waits_for_client(self) -> bool:
        """Whether nothing but the client holds up the request that is next or coming in."""
        if self._discarded_bytes is not None:
            return False
        if self._reader.part == BODY:
            return not self._is_paused  # paused: the app has not taken what is there
        return not (self._is_responding or self._sender.is_full or self._unread)

    @property
    def _is_responding(self) -> bool:
        return self._exchange is not None and not self._exchange.is_complete

    def give_way(self) -> None:
        """Close at once, to make room for another connection."""
        self.transport.abort()

    def close(self) -> None:
        """Close once everything is sent."""
        self._sender.flush()
        self.transport.close()

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
        self._timeouts.stop()
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
        reader = self._reader
        while begin < len(data) and self._discarded_bytes is None:
            if reader.part == BETWEEN and (self._sender.is_full or self._is_responding):
                self._unread, self._read_bytes = data, begin
                self._pause_reading()
                return
            try:
                begin = reader.read(data, begin)
            except Problem as problem:
                self._refuse(problem)
        self._unread = b""
        if reader.part != BETWEEN:
            self._timeouts.follow()

    def begin_request(self, scope: Scope, *, keep_alive: bool, expects_continue: bool) -> None:
        """Hand a request to the app."""
        if self.for_health_only and scope["path"] not in HEALTH_PATHS:
            raise ServiceUnavailable("The server has reached its limit of connections.")
        scope["state"] = self._app_state.copy()
        self._exchange = Exchange(
            self,
            self._sender,
            self._scope(scope),
            keep_alive=keep_alive and not self.for_health_only,
            expects_continue=expects_continue,
        )
        self._turns.start(self._exchange.run(self._app))

    def _scope(self, scope: Scope) -> Scope:
        """Return the scope of a request, for others to add something to."""
        return scope

    def add_to_body(self, piece: bytes) -> None:
        """Add a piece of the body."""
        if self._exchange is not None and not self._exchange.add(piece):
            self._pause_reading()

    def end_request(self, *, is_last: bool) -> None:
        """End the body."""
        if self._exchange is not None:
            self._exchange.end_body()
            if is_last:
                self._exchange.keep_alive = False
                self._discarded_bytes = 0

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

    def pause_writing(self) -> None:
        """Send no more until the client has read."""
        self._sender.pause()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self._sender.resume()
        if self._reader.part == BETWEEN and not (self._is_responding or self.is_closing()):
            self._timeouts.expect(self._config.timeout_keep_alive)
            self._go_on()

    def default_fields(self) -> tuple[bytes, bool]:
        """Return the header fields of every response, such as Date, and whether this one is the last."""
        fields, is_last = default_fields(self._state.default_headers)
        return fields, is_last or self._reader.has_endless_body

    def end_response(self) -> None:
        """Go on with the next request, or close."""
        self._state.total_requests += 1
        self.last_used = next(_USES)
        if self._reader.has_endless_body:  # each blank line in it would cost a call of the parser
            self._close_gently()
            return
        if self._exchange is not None and not self._exchange.keep_alive:
            self.close()
            return
        if self._reader.part == BETWEEN:
            self._timeouts.expect(self._config.timeout_keep_alive)
        self._go_on()

    # refusals

    def refuse(self, problem: Problem) -> None:
        """Respond with a problem, and close."""
        profile: ProblemProfile = getattr(self._config.app, "profile", PLAIN)
        self._sender.write(refusal(problem, profile, self.default_fields()[0]))
        self._close_gently()

    def _refuse(self, problem: Problem) -> None:
        """Refuse what cannot be read in its turn, and close: where another request begins is unknown."""
        if self._discarded_bytes is not None:
            return
        _refusals.warning("Request of %s refused: %s", self.client and self.client[0], problem.detail)
        self._discarded_bytes = 0
        if self._is_behind:
            self._close_gently()
        elif self._reader.part == BODY and self._exchange is not None and self._exchange.is_started:
            self.close()
        else:
            beginning = self._reader.beginning()
            note_refusal: NoteRefusal | None = getattr(self._config.app, "note_refusal", None)
            if note_refusal is not None and beginning is not None:
                note_refusal(beginning, problem)
            self.refuse(problem)

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
        self._sender.flush()
        if self.transport.can_write_eof() and not self.is_closing():
            self.transport.write_eof()
            self._timeouts.linger()
            self.resume_reading()
        else:
            self.transport.close()

    def _discard(self, data: bytes) -> None:
        self._discarded_bytes = (self._discarded_bytes or 0) + len(data)
        if self._discarded_bytes > MOST_DISCARDED_BYTES:
            self.transport.abort()
