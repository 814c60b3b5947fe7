"""Checks for people who embed: of a URL or of an ASGI app, by one call."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import uvicorn

from openapi_service.server import listen, url_of

from .checking import CannotRunError, Checking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from .report import Report

GRACE_SECONDS = 1
LOOK_SECONDS = 0.01


def check_url(url: str, **how: Any) -> Report:
    """Check what answers at a URL; `how` is as in `Checking`.

    Raises:
        CannotRunError: it cannot be checked; the message says why.
    """
    checking = Checking(url=url, **how)
    with checking.started() as run:
        for _ in checking.events(run):
            pass
    return run.report


def check_app(app: Any, **how: Any) -> Report:
    """Check an ASGI app over real HTTP, on a free port of loopback; `how` is as in `Checking`.

    It blocks: from a coroutine, call it in another thread.

    Raises:
        CannotRunError: the app does not start, or cannot be checked.
    """
    with served(app) as url:
        return check_url(url, **how)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an ASGI app, lifespan and all, in a thread, and yield its URL.

    Raises:
        CannotRunError: the app does not start.
    """
    with listen("127.0.0.1", 0) as listening:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=_run, args=(server, listening), name="checked-app", daemon=True)
        thread.start()
        try:
            _wait(server, thread)
            yield url_of(listening)
        finally:
            server.should_exit = True
            thread.join()


def _run(server: uvicorn.Server, listening: socket) -> None:
    with suppress(SystemExit):  # what a server that cannot start ends with
        server.run([listening])


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise CannotRunError("The app does not start: its lifespan failed.")
        time.sleep(LOOK_SECONDS)
