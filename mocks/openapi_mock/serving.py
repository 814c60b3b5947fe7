"""An ASGI app, served in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import uvicorn

from .faults.transport import TransportProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from concurrent.futures import Future
    from socket import socket

    from starlette.types import Receive, Scope, Send

SHUTDOWN_SECONDS = 1
Made = TypeVar("Made")


class Served(Protocol):
    """An ASGI app that is told when to begin and when to end."""

    async def start(self) -> None:
        """Get ready for the first request."""
        ...

    def end(self) -> None:
        """End what would go on for ever, so that the server can end."""
        ...

    async def stop(self) -> None:
        """Let go of everything."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        ...


@contextmanager
def serving(app: Served, listening: socket) -> Iterator[None]:
    """Start the app and serve, in a thread with an event loop of its own."""
    config = uvicorn.Config(
        app,
        http=TransportProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # access/ believes the proxies that are set, and here there are none
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)
    with ExitStack() as running:
        loop = running.enter_context(_Loop(config.get_loop_factory() or asyncio.new_event_loop))
        running.callback(lambda: loop.submit(app.stop()).result())
        loop.submit(app.start()).result()
        # the socket listens already: whoever connects from now on is answered
        ended = loop.submit(server.serve([listening]))

        def end() -> None:
            app.end()
            server.should_exit = True
            ended.result()

        running.callback(end)
        yield


class _Loop:
    """An event loop in a thread of its own, for as long as it is entered."""

    def __init__(self, make: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._loop = make()
        # a daemon, so that whoever is interrupted while the mock starts or ends is not held by it
        self._thread = threading.Thread(target=self._loop.run_forever, name="scanner-mock", daemon=True)

    def submit(self, work: Coroutine[Any, Any, Made]) -> Future[Made]:
        """Run a coroutine in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
