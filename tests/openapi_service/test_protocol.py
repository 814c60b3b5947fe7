"""What a connection may use up before an app is asked."""

from __future__ import annotations

import json
import socket
import threading

import pytest
import uvicorn

from openapi_service.protocol import MOST_FIELDS, MOST_HEAD_BYTES, MOST_TARGET_BYTES, OneWriteProtocol
from openapi_service.server import listen

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
FILLING = b"a" * 8192
MOST_SENT_BYTES = 16 * 1024 * 1024


async def app(_scope, receive, send):
    """Respond once the whole body is there."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def address():
    """Serve the app and return its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, http=OneWriteProtocol, ws="none", lifespan="off", access_log=False)
    )
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield listening.getsockname()
        server.should_exit = True
        thread.join()


@pytest.fixture
def connection(address):
    """Connect to the app."""
    with socket.create_connection(address, timeout=10) as connected:
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
    assert json.loads(body)["status"] == int(head.split()[1])
    return int(head.split()[1])


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"X: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n", 431),
        (GET + (b"X: " + FILLING + b"\r\n") * 8 + b"\r\n", 431),
        (GET + b"X: y\r\n" * MOST_FIELDS + b"\r\n", 431),
        (b"GET /" + b"a" * MOST_TARGET_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (CHUNKED + b"0\r\nX: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n", 431),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * MOST_FIELDS + b"\r\n", 431),
    ],
    ids=["long field", "many bytes", "many fields", "target", "long trailer", "many trailers"],
)
def test_a_head_over_the_limit_is_refused(connection, head, status):
    """A whole head over a limit is a problem, and ends the connection."""
    connection.sendall(head)
    assert refusal(connection) == status


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X: " + b"a" * (MOST_HEAD_BYTES - 100) + b"\r\n\r\n",
        GET + b"X: y\r\n" * (MOST_FIELDS - 1) + b"\r\n",
        b"GET /" + b"a" * (MOST_TARGET_BYTES - 1) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        CHUNKED + b"1;x=" + FILLING + b"\r\nx\r\n0\r\nX: " + FILLING + b"\r\n\r\n",
    ],
    ids=["bytes", "fields", "target", "chunks"],
)
def test_a_head_within_the_limit_is_served(connection, head):
    """The limits are those that are stated, request by request."""
    for _ in range(3):
        connection.sendall(head)
        received = b""
        while not received.endswith(b"ok"):
            piece = connection.recv(65536)
            assert piece, received
            received += piece
        assert received.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("beginning", "repeated"),
    [
        (GET + b"X: ", FILLING),
        (GET, b"X: y\r\n" * 1000),
        (b"GET /", FILLING),
        (CHUNKED + b"1;x=", FILLING),
        (CHUNKED + b"0\r\nX: ", FILLING),
        (CHUNKED + b"0\r\n", b"X: y\r\n" * 1000),
    ],
    ids=["field", "fields", "target", "chunk extension", "trailer", "trailers"],
)
def test_a_head_without_end_is_cut_off(connection, beginning, repeated):
    """What never ends is refused while it comes in; nobody reads all of it."""
    connection.sendall(beginning)
    endless = repeated * (MOST_SENT_BYTES // len(repeated))
    with pytest.raises(ConnectionError):
        connection.sendall(endless)
