"""Connections: how many there are, which one is closed for another, and clients that do not read."""

import asyncio
import contextlib
import resource
import socket
import time
from functools import partial

import pytest

from contract_first.service.http import timeouts
from contract_first.service.http.connections import RESERVED_FOR_HEALTH, raise_file_limit
from contract_first.service.http.server import listen, serving
from contract_first.service.http.turns import Turns

from .conftest import BIG, GET, GO_ON, STARTED, app, read, refusal, wait_until


async def test_a_connection_that_fails_holds_up_no_other():
    """What is raised where one connection sends is reported, and all others send, then and later."""
    loop, failures, sent = asyncio.get_running_loop(), [], []

    def fail():
        raise RuntimeError("a bug")

    loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
    turns = Turns(loop, set())
    for each in ("first", "second"):
        turns.flush(fail)
        turns.flush(partial(sent.append, each))
        for _ in range(3):
            await asyncio.sleep(0)
    assert sent == ["first", "second"]
    assert len(failures) == len(sent)


@pytest.mark.parametrize("requests", [1, 100])
def test_a_client_that_does_not_read_is_cut_off(server, connection, monkeypatch, requests):
    """A response is read at the least rate, or the connection is gone; nothing is served meanwhile."""
    monkeypatch.setattr(timeouts, "PATIENCE_SECONDS", 0.1)
    STARTED.clear()
    connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * requests)
    wait_until(lambda: STARTED and not server.server_state.connections)
    assert STARTED == ["/big"]


def test_a_client_that_reads_slowly_is_served(connection, monkeypatch):
    """Who reads at the least rate gets all of the response, however long it takes."""
    monkeypatch.setattr(timeouts, "PATIENCE_SECONDS", 1)
    connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    received = 0
    while piece := connection.recv(256 * 1024):
        received += len(piece)
        time.sleep(0.03)
    assert received > len(BIG)


@pytest.fixture
def connect(server):
    """Connect from an address, and get a response if a request is sent."""
    with contextlib.ExitStack() as open_connections:

        def make(address="127.0.0.1", sent=GET + b"\r\n"):
            connected = socket.create_connection(server.address, 10, (address, 0))
            open_connections.enter_context(connected)
            connected.sendall(sent)
            if sent:
                assert connected.recv(65536).startswith(b"HTTP/1.1 200 ")
            return connected

        yield make


def test_idle_connections_of_one_address_lock_nobody_out(connect):
    """A new connection is served; the one that was idle longest is closed, of the same address."""
    other = connect("127.0.0.2")
    idle = [connect(), *(connect(sent=b"") for _ in range(2)), connect()]
    for closed in idle:
        connect()
        assert read(closed) == b""
    other.sendall(GET + b"\r\n")
    assert other.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_idle_connections_of_many_addresses_lock_nobody_out(connect):
    """The limit of all connections closes the one that was idle longest, from any address."""
    idle = [connect(f"127.0.0.{number}") for number in range(2, 10)]
    connect("127.0.0.10")
    assert read(idle[0]) == b""


def all_in_use(connect):
    """Return as many connections as there may be, with a request on each that ends once `GO_ON` is set."""
    GO_ON.clear()
    STARTED.clear()
    used = []
    while len(used) < 4:
        used.append(connect(sent=b""))
        used[-1].sendall(b"GET /held HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        wait_until(lambda: len(STARTED) == len(used))
    return used


def test_a_connection_in_use_is_not_closed_for_another(connect):
    """Where none is idle, the new one is closed."""
    used = all_in_use(connect)
    assert read(connect(sent=b"")) == b""
    other = connect(sent=b"")
    other.sendall(GET + b"\r\n")
    assert refusal(other) == 503
    GO_ON.set()
    assert all(read(each).startswith(b"HTTP/1.1 200 ") for each in used)


def test_health_is_reported_while_all_connections_are_used(connect):
    """Beyond the limits, a few connections are there for health alone, and those make room."""
    used = all_in_use(connect)
    waiting = [connect(sent=b"") for _ in range(RESERVED_FOR_HEALTH)]
    health = connect(sent=b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"" in (read(each) for each in waiting)
    assert read(health) == b""
    GO_ON.set()
    assert all(read(each).startswith(b"HTTP/1.1 200 ") for each in used)


def test_every_server_may_open_as_many_files_as_the_system_allows(monkeypatch):
    """A mock or proxy in a thread too."""
    raised = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 20_000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    with listen("127.0.0.1", 0) as listening, serving(app, listening, lifespan="off"):
        assert raised == [(20_000, 20_000)]


def test_as_many_files_as_the_system_allows(monkeypatch):
    """The limit of open files is raised to the hard one."""
    raised = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 20_000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    raise_file_limit()
    assert raised == [(20_000, 20_000)]
