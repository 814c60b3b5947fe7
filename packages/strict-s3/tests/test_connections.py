"""What a connection to S3 may use up before and while a request is read, over real sockets."""

from __future__ import annotations

import contextlib
import resource
import socket
import ssl
import struct
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from strict_s3.capped_log import CappedLog
from strict_s3.http import body, connections, turns, wire
from strict_s3.http.wire import Listener
from strict_s3.tls import authority

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FILLING = b"a" * 8192
BLOCK = bytes(1024 * 1024)
MOST_SENT_BYTES = 32 * 1024 * 1024


def app(environ, start_response):
    """Respond once the whole body is there, or with an error if it does not come; to /big with much."""
    try:
        while environ["wsgi.input"].read(65536):
            pass
        status = "200 OK"
    except (TimeoutError, body.BodyCutShort):
        status = "400 Bad Request"
    if environ["PATH_INFO"] == "/big":
        start_response(status, [("Content-Length", str(100 * len(BLOCK)))])
        return [BLOCK] * 100
    start_response(status, [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def connect():
    """Serve the app, and connect from an address; a request is sent, and its response awaited."""
    with Listener("127.0.0.1", 0) as server, contextlib.ExitStack() as stack:
        server.app = app
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def make(sent=GET + b"\r\n", address="127.0.0.1"):
            connected = socket.create_connection(server.server_address, 10, (address, 0))
            stack.enter_context(connected)
            connected.sendall(sent)
            if sent.endswith(b"\r\n\r\n"):
                assert served(connected).startswith(b"HTTP/1.1 200 ")
                while not server.connections._slots[connected.getsockname()].is_idle:
                    time.sleep(0.001)
            return connected

        make.server = server
        make.slots = server.connections._slots
        make.turns = server.connections.turns
        yield make
        server.shutdown()
        thread.join()


def served(connection):
    """Return a whole response."""
    received = b""
    while not received.endswith(b"ok"):
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def read(connection):
    """Return everything until the server closes."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received


def dripped(connection, piece):
    """Send a piece again and again until the server closes; return what it sent, or fail."""
    connection.settimeout(0.01)
    until = time.monotonic() + 20
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < until:
            connection.sendall(piece)
            with contextlib.suppress(TimeoutError):
                return connection.recv(65536)
        pytest.fail("The server waits on.")
    return b""


def test_what_nobody_waits_for_is_closed(connect):
    """The blocks of a response are closed, such as a file, where not even its head can be sent."""
    is_asked, is_gone, is_closed = threading.Event(), threading.Event(), threading.Event()

    def opened():
        with contextlib.closing(SimpleNamespace(close=is_closed.set)):
            yield b"ok"

    def waiting(_, start_response):
        is_asked.set()
        assert is_gone.wait(20)
        start_response("200 OK", [("Content-Length", "2")])
        return opened()

    connect.server.app = waiting
    connected = socket.create_connection(connect.server.server_address)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by a reset
    connected.sendall(GET + b"\r\n")
    assert is_asked.wait(20)
    connected.close()
    is_gone.set()
    assert is_closed.wait(20)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_idle_connections_lock_nobody_out(connect, monkeypatch, address):
    """The one that is idle longest makes room, of the same address or of all."""
    monkeypatch.setattr(connections, "CONNECTIONS", 6)
    monkeypatch.setattr(connections, "CONNECTIONS_OF_AN_ADDRESS", 4)
    idle = [connect() for _ in range(4)] + [connect(address="127.0.0.3"), connect(address="127.0.0.4")]
    connect(address=address)
    assert read(idle[0]) == b""
    idle[1].sendall(GET + b"\r\n")
    assert served(idle[1]).startswith(b"HTTP/1.1 200 ")


def test_an_address_with_too_many_requests_is_asked_to_slow_down(connect, monkeypatch):
    """Where no connection of an address is idle, a new one gets S3's error; other addresses are served."""
    monkeypatch.setattr(connections, "CONNECTIONS_OF_AN_ADDRESS", 4)
    upload = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r"
    for _ in range(4):
        used = connect(upload)
        used.sendall(b"\n")
        assert used.recv(100).startswith(b"HTTP/1.1 100 ")
    refused = read(connect(b""))
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"<Code>SlowDown</Code>" in refused
    connect(address="127.0.0.2")


def test_half_sent_heads_lock_nobody_out(connect, monkeypatch):
    """A connection without a whole head makes room, however much of it has come."""
    monkeypatch.setattr(connections, "CONNECTIONS_OF_AN_ADDRESS", 4)
    halves = [connect(GET) for _ in range(6)]
    connect()
    assert read(halves[0]) == b""


@pytest.mark.parametrize("request_", [b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n", CHUNKED])
def test_clients_that_stall_lock_nobody_out(connect, monkeypatch, request_):
    """Who neither reads a response nor sends a body makes room after a while."""
    monkeypatch.setattr(connections, "CONNECTIONS_OF_AN_ADDRESS", 4)
    monkeypatch.setattr(connections, "STALL_SECONDS", 0.2)
    stalled = [connect(request_[:-1]) for _ in range(4)]
    for one in stalled:
        one.sendall(b"\n")
    until = time.monotonic() + 20
    while not all(slot.waits_since < time.monotonic() for slot in connect.slots.values()):
        assert time.monotonic() < until
        time.sleep(0.01)
    received = b""
    while not received.startswith(b"HTTP/1.1 200 "):
        assert time.monotonic() < until
        another = connect(GET)
        with contextlib.suppress(ConnectionError):
            another.sendall(b"\r\n")
            received = another.recv(100)


@pytest.mark.parametrize("piece", [b"x", b"\r\nX: "])
def test_a_head_has_one_deadline(connect, monkeypatch, piece):
    """A head that comes byte by byte has no longer than one that does not come."""
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.2)
    assert dripped(connect(GET[:-2]), piece) == b""


def test_a_body_that_drips_is_a_timeout(connect, monkeypatch):
    """A body has to come at the least rate; S3's word for it is RequestTimeout."""
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(connections, "LEAST_BYTES_PER_SECOND", 1_000_000)
    dripping = connect(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
    assert dripped(dripping, b"x").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (GET, b"X: " + FILLING + b"\r\n"),
        (GET, b"X: y\r\n" * 100),
        (GET + b"X: ", FILLING),
    ],
    ids=["long fields", "fields", "field"],
)
def test_a_head_without_end_is_cut_off(connect, beginning, piece):
    """What never ends is refused while it comes in."""
    endless = connect(beginning)
    with pytest.raises(ConnectionError):
        endless.sendall(piece * (MOST_SENT_BYTES // len(piece)))


@pytest.mark.parametrize(
    "piece",
    [b"1;x=" + FILLING + b"\r\nx\r\n", b"0\r\n" + b"X: y\r\n" * 20_000, b"1\r\nx\r\n0\r\nX: " + FILLING * 9],
    ids=["extensions", "trailers", "trailer"],
)
def test_what_is_around_chunks_has_a_limit(connect, piece):
    """Extensions and trailers are read up to 64 KiB together."""
    chunked = connect(CHUNKED[:-1])
    chunked.sendall(b"\n" + piece * 9 + b"0\r\n\r\n")
    assert read(chunked).startswith(b"HTTP/1.1 400 ")


def test_small_chunks_are_a_body(connect):
    """What is needed around each chunk is no extension."""
    chunked = connect(CHUNKED[:-1])
    chunked.sendall(b"\n" + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
    assert served(chunked).startswith(b"HTTP/1.1 200 ")


def test_a_long_field_is_refused_before_its_end(connect):
    """As much is read of it as a head may have: hundreds of connections hold few megabytes."""
    endless = connect(GET[:-1])
    endless.sendall(b"\nX: " + b"a" * (connections.MOST_HEAD_BYTES + 1))
    assert b"<Code>RequestHeaderSectionTooLarge</Code>" in read(endless)


def test_a_client_that_does_not_read_is_cut_off(connect, monkeypatch):
    """A block of a response is read in time, or the connection is gone."""
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.2)
    connect(b"GET /big HTTP/1.1\r\nHost: x\r\n\r").sendall(b"\n")
    until = time.monotonic() + 10
    while connect.slots:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_pipelined_requests_are_served(connect):
    """A client that sends requests ahead gets a response to each."""
    pipelined = connect(GET[:-1])
    pipelined.sendall(
        b"\n\r\n" + (GET + b"\r\n") * 99 + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert read(pipelined).count(b"HTTP/1.1 200 ") == 101


def test_requests_take_turns_of_addresses(connect, monkeypatch):
    """Behind fifty of one address, that of another waits for those that have a turn, and one more at most."""
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(turns, "TURN_SECONDS", 1000)
    order, begins, crowd = [], threading.Semaphore(0), 50
    connect.server.app = ordered(order, begins)
    for number in range(crowd + 1):
        address = "127.0.0.3" if number == crowd else "127.0.0.2"
        sent = b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % address.encode()
        connect(b"", address).sendall(sent)
        wait_until(lambda count=number: len(connect.turns) == count)
    for _ in range(crowd + 1):
        begins.release()
    wait_until(lambda: len(order) == crowd + 1)
    assert order.index("127.0.0.3") <= 2


def ordered(order, begins):
    """Return an app that notes whose requests it serves, each once it may."""

    def app(environ, start_response):
        begins.acquire(timeout=10)
        order.append(environ["HTTP_HOST"])
        start_response("200 OK", [("Content-Length", "0")])
        return []

    return app


def test_a_turn_ends_where_its_client_is_waited_for(connect, monkeypatch):
    """A request whose body does not come holds up no other."""
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(turns, "TURN_SECONDS", 1000)
    hanging = connect(CHUNKED[:-1])
    hanging.sendall(b"\n")
    connect()
    assert len(connect.turns) == 0


def test_a_turn_has_an_end(connect, monkeypatch):
    """A request that takes long, as with a fault's delay, keeps no other from being served."""
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 1)
    order, begins = [], threading.Semaphore(0)
    connect.server.app = ordered(order, begins)
    for _ in range(2):
        connect(GET[:-1]).sendall(b"\n\r\n")
    wait_until(lambda: len(connect.turns) == 1)
    begins.release(2)
    wait_until(lambda: len(order) == 2)


def test_connections_are_served_by_turns_of_addresses():
    """Of all that have arrived; beyond what may wait the address that has most loses its last."""
    with Listener("127.0.0.1", 0) as server, contextlib.ExitStack() as stack:
        for address in ["127.0.0.2"] * 20 + ["127.0.0.3"]:
            stack.enter_context(socket.create_connection(server.server_address, 10, (address, 0)))
        served_addresses = []
        for _ in range(3):
            connection, (address, _) = server.get_request()
            connection.close()
            served_addresses.append(address)
        assert served_addresses == ["127.0.0.2", "127.0.0.3", "127.0.0.2"]


def test_beyond_what_may_wait_who_has_most_loses(monkeypatch):
    """The connection of another address is served."""
    monkeypatch.setattr(wire, "MOST_ARRIVED", 5)
    with Listener("127.0.0.1", 0) as server, contextlib.ExitStack() as stack:
        for address in ["127.0.0.2"] * 20 + ["127.0.0.3"]:
            stack.enter_context(socket.create_connection(server.server_address, 10, (address, 0)))
        arrived = []
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, (address, _) = server.get_request()
                connection.close()
                arrived.append(address)
    assert len(arrived) == 5
    assert "127.0.0.3" in arrived


def wait_until(holds):
    """Wait until something holds, for ten seconds at most."""
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_a_connection_beyond_all_waits_with_an_end(connect, monkeypatch):
    """Without room it is asked to slow down, so that the server hears that it is to end."""
    monkeypatch.setattr(connections, "CONNECTIONS", 2)
    monkeypatch.setattr(connections, "ROOM_SECONDS", 0.1)
    for _ in range(2):
        used = connect(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r")
        used.sendall(b"\n")
        assert used.recv(100).startswith(b"HTTP/1.1 100 ")
    assert b"<Code>SlowDown</Code>" in read(connect(b""))
    monkeypatch.setattr(connections, "ROOM_SECONDS", 1000)  # the next ones do not wait one after the other
    assert b"<Code>SlowDown</Code>" in read(connect(b""))
    used.sendall(b"xx")
    assert served(used).startswith(b"HTTP/1.1 200 ")
    until = time.monotonic() + 10
    while not any(slot.is_idle for slot in connect.slots.values()):
        assert time.monotonic() < until
        time.sleep(0.001)
    connect()


def test_who_never_shakes_hands_locks_nobody_out(connect, monkeypatch, tmp_path):
    """Connections that do not begin TLS make room, as idle ones do."""
    monkeypatch.setattr(connections, "CONNECTIONS_OF_AN_ADDRESS", 4)
    with authority(tmp_path) as own:
        connect.server.tls = own.server_context(["127.0.0.1"])
    for _ in range(4):
        connect(b"")
    client = ssl.create_default_context(cafile=own.file)
    with client.wrap_socket(connect(b""), server_hostname="127.0.0.1") as encrypted:
        encrypted.sendall(GET + b"\r\n")
        assert served(encrypted).startswith(b"HTTP/1.1 200 ")


def test_threads_that_compute_make_way_for_others(monkeypatch):
    """Each would else have the interpreter for 5 ms, as long as some requests take."""
    intervals = []
    monkeypatch.setattr(sys, "setswitchinterval", intervals.append)
    Listener("127.0.0.1", 0).server_close()
    assert max(intervals) <= wire.SWITCH_SECONDS


def test_requests_sent_ahead_make_way_for_others(connect, monkeypatch):
    """A thread that serves one after the other would hardly leave the interpreter to any other."""
    breaks = []
    slept = SimpleNamespace(sleep=breaks.append, monotonic=time.monotonic)
    monkeypatch.setattr(wire, "time", slept)
    connected = connect()
    assert breaks == []
    connected.sendall((GET + b"\r\n") * 3)
    received = b""
    while received.count(b"\r\n\r\nok") < 3:
        received += connected.recv(65536)
    assert breaks == [wire.GIVE_WAY_SECONDS] * 2


def test_files_are_there_for_all_connections():
    """The process may open as many files as its connections need, where the system allows it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = before[1] if before[1] != resource.RLIM_INFINITY else connections.MOST_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, most), before[1]))
    try:
        Listener("127.0.0.1", 0).server_close()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(connections.MOST_FILES, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    "head",
    [
        b"GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS / RTSP/1.0\r\nHost: x\r\n\r\n",
        b"SOURCE / ICE/1.0\r\nHost: x\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /  HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\rGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n",
        GET + b"X: y\r\n z\r\n\r\n",
        GET + b"X: y\rz\r\n\r\n",
        GET + b"X: y\0z\r\n\r\n",
        GET + b"X : y\r\n\r\n",
        GET + b": y\r\n\r\n",
        GET + b"X\r\nContent-Length: 1\r\n\r\n",
        GET + b"Transfer-Encoding : chunked\r\n\r\n",
        GET + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
        GET + b"Transfer-Encoding:\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
        GET + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        GET + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        GET + b"Content-Length: 1, 1\r\n\r\nx",
        CHUNKED + b"1\nx\r\n0\r\n\r\n",
        CHUNKED + b"1;x\ny\r\nx\r\n0\r\n\r\n",
        CHUNKED + b"1\r\nx\r\n0\r\nX: y\n\n\r\n",
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(connect, head):
    """Where a request ends is known, or it gets an error, and what is behind it is no request."""
    ambiguous = connect(b"")
    ambiguous.sendall(head + GET + b"\r\n")
    received = read(ambiguous)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("coding", [b"\t CHUNKED ", b"Chunked"])
def test_chunked_is_read_however_it_is_written(connect, coding):
    """Names of transfer codings have no case."""
    chunked = connect(b"")
    chunked.sendall(CHUNKED.replace(b"chunked", coding) + b"1\r\nx\r\n0\r\n\r\n")
    assert served(chunked).startswith(b"HTTP/1.1 200 ")


def test_a_head_that_ends_too_early_is_no_request(connect):
    """A client that goes away amid the fields may have meant to send more of them."""
    cut = connect(GET)
    cut.shutdown(socket.SHUT_WR)
    assert read(cut).startswith(b"HTTP/1.1 400 ")


def test_requests_that_cannot_be_read_are_logged_with_a_cap(connect, caplog):
    """The log has the client's address and why, ten times a minute, and nothing of what was sent."""
    now = [1000.0]
    connect.server.refusals = CappedLog(wire._log, ticks=lambda: now[0])
    for _ in range(23):
        assert b"HTTP/1.1 400 " in connect(b"\x1b[31m HTTP\r\n").recv(65536)
    now[0] += 60
    connect(b"no HTTP\r\n").recv(65536)
    lines = [record.getMessage() for record in caplog.records if record.name == "strict_s3.http.wire"]
    assert len(lines) == 12
    assert lines[0] == "Request of 127.0.0.1 refused: An error occurred when parsing the HTTP request."
    assert lines[10] == "13 more of the last minute left out."
    assert not any("\x1b" in line for line in lines)
