"""What a connection may use up before an app is asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import resource
import socket
import threading
import time
from functools import partial

import pytest
import uvicorn

from openapi_contract import Contract
from openapi_service import Limits, create_app, exchange, timeouts
from openapi_service.capped_log import CappedLog
from openapi_service.connections import (
    RESERVED_FOR_HEALTH,
    ConnectionLimits,
    Connections,
    raise_file_limit,
)
from openapi_service.protocol import HttpProtocol
from openapi_service.request_head import MOST_FIELDS, MOST_HEAD_BYTES, MOST_TARGET_BYTES
from openapi_service.request_reader import RequestReader
from openapi_service.server import listen, serving
from openapi_service.turns import Turns

CONTRACT = {"openapi": "3.1.0", "info": {"title": "Nothing", "version": "1"}, "paths": {}}
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


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"X: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n", 431),
        (GET + (b"X: " + FILLING + b"\r\n") * 8 + b"\r\n", 431),
        (GET + b"X: y\r\n" * MOST_FIELDS + b"\r\n", 431),
        (b"GET /" + b"a" * MOST_TARGET_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (CHUNKED + b"0\r\nX: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n", 431),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * (MOST_FIELDS + 1) + b"\r\n", 431),
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
        CHUNKED.replace(b"Host", b"X: " + FILLING * 7 + b"\r\nHost")
        + b"1;x="
        + FILLING
        + b"\r\nx\r\n0\r\n\r\n",
    ],
    ids=["bytes", "fields", "target", "chunks", "chunks behind a long head"],
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


def test_the_limit_of_an_app_holds_while_the_target_comes_in():
    """It is refused at the first byte too much, without its end; one of just that length is served."""
    limited = create_app(Contract(CONTRACT, "empty"), {}, limits=Limits(target=300))
    with (
        listen("127.0.0.1", 0) as listening,
        serving(limited, listening, http=HttpProtocol, lifespan="off"),
    ):
        for target, status in [
            (b"/healthz?" + b"a" * 292 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
            (b"/healthz?" + b"a" * 293, 414),
            (b"http://x/" + b"a" * 292, 414),
        ]:
            with socket.create_connection(listening.getsockname(), timeout=10) as connected:
                connected.sendall(b"GET " + target)
                if status == 200:
                    assert read(connected).startswith(b"HTTP/1.1 200 ")
                else:
                    assert refusal(connected) == status


UPGRADE = b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAAAA\r\n"


@pytest.mark.parametrize("pieces", [1, 1000], ids=["bytes", "whole"])
@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 7\r\n\r\na\r\n\r\nbc",
        b"Transfer-Encoding: chunked\r\n\r\n4;x=y\r\na\r\n\r\r\n3\r\n\nbc\r\n0\r\nX: y\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
def test_a_body_behind_an_offer_to_upgrade_is_read(connection, body, pieces):
    """Java's client and ``curl --http2`` offer HTTP/2 with their first request, whatever it sends."""
    STARTED.clear()
    requests = (
        b"POST /echo HTTP/1.1\r\n"
        + UPGRADE
        + body
        + b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    for begin in range(0, len(requests), pieces):
        connection.sendall(requests[begin : begin + pieces])
    received = read(connection)
    assert b"\r\n\r\na\r\n\r\nbc" in received
    assert received.endswith(b"ok")
    assert STARTED == ["/echo", "/last"]


@pytest.mark.parametrize(
    "framing",
    [b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"],
)
def test_an_offer_to_upgrade_excuses_no_framing(connection, framing):
    """A body whose end is unknown is refused, and nothing behind it is taken for a request."""
    connection.sendall(b"POST / HTTP/1.1\r\n" + UPGRADE + framing + b"\r\n0\r\n\r\n" + GET + b"\r\n")
    received = read(connection)
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("codings", "status"),
    [
        (b"Transfer-Encoding: gzip, chunked\r\n", b"501"),
        (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", b"501"),
        (b"Transfer-Encoding: gzip, Chunked\r\nContent-Length: 2\r\n", b"400"),
        (b"Transfer-Encoding: chunked, gzip\r\n", b"400"),
        (b"Transfer-Encoding: gzip\r\n", b"400"),
        (b"Transfer-Encoding: xchunked\r\n", b"400"),
        (b"Transfer-Encoding: ,\r\n", b"400"),
    ],
)
def test_what_is_not_only_chunked_is_not_read(connection, codings, status):
    """No app gets a body in a transfer coding that nobody has decoded (RFC 9112, section 6.1)."""
    STARTED.clear()
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\n" + codings
    connection.sendall(head + b"\r\n2\r\nok\r\n0\r\n\r\n" + GET + b"\r\n")
    received = read(connection)
    assert received.startswith(b"HTTP/1.1 " + status)
    assert received.count(b"HTTP/1.1 ") == 1
    assert STARTED == []


@pytest.mark.parametrize("coding", [b"  CHUNKED ", b" , chunked", b" \t, ,Chunked"])
def test_chunked_is_read_in_any_case(connection, coding):
    """Names of transfer codings have none, and empty members of a list no meaning."""
    connection.sendall(CHUNKED.replace(b" chunked", coding) + b"0\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


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


def test_a_bug_of_the_app_is_a_problem(connection, caplog):
    """An app that fails before its response is a 500 as every error is, with its traceback in the log."""
    connection.sendall(b"GET /fails HTTP/1.1\r\nHost: x\r\n\r\n")
    assert refusal(connection) == 500
    assert "ValueError: a bug" in caplog.text


def test_a_refused_body_is_not_asked_for(server, connection):
    """An app that reads a body only after it was refused sends nothing behind that, and others are served."""
    GO_ON.clear()
    head = CHUNKED.partition(b"\r\n\r\n")[0].replace(b"/", b"/late", 1)
    connection.sendall(head + b"\r\nExpect: 100-continue\r\n\r\nno size\r\n")
    assert refusal(connection) == 400
    STARTED.clear()
    GO_ON.set()
    wait_until(lambda: STARTED == ["/late"])
    with socket.create_connection(server.address, timeout=10) as other:
        other.sendall(GET + b"Connection: close\r\n\r\n")
        assert read(other).endswith(b"ok")


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


def test_requests_behind_an_unfinished_one_are_not_started(server, connection):
    """They wait unread, however many there are, and are handled when it is their turn."""
    GO_ON.clear()
    STARTED.clear()
    connection.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n" + (GET + b"\r\n") * 2000)
    while STARTED != ["/held"]:
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
        connections.take_turn(lambda: started.append(turns[0]))
    for _ in range(10):
        turns[0] += 1
        await asyncio.sleep(0)
    assert started == [4, 8]
    for _ in range(3):
        await asyncio.sleep(0)
    assert started == [4, 8, 10, 10]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 200),
    ],
)
def test_a_request_has_one_host(connection, head, status):
    """RFC 9112, section 3.2: without a Host in HTTP/1.1, or with two, it is refused."""
    connection.sendall(head)
    assert read(connection).startswith(b"HTTP/1.1 %d " % status)


def is_cut_off(connection, piece):
    """Send a body piece by piece until nobody takes it."""
    connection.settimeout(0.01)
    with contextlib.suppress(ConnectionError):
        for _ in range(1000):
            connection.sendall(piece)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    return True
        return False
    return True


def test_a_body_that_drips_is_not_waited_for(connection, monkeypatch):
    """A body has to come at the least rate, however few bytes at a time it comes in."""
    monkeypatch.setattr(timeouts, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(timeouts, "LEAST_BODY_BYTES_PER_SECOND", 1_000_000)
    connection.sendall(CHUNKED)
    assert is_cut_off(connection, b"1\r\nx\r\n")


def test_extensions_of_chunks_are_no_body(connection, monkeypatch):
    """Bytes that nobody gets do not count for the rate."""
    monkeypatch.setattr(timeouts, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(timeouts, "LEAST_BODY_BYTES_PER_SECOND", 1000)
    connection.sendall(CHUNKED + b"1;")
    assert is_cut_off(connection, b"a" * 50)


def test_a_body_has_a_deadline(connection, monkeypatch):
    """However fast a body comes in, it has an end."""
    monkeypatch.setattr(timeouts, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(timeouts, "LEAST_BODY_BYTES_PER_SECOND", 0)
    monkeypatch.setattr(timeouts, "MOST_BODY_SECONDS", 0.1)
    connection.sendall(CHUNKED)
    assert is_cut_off(connection, b"1\r\nx\r\n")


def test_chunks_are_not_all_extensions(connection):
    """However many chunks come with one each, extensions have a limit together."""
    connection.sendall(CHUNKED)
    with pytest.raises(ConnectionError):
        connection.sendall((b"1;" + FILLING + b"\r\nx\r\n") * (MOST_SENT_BYTES // len(FILLING)))


def test_small_chunks_are_a_body(connection):
    """What is needed around each chunk is no extension."""
    connection.sendall(CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("number", [900, 30_000])
def test_blank_lines_in_a_body_have_a_limit(connection, monkeypatch, number):
    """Each might be the end of the body and is looked at by itself; beyond a limit no request follows."""
    feeds = []
    feed = RequestReader.read
    monkeypatch.setattr(RequestReader, "read", lambda *read: feeds.append(read) or feed(*read))
    STARTED.clear()
    blank_lines = b"%x\r\n" % (4 * number) + b"\r\n\r\n" * number + b"\r\n"
    ended = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    connection.sendall(CHUNKED + blank_lines + b"0\r\n\r\n" + ended)
    responses = read(connection)
    assert responses.count(b"HTTP/1.1 200 ") == len(STARTED)
    assert b"connection: close" in responses
    assert len(STARTED) == (2 if number == 900 else 1)
    assert len(feeds) < 5000


def test_a_body_of_unknown_length_is_not_read_on_behind_its_response(connection):
    """The response says that it is the last one, and the connection ends with it."""
    connection.sendall(CHUNKED.replace(b" / ", b" /early "))
    response = read(connection)
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in response
    assert response.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize(
    ("names", "remembered"),
    [(["x-few"] * 8, 1), (["x"] * 65, 0), (["x-" + "a" * 1500], 1), (["x-" + "a" * 2500], 0)],
)
def test_unusual_heads_are_not_remembered(connection, names, remembered):
    """Who is upstream of a proxy fills no memory with header fields of ever other names."""
    before = exchange.lines_of.cache_info().currsize
    connection.sendall(
        b"GET /?" + "&".join(names).encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    head = read(connection).partition(b"\r\n\r\n")[0]
    assert head.count(names[0].encode() + b": y") == len(names)
    assert exchange.lines_of.cache_info().currsize - before == remembered


def test_http_1_0_gets_no_chunks(connection):
    """RFC 9112, section 6.1: a body without a length ends with the connection."""
    connection.sendall(b"GET /endless HTTP/1.0\r\n\r\n")
    head, _, body = read(connection).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body == b"ok"


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ((b"X-100%b", b"50%b"), 200),
        ((b"X-Empty", b""), 200),
        ((b"", b"y"), 500),
        ((b"x y", b"y"), 500),
        ((b"x", b"y\r\nset-cookie: z"), 500),
        ((b"x", b"y\n"), 500),
    ],
)
def test_fields_go_out_as_they_are_or_not_at_all(field, status):
    """A name is a token in lower case, a value has no control characters, whichever response it is."""

    async def responding(_scope, _receive, send):
        length, close = (b"content-length", b"0"), (b"connection", b"close")
        await send(
            {"type": "http.response.start", "status": 200, "headers": iter([field, length, close, field])}
        )
        await send({"type": "http.response.body"})

    with (
        listen("127.0.0.1", 0) as listening,
        serving(responding, listening, http=HttpProtocol, lifespan="off"),
    ):
        for _ in range(2):
            with socket.create_connection(listening.getsockname(), timeout=10) as connected:
                connected.sendall(GET + b"\r\n")
                head = read(connected).partition(b"\r\n\r\n")[0]
            assert int(head.split()[1]) == status
            assert head.count(b"\r\n%b: %b" % (field[0].lower(), field[1])) == (2 if status == 200 else 0)


def wait_until(holds):
    """Wait until something holds, for ten seconds at most."""
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.001)


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


def test_refusals_are_logged_with_a_cap(server, caplog):
    """Strangers cannot fill a disk: ten lines a minute, and how many there were more."""
    now = [1000.0]
    capped = logging.getLogger("capped")
    capped.addFilter(CappedLog(ticks=lambda: now[0]))
    for _ in range(1000):
        capped.warning("Request of %s refused", "x")
    now[0] += 60
    capped.warning("Another")
    lines = [record.getMessage() for record in caplog.records if record.name == "capped"]
    more = "990 more of the last minute left out: Request of %s refused"
    assert lines == ["Request of x refused"] * 10 + [more, "Another"]
    for _ in range(50):
        with socket.create_connection(server.address, timeout=10) as refused:
            refused.sendall(b"no HTTP\r\n\r\n")
            read(refused)
    assert len(caplog.records) <= 12 + 11


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
    """The limit of all connections closes the one that was idle longest, of whatever address."""
    idle = [connect(f"127.0.0.{number}") for number in range(2, 10)]
    connect("127.0.0.10")
    assert read(idle[0]) == b""


def test_a_connection_in_use_is_not_closed_for_another(connect):
    """Where none is idle, the new one is closed."""
    GO_ON.clear()
    STARTED.clear()
    used = []
    while len(used) < 4:
        used.append(connect(sent=b""))
        used[-1].sendall(b"GET /held HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while len(STARTED) < len(used):
            time.sleep(0.001)
    assert read(connect(sent=b"")) == b""
    other = connect(sent=b"")
    other.sendall(GET + b"\r\n")
    assert refusal(other) == 503
    GO_ON.set()
    assert all(read(each).startswith(b"HTTP/1.1 200 ") for each in used)


def test_health_is_reported_while_all_connections_are_used(connect):
    """Beyond the limits, a few connections are there for health alone, and those make room."""
    GO_ON.clear()
    STARTED.clear()
    used = []
    while len(used) < 4:
        used.append(connect(sent=b""))
        used[-1].sendall(b"GET /held HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        wait_until(lambda: len(STARTED) == len(used))
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
