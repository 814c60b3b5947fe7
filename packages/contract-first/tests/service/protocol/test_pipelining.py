"""Requests that are sent before the response to the one before them."""

import asyncio
import contextlib
import socket
import time

import pytest

from contract_first.service.http.connections import ConnectionLimits, Connections
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import listen, serving

from .conftest import CHUNKED, GET, GO_ON, STARTED, read, wait_until

PIPELINED = [
    GET + b"\r\n",
    b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\na\r\n\r\nbc",
    CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\nX: y\r\n\r\n",
]


@pytest.mark.parametrize("size", [1, 7, 100, 1_000_000])
def test_pipelined_requests_are_handled_in_turn(connection, size):
    """Wherever what comes in is cut, each request gets its response."""
    STARTED.clear()
    sent = b"".join(PIPELINED) * 10 + b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for begin in range(0, len(sent), size):
        connection.sendall(sent[begin : begin + size])
    assert read(connection).count(b"HTTP/1.1 200 ") == 31
    assert STARTED == ["/", "/a", "/"] * 10 + ["/last"]


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("body", [b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
def test_a_blank_line_in_two_reads_ends_a_request(connection, body, cut):
    """The next request waits for the response, wherever TCP has cut the end of the one before it."""
    GO_ON.clear()
    STARTED.clear()
    held = b"POST /held HTTP/1.1\r\nHost: x\r\n" + body
    connection.sendall(b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(held[:-cut])
    time.sleep(0.05)  # a read of its own; where it is none, the test says less
    connection.sendall(held[-cut:] + b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    wait_until(lambda: STARTED != ["/first"])
    GO_ON.set()
    assert read(connection).count(b"HTTP/1.1 200 ") == 2
    assert STARTED == ["/first", "/held", "/last"]


def test_requests_behind_an_unfinished_one_are_not_started(server, connection):
    """They wait unread, however many there are, and are handled when it is their turn."""
    GO_ON.clear()
    STARTED.clear()
    connection.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n" + (GET + b"\r\n") * 2000)
    while STARTED != ["/held"] or not server.server_state.tasks:  # a task may start before it is noted
        time.sleep(0.001)
    assert len(server.server_state.connections) == 1
    assert len(server.server_state.tasks) == 1
    connection.sendall(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    GO_ON.set()
    assert read(connection).count(b"HTTP/1.1 200 ") == 2002


def test_pipelined_requests_begin_one_in_each_turn_of_the_event_loop():
    """Of however many connections they are, so that others do not wait for all of them."""
    turns, started = [0], []

    def tick():
        turns[0] += 1
        if len(started) < 10 * 20:
            asyncio.get_running_loop().call_soon(tick)

    async def counting(scope, _receive, send):
        if scope["path"] == "/ahead":
            started.append(turns[0])
        elif not turns[0]:
            tick()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    with (
        listen("127.0.0.1", 0) as listening,
        serving(counting, listening, http=HttpProtocol, lifespan="off"),
        contextlib.ExitStack() as stack,
    ):
        for _ in range(10):
            connected = socket.create_connection(listening.getsockname(), timeout=10)
            stack.enter_context(connected)
            connected.sendall(GET + b"\r\n" + b"GET /ahead HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        wait_until(lambda: len(started) == 10 * 20)
    assert len(set(started)) == 10 * 20


async def test_pipelined_requests_wait_for_short_turns_of_the_event_loop():
    """Long ones have enough to do; every 50 milliseconds one starts in them as well."""
    turns, started = [0], []
    connections = Connections(ConnectionLimits(), clock=lambda: turns[0] / 64)
    for _ in range(4):
        connections.take_turn("a", lambda: started.append(turns[0]))
    for _ in range(10):
        turns[0] += 1
        await asyncio.sleep(0)
    assert started == [4, 8]
    for _ in range(3):
        await asyncio.sleep(0)
    assert started == [4, 8, 10, 10]
