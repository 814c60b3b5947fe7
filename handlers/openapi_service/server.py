"""Serves the app with uvicorn, in a loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any, Protocol

import uvicorn

from .protocol import OneWriteProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Receive, Scope, Send


SHUTDOWN_SECONDS = 1
BACKLOG = 2048
YOUNG_OBJECTS = 10_000


class CannotListen(OSError):  # noqa: N818 -- says what happened
    """The address cannot be listened on; the message says which and why."""


class CannotStart(Exception):  # noqa: N818 -- says what happened
    """An app's lifespan failed."""


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """Return a socket that listens on an address, whose port an option sets; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(f"Cannot listen on {host} port {port} ({option}): {_reason(error)}.") from None


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)


def url_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Application(Protocol):
    """An ASGI app that is started before the first request and stopped after the last."""

    async def start(self) -> None:
        """Get ready for the first request."""
        ...

    async def stop(self) -> None:
        """Release everything."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        ...


async def serve(
    app: Application, listening: socket.socket, ready: Callable[[], None], *, log_level: str = "info"
) -> None:
    """Start the app, serve it until SIGINT or SIGTERM, and stop it; ``ready`` is called once it answers."""
    try:
        await app.start()
        # what is there now is there to stay: the collector need not look at it again and again
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
        await _Server(_config(app, log_level), ready).serve(sockets=[listening])
    finally:
        await app.stop()


@contextlib.contextmanager
def serving(app: Any, listening: socket.socket) -> Iterator[str]:
    """Serve any ASGI app, lifespan included, in a thread with a loop of its own, and yield its URL.

    Raises:
        CannotStart: its lifespan failed.
    """
    answering = threading.Event()
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS
    )
    server = _Server(config, answering.set)

    def run() -> None:
        with contextlib.suppress(SystemExit):  # what a server that cannot start ends with
            server.run([listening])
        answering.set()

    thread = threading.Thread(target=run, name="served-app", daemon=True)
    thread.start()
    answering.wait()
    if not server.started:
        raise CannotStart("The app does not start: its lifespan failed.")
    try:
        yield url_of(listening)
    finally:
        server.should_exit = True
        thread.join()


def _config(app: Application, log_level: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=OneWriteProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # access/ believes the proxies that are set, and no others
        log_level=log_level,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


class _Server(uvicorn.Server):
    """A uvicorn server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM end the server; uvicorn would raise them again before the app stops."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()
