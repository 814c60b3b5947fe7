"""Bodies: how their end is found, how fast they have to come, and what is read behind them."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn

from contract_first.service.http import timeouts, turns
from contract_first.service.http.connections import ConnectionLimits, Connections
from contract_first.service.http.exchange import MOST_WAITING_BYTES
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.request_reader import RequestReader
from contract_first.service.http.server import listen

from .conftest import CHUNKED, FILLING, GET, GO_ON, MOST_SENT_BYTES, STARTED, read, refusal, wait_until

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
    """Java's client and ``curl --http2`` offer HTTP/2 with their first request, of any method and body."""
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
        (b"Transfer-Encoding: ,chunked\r\n", b"400"),
        (b"Transfer-Encoding: chunked,\r\n", b"400"),
        (b"Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", b"400"),
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


@pytest.mark.parametrize("coding", [b"  CHUNKED ", b" \tChunked"])
def test_chunked_is_read_in_any_case(connection, coding):
    """Names of transfer codings have none."""
    connection.sendall(CHUNKED.replace(b" chunked", coding) + b"0\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


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


def test_http_1_0_gets_no_chunks(connection):
    """RFC 9112, section 6.1: a body without a length ends with the connection."""
    connection.sendall(b"GET /endless HTTP/1.0\r\n\r\n")
    head, _, body = read(connection).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body == b"ok"


async def served_turns(sent, count=1):
    """Send this on so many connections, and return how much an app took in each turn of the event loop."""
    loop_turns, taken = [0], []

    async def app(_scope, receive, send):
        more = True
        while more:
            message = await receive()
            taken.append((loop_turns[0], len(message.get("body", b""))))
            more = message.get("more_body")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def counted():
        while True:
            loop_turns[0] += 1
            await asyncio.sleep(0)

    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(
            uvicorn.Config(app, http=HttpProtocol, ws="none", lifespan="off", log_config=None)
        )
        server.server_state.connections = Connections(ConnectionLimits())
        serving = asyncio.create_task(server.serve([listening]))
        counting = asyncio.create_task(counted())

        async def post():
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(sent)
            response = await reader.readuntil(b"\r\n\r\n")
            writer.close()
            return response

        responses = await asyncio.gather(*[post() for _ in range(count)])
        server.should_exit = True
        await serving
        counting.cancel()
    assert all(response.startswith(b"HTTP/1.1 200 ") for response in responses)
    return taken


async def test_large_bodies_are_taken_a_piece_in_each_turn():
    """Of all connections together, so that small requests wait for none of them."""
    taken = await served_turns(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000), 4
    )
    large = [turn for turn, size in taken if size > MOST_WAITING_BYTES // 2]
    assert sum(size for _, size in taken) == 4 * 300_000
    assert max(size for _, size in taken) == MOST_WAITING_BYTES
    assert len(set(large)) == len(large)


async def test_chunks_of_one_byte_leave_turns_to_others():
    """However many come in at once, some hundred are read in a turn."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    taken = await served_turns(head + b"1\r\nb\r\n" * 30_000 + b"0\r\n\r\n")
    assert sum(size for _, size in taken) == 30_000
    assert max(size for _, size in taken) < 5000


def test_bodies_that_the_app_does_not_take_are_bounded(server, monkeypatch):
    """Beyond what a process has for them a body is refused, and its client may try again."""
    monkeypatch.setattr(turns, "MOST_BODIES_BYTES", 60_000)
    GO_ON.clear()
    waiting = b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + bytes(60_000)
    with contextlib.ExitStack() as stack:

        def sent():
            connection = stack.enter_context(socket.create_connection(server.address, timeout=10))
            connection.sendall(waiting)
            return connection

        first = sent()
        wait_until(lambda: server.server_state.bodies._waiting_bytes > MOST_WAITING_BYTES)
        assert refusal(sent()) == 503
        GO_ON.set()
        first.sendall(bytes(30_000))
        assert first.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "chunks",
    [
        b"1\na\r\n0\r\n\r\n",
        b"1\ra\r\n0\r\n\r\n",
        b"1\r\na\n0\r\n\r\n",
        b"1\r\na0\r\n\r\n",
        b"1\r\nab\r\n0\r\n\r\n",
        b" 1\r\na\r\n0\r\n\r\n",
        b"1 \r\na\r\n0\r\n\r\n",
        b"0x1\r\na\r\n0\r\n\r\n",
        b"+1\r\na\r\n0\r\n\r\n",
        b"\r\na\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\na\r\n0\r\n\r\n",
        b"1 ; a=b\r\na\r\n0\r\n\r\n",
        b"1;a\nb\r\na\r\n0\r\n\r\n",
        b'1;a="x\r\ny"\r\na\r\n0\r\n\r\n',
        b"1\r\na\r\n0\r\n\n",
        b"1\r\na\r\n0\r\nX: y\n\r\n",
        b"1\r\na\r\n0\r\nX : y\r\n\r\n",
        b"1\r\na\r\n0\r\nContent-Length: 5\r\n\r\n",
        b"1\r\na\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_chunks_that_can_be_read_in_two_ways_are_refused(connection, chunks):
    """Others may end a line or a chunk elsewhere, and take what follows for another request."""
    connection.sendall(
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + GET + b"\r\n"
    )
    assert refusal(connection) == 400
