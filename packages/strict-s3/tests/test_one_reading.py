"""Requests on a connection, read as h11 reads them: where two readers differ, a body may become a request."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import h11
import pytest

from strict_s3.http.wire import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = 1500
HEAD = b"PUT /a HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
REQUESTS = (
    HEAD + b"\r\n",
    HEAD + b"Content-Length: 5\r\n\r\nthere",
    CHUNKED + b"\r\n5\r\nthere\r\n0\r\n\r\n",
    CHUNKED + b"\r\n2;x=y\r\nth\r\n3;z\r\nere\r\n0\r\nX: y\r\n\r\n",
    CHUNKED + b'Connection: keep-alive, te\r\n\r\n00a;q="a b"\r\nGET / HTTP\r\n0\r\n\r\n',
)
PIECES = (
    b"\r\n", b"\r", b"\n", b" ", b"\t", b";", b":", b"\0", b"0", b"5", b"f", b"\xff", b"X: y\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 3\r\n", b"Connection: transfer-encoding, close\r\n",
    b"chunked", b"HTTP/1.1", b"0\r\n\r", b"0\r\n\r\n", b"1\r\n", b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n",
)  # fmt: skip

Requests = list[tuple[bytes, bytes, bytes]]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Listener, Requests]]:
    """Serve an app that notes method, target and body of what it reads whole."""
    requests: Requests = []

    def app(environ, start_response):
        with suppress(OSError):
            body = b"".join(iter(lambda: environ["wsgi.input"].read(65536), b""))
            requests.append((environ["REQUEST_METHOD"].encode(), environ["RAW_URI"].encode(), body))
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with Listener("127.0.0.1", 0) as server:
        server.app = app
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server, requests
        server.shutdown()
        thread.join()


def read_by_us(served: tuple[Listener, Requests], stream: bytes) -> Requests:
    """Return the requests that are served of a connection."""
    server, requests = served
    requests.clear()
    with socket.create_connection(server.server_address, 10) as connection, suppress(ConnectionError):
        connection.sendall(stream)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    return requests.copy()


def read_by_h11(stream: bytes) -> Requests:
    """Return the requests that h11 reads whole of a connection."""
    requests: Requests = []
    reader = h11.Connection(h11.SERVER)
    reader.receive_data(stream)
    reader.receive_data(b"")
    with suppress(h11.RemoteProtocolError):
        while isinstance(request := reader.next_event(), h11.Request):
            body = b""
            while isinstance(data := reader.next_event(), h11.Data):
                body += data.data
            if not isinstance(data, h11.EndOfMessage):
                break
            requests.append((request.method, request.target, body))
            reader.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            reader.send(h11.EndOfMessage())
            if reader.our_state is not h11.DONE or reader.their_state is not h11.DONE:
                break
            reader.start_next_cycle()
    return requests


def damaged(chance: random.Random) -> bytes:
    """Return requests with one to three places changed."""
    stream = bytearray(b"".join(chance.choices(REQUESTS, k=2)) + LAST)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(stream))
        stream[at : at + chance.randint(0, 2)] = chance.choice(PIECES)
    return bytes(stream)


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_is_whole_is_read_alike(served, request_):
    """A body ends where it says, and the next request begins there."""
    stream = request_ + request_ + LAST
    assert read_by_us(served, stream) == read_by_h11(stream)
    assert len(read_by_us(served, stream)) == 3


@pytest.mark.parametrize("request_", REQUESTS)
def test_close_may_be_one_option_of_many(served, request_):
    """Nothing is read behind a request whose connection options have `close`."""
    stream = request_.replace(b"Host: x\r\n", b"Host: x\r\nConnection: transfer-encoding, close\r\n") + LAST
    assert len(read_by_us(served, stream)) == 1
    assert read_by_us(served, stream) == read_by_h11(stream)


def test_what_is_damaged_is_read_alike_or_refused(served):
    """Whatever of a damaged stream is served, h11 reads as the same requests."""
    for seed in range(CASES):
        stream = damaged(random.Random(seed))  # noqa: S311 -- a seed gives the same stream
        ours, theirs = read_by_us(served, stream), read_by_h11(stream)
        assert ours == theirs[: len(ours)], (seed, stream)
