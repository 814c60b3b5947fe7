"""A server of our HTTP, and what is sent to it and read from it byte by byte."""

import asyncio
import json
import socket
import threading
import time

import pytest
import uvicorn

from contract_first.service.http.connections import ConnectionLimits, Connections
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import listen

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
FILLING = b"a" * 8192
MOST_SENT_BYTES = 16 * 1024 * 1024
BIG = bytes(16 * 1024 * 1024)
GO_ON = threading.Event()
STARTED: list[str] = []


async def app(scope, receive, send):
    """Respond once the whole body is there: to /held once released, to /big with much, to /fails never.

    To /early at once, to /endless without a length, to /echo with what was sent; /late is read once released.
    What the query names are header fields of the response.
    """
    if scope["path"] == "/late":
        await asyncio.to_thread(GO_ON.wait, 10)
    sent, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        sent, more = sent + message.get("body", b""), message.get("more_body")
    STARTED.append(scope["path"])
    if scope["path"] == "/held":
        waiting_for_the_end = asyncio.create_task(receive())
        await asyncio.to_thread(GO_ON.wait, 10)
        waiting_for_the_end.cancel()
    if scope["path"] == "/fails":
        raise ValueError("a bug")
    body = {"/big": BIG, "/echo": sent}.get(scope["path"], b"ok")
    fields = [] if scope["path"] == "/endless" else [(b"content-length", str(len(body)).encode())]
    fields += [(name.encode(), b"y") for name in scope["query_string"].decode().split("&") if name]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def server():
    """Serve the app."""
    server = uvicorn.Server(
        uvicorn.Config(app, http=HttpProtocol, ws="none", lifespan="off", access_log=False)
    )
    server.server_state.connections = Connections(ConnectionLimits(total=8, per_address=4))
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        server.address = listening.getsockname()
        yield server
        server.should_exit = True
        thread.join()


@pytest.fixture
def connection(server):
    """Connect to the app."""
    with socket.create_connection(server.address, timeout=10) as connected:
        yield connected


def read(connection):
    """Return everything until the server closes; what it does not read may reset the connection."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def refusal(connection):
    """Return the status of the one response, which is a problem, before the connection is closed."""
    head, _, body = read(connection).partition(b"\r\n\r\n")
    assert head.count(b"HTTP/1.1 ") == 1
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"cache-control: no-store\r\nx-content-type-options: nosniff" in head
    assert json.loads(body)["status"] == int(head.split()[1])
    return int(head.split()[1])


def wait_until(holds):
    """Wait until something holds, for ten seconds at most."""
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.001)
