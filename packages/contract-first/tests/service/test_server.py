"""What keeps a server from starting, what is a bug, and what a server that ends still serves."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import select
import signal
import socket
import sys
import threading
import time

import pytest
import uvloop

from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import CannotStart, Shutdown, listen, serve, serving

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAME_DUCK_SECONDS = 1


class App:
    """An app that fails where it is asked to."""

    def __init__(self, error=None):
        self.error = error
        self.stopped = False

    async def start(self):
        """Fail at the start."""
        if self.error is not None:
            raise self.error

    async def stop(self):
        """Note it."""
        self.stopped = True

    async def __call__(self, _scope, _receive, _send):
        """Respond with nothing."""


def run(app, ready, monkeypatch):
    """Serve until `ready` raises."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    with listen("127.0.0.1", 0) as listening:
        asyncio.run(serve(app, listening, ready, start_errors=(ValueError,)))


def failing():
    """Fail while the server runs."""
    raise ValueError("a bug")


def test_an_error_of_the_start_says_why(monkeypatch):
    """It keeps its message, and what was opened is closed."""
    app = App(ValueError("no bucket"))
    with pytest.raises(CannotStart, match="no bucket"):
        run(app, failing, monkeypatch)
    assert app.stopped


def test_another_error_of_the_start_is_a_bug(monkeypatch):
    """What nobody expects at a start keeps its traceback."""
    with pytest.raises(KeyError):
        run(App(KeyError("x")), failing, monkeypatch)


def test_an_error_while_serving_is_a_bug(monkeypatch):
    """A ValueError later than the start is no reason for not to start."""
    app = App()
    with pytest.raises(ValueError, match="a bug"):
        run(app, failing, monkeypatch)
    assert app.stopped


class Responding(App):
    """An app that responds to everything."""

    async def __call__(self, _scope, _receive, send):
        """Respond with nothing."""
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def connected(listening, sent=b""):
    """Connect as a client does, and send something."""
    connection = socket.create_connection(listening.getsockname(), timeout=30)
    connection.sendall(sent)
    return connection


def received(connection):
    """Return all that a client gets until the connection is closed."""
    with connection, connection.makefile("rb") as stream:
        return stream.read()


def serve_until_sigterm(app, listening, monkeypatch, **shutdown):
    """Serve in this thread, with a SIGTERM as soon as the server responds."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    uvloop.run(
        serve(app, listening, lambda: os.kill(os.getpid(), signal.SIGTERM), shutdown=Shutdown(**shutdown))
    )


def test_connections_that_wait_to_be_accepted_are_served(monkeypatch):
    """What the system has accepted when the port closes is not reset: clients have sent requests on it."""

    class Busy(Responding):
        def drain(self):
            self.ends = time.monotonic() + LAME_DUCK_SECONDS
            self.refused = connected(listening, GET.replace(b"Host", b"X"))

        def note_refusal(self, *_):
            # nothing is accepted until this returns, and then the server is due to end before it accepts
            self.waiting = [connected(listening, GET) for _ in range(20)]
            time.sleep(max(0, self.ends + 0.2 - time.monotonic()))

    app = Busy()
    with listen("127.0.0.1", 0) as listening:
        serve_until_sigterm(app, listening, monkeypatch, lame_duck_seconds=LAME_DUCK_SECONDS)
    assert received(app.refused).startswith(b"HTTP/1.1 400 ")
    responses = [received(connection) for connection in app.waiting]
    assert {response[:13] for response in responses} == {b"HTTP/1.1 204 "}
    assert all(b"connection: close" in response for response in responses)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system resets it")
def test_a_connection_that_comes_after_the_last_look_is_not_reset(monkeypatch):
    """Between finding that none waits and closing the port none is accepted; its client tries again."""
    poll = select.poll

    class Late:
        def __init__(self):
            self.poller = poll()
            self.register = self.poller.register

        def poll(self, timeout):
            if not (waiting := self.poller.poll(timeout)):
                client.connect_ex(listening.getsockname())
            return waiting

    with listen("127.0.0.1", 0) as listening, socket.socket() as client:
        client.settimeout(0)
        monkeypatch.setattr(select, "poll", Late)
        serve_until_sigterm(Responding(), listening, monkeypatch)
        select.select([], [client], [], 30)
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED


def test_a_new_connection_has_time_for_its_request(monkeypatch):
    """A client that has just connected sends its request when the port is closed already."""

    class Watching(Responding):
        def drain(self):
            self.sent = asyncio.create_task(self.send())

        async def send(self):
            while listening.fileno() >= 0:  # noqa: ASYNC110 -- the port sets no event
                await asyncio.sleep(0)
            new.sendall(GET)

    with listen("127.0.0.1", 0) as listening:
        new, silent = connected(listening), connected(listening)
        serve_until_sigterm(Watching(), listening, monkeypatch)
    assert received(new).startswith(b"HTTP/1.1 204 ")
    assert received(silent) == b""


@pytest.mark.parametrize("options", [{}, {"http": HttpProtocol}])
def test_a_response_that_nobody_reads_ends_with_the_server(options):
    """Its connection is closed with the others, where the garbage collector would find it open later."""
    has_started = threading.Event()

    async def much(scope, _receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            has_started.set()
            await send({"type": "http.response.body", "body": bytes(8 * 1024 * 1024)})

    with listen("127.0.0.1", 0) as listening, connected(listening, GET):
        with serving(much, listening, timeout_graceful_shutdown=0, **options):
            assert has_started.wait(30)
        gc.collect()
