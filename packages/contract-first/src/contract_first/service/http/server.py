"""Serves an app with uvicorn: in this thread's loop, or in a thread with a loop of its own."""

import asyncio
import contextlib
import gc
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self, TypeVar, cast, runtime_checkable

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract.document.errors import explained
from contract_first.imports import deferred, resting_collector
from contract_first.service.messages.problems import ServiceUnavailable

from .connections import ConnectionLimits, Connections, raise_file_limit
from .exchange import CLOSE
from .listening import Arrivals, CannotListen, callable_url_of, hold_back, listen, url_of
from .protocol import HttpProtocol
from .timeouts import LINGER_SECONDS

with deferred("uvicorn.main"):  # a command, with all that it reads its options by
    from uvicorn.config import Config
    from uvicorn.server import Server


__all__ = ["CannotListen", "callable_url_of", "listen", "url_of"]  # beside what is defined here

STOP_SECONDS = 10
"""How long an app may take to stop: connections to what has vanished may never close."""
SHUTDOWN_SECONDS = 1
"""How long the requests of an app may take when its thread ends."""
HANDSHAKE_SECONDS = 10
TLS_CLOSE_SECONDS = 0.1
ROUND_TRIP_SECONDS = 0.1
"""Before the port is closed, for handshakes of TCP that are under way."""
FIRST_REQUEST_SECONDS = 0.5
"""After the port is closed, for clients that have just connected."""
YOUNG_OBJECTS = 10_000
SWITCH_SECONDS = 0.001
"""After which a thread that computes makes way for the event loop: Python's 5 ms are many requests."""
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class CannotStart(Exception):  # noqa: N818 -- says what happened
    """An app does not start; the message says why.

    Args:
        page: of the documentation that explains it.
    """

    def __init__(self, message: str, page: str = "") -> None:
        super().__init__(message)
        self.page = page


@contextlib.contextmanager
def starting(*errors: type[Exception]) -> Iterator[None]:
    """Raise CannotStart, with their message, for errors of a start."""
    try:
        yield
    except errors as error:
        raise CannotStart(explained(error), getattr(error, "page", "")) from error


@runtime_checkable
class StartableApp(Protocol):
    """An ASGI app that is started before the first request and stopped after the last."""

    async def start(self) -> None:
        """Get ready for the first request."""

    async def stop(self) -> None:
        """Release what was opened at the start."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""


@runtime_checkable
class Endable(StartableApp, Protocol):
    """An application with responses that would not end by themselves, such as event streams."""

    def end(self) -> None:
        """End them, so that the server can end."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """How a server ends.

    Attributes:
        lame_duck_seconds: how long it still takes requests after SIGTERM, while it reports not ready.
        grace_seconds: how long requests may take then; those that take longer get a 503.
    """

    lame_duck_seconds: float = 0
    grace_seconds: float = 30


async def serve(
    app: StartableApp,
    listening: socket.socket,
    ready: Callable[[], None],
    *,
    start_errors: tuple[type[Exception], ...] = (),
    limits: ConnectionLimits | None = None,
    shutdown: Shutdown | None = None,
) -> None:
    """Start the app, serve it until SIGINT or SIGTERM, and stop it; ``ready`` is called once it responds.

    SIGTERM waits until load balancers have noticed, SIGINT does not; a second signal ends the wait. Where
    logging is configured, uvicorn's warnings and errors go there too.

    Raises:
        CannotStart: the start raised one of ``start_errors``.
    """
    try:
        with starting(*start_errors), resting_collector(own_process=True):
            await app.start()
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
        shutdown = shutdown or Shutdown()
        own_log = {"log_config": None} if logging.root.handlers else {}
        config = _config(app, timeout_graceful_shutdown=None, **own_log)
        logger.info("Process %d started", os.getpid())
        await _Server(config, ready, limits, shutdown).serve(sockets=[listening])
    finally:
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await app.stop()
        except TimeoutError:
            logger.warning("What the app has opened does not close; the process ends without that")
    logger.info("Process %d ended", os.getpid())


@contextlib.contextmanager
def serving(
    app: ASGIApp | Endable, listening: socket.socket, name: str = "served-app", **options: Any
) -> Iterator[str]:
    """Serve an app in a thread with a loop of its own, for the length of a ``with`` block; yield its URL.

    Args:
        app: started, ended and stopped by its methods if it is `Endable`, else by ASGI's lifespan; behind our
            HTTP if it is a `StartableApp`, else behind uvicorn's.
        options: of `uvicorn.Config`.

    Raises:
        CannotStart: the lifespan failed.
    """
    if not isinstance(app, Endable):
        http = HttpProtocol if isinstance(app, StartableApp) else "auto"
        options = {"http": http, "ws": "auto", "lifespan": "auto", **options}
    config = _config(app, **{"log_config": None, **options})
    started: Future[None] = Future()
    server = _Server(config, lambda: started.set_result(None))
    with contextlib.ExitStack() as running:
        loop = running.enter_context(_Loop(config.get_loop_factory() or asyncio.new_event_loop, name))
        if isinstance(app, Endable):
            running.callback(lambda: loop.submit(app.stop()).result())
            loop.submit(app.start()).result()
        ended = loop.submit(server.serve([listening]))

        def end() -> None:
            if isinstance(app, Endable):
                app.end()
            server.should_exit = True
            ended.result()

        running.callback(end)
        wait([started, ended], return_when=FIRST_COMPLETED)
        if not started.done():
            ended.result()
            raise CannotStart("The server ended before it responded.")
        yield url_of(listening)


def _config(app: ASGIApp | StartableApp, **options: Any) -> Config:
    return Config(
        app,
        **{
            "http": HttpProtocol,
            "ws": "none",
            "lifespan": "off",
            "access_log": False,
            "server_header": False,
            "proxy_headers": False,  # the app believes the proxies that are set, and no others
            "timeout_graceful_shutdown": SHUTDOWN_SECONDS,
            **options,
        },
    )


class _Server(Server):
    """A uvicorn server that reports that it responds, in a process that may open as many files as it can."""

    def __init__(
        self,
        config: Config,
        ready: Callable[[], None],
        limits: ConnectionLimits | None = None,
        shutdown: Shutdown | None = None,
    ) -> None:
        super().__init__(config)
        raise_file_limit()
        sys.setswitchinterval(min(SWITCH_SECONDS, sys.getswitchinterval()))
        self.server_state.connections = self._connections = Connections(limits or ConnectionLimits())
        self._arrivals: list[Arrivals] = []
        self._ready = ready
        self._shutdown = shutdown
        self._draining = False

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End the server by SIGINT and SIGTERM; uvicorn would raise them again before the app stops."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, number)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _on_signal(self, number: int) -> None:
        """Drain, and end: after SIGTERM the lame-duck time later."""
        seconds = 0.0 if self._shutdown is None else self._shutdown.lame_duck_seconds
        if self._draining or number == signal.SIGINT or not seconds:
            seconds = 0
            self.handle_exit(number, None)
        else:
            asyncio.get_running_loop().call_later(seconds, setattr, self, "should_exit", True)  # noqa: FBT003 -- setattr's
        logger.info("%s: shutting down in %g s", signal.Signals(number).name, seconds)
        drain: Callable[[], None] | None = getattr(self.config.app, "drain", None)
        if not self._draining and drain is not None:
            drain()  # report not ready from now on, and serve as before
        self._draining = True
        self.config.encoded_headers.append(CLOSE)
        self._close_after_responses()

    def _close_after_responses(self) -> None:
        # another list, since requests under way have this one
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the listener, and let requests come to their end, of waiting connections too."""
        loop = asyncio.get_running_loop()
        if self._shutdown is not None:
            loop.call_later(self._shutdown.grace_seconds, self._refuse_late)
        self._close_after_responses()
        await self._accept_waiting(sockets or [])
        if self.config.is_ssl:  # idle clients take no part in closing TLS
            loop.call_later(TLS_CLOSE_SECONDS, self._abort_idle)
        loop.call_later(FIRST_REQUEST_SECONDS, self._close_idle)
        await super().shutdown(sockets)
        if self.server_state.connections:  # where time is up: what is cancelled now may still respond
            await asyncio.sleep(ROUND_TRIP_SECONDS)
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)  # the loop closes them

    async def _accept_waiting(self, sockets: list[socket.socket]) -> None:
        """Close the listener as soon as no connection waits there, since the system would reset it."""
        waiting = select.poll()
        for listening in sockets:
            if not hold_back(listening):
                listening.listen(1)  # where many wait, clients are to try another server
            waiting.register(listening, select.POLLIN)
        if self._shutdown is not None:
            await asyncio.sleep(ROUND_TRIP_SECONDS)
        deadline = time.monotonic() + LINGER_SECONDS
        while (waiting.poll(0) or any(self._arrivals)) and time.monotonic() < deadline:  # noqa: ASYNC110 -- the loop accepts them
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()

    def _refuse_late(self) -> None:
        late = ServiceUnavailable("The server is shutting down.")
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpProtocol):
                connection.refuse_late(late)
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._cancel)

    def _cancel(self) -> None:
        for task in self.server_state.tasks:  # those that did not notice a disconnection
            task.cancel()

    def _abort_idle(self) -> None:
        for connection in self._idle():
            if connection.is_closing():
                connection.transport.abort()

    def _close_idle(self) -> None:
        for connection in self._idle():
            connection.close()

    def _idle(self) -> list[HttpProtocol]:
        ours = (item for item in self.server_state.connections if isinstance(item, HttpProtocol))
        return [connection for connection in ours if connection.is_idle]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the lifespan, and accept connections: uvicorn's leaves handshakes a minute."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise CannotStart("The app does not start: its lifespan failed.")
        tls: dict[str, Any] = {}
        if self.config.is_ssl:
            tls = {"ssl": self.config.ssl, "ssl_handshake_timeout": HANDSHAKE_SECONDS}
        state = {"server_state": self.server_state, "app_state": self.lifespan.state}
        kind: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        make = partial(kind, config=self.config, **state)
        shared = self.config.backlog, make, self._connections.most_waiting
        self._arrivals = [Arrivals(sock, *shared, **tls) for sock in sockets or []]
        # ASGI's "server" is where it listens, on every address perhaps, and not what a client connected to
        vars(self.server_state)["listening"] = next((sock.getsockname()[:2] for sock in sockets or []), None)
        self.servers = cast("Any", self._arrivals)  # of which uvicorn closes each, and waits for its end
        self.started = True
        if not self.should_exit:
            self._ready()


class _Loop:
    """An event loop in a thread of its own, for the length of a ``with`` block."""

    def __init__(self, factory: Callable[[], asyncio.AbstractEventLoop], name: str) -> None:
        self._loop = factory()
        # a daemon, so that an interrupt while the app starts or ends is not held up by it
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
