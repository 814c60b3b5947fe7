"""Heads: their limits, their one host, and fields as they go out."""

import contextlib
import socket
import threading
import time

import pytest

from contract_first.contract import Contract
from contract_first.service import Limits, create_app
from contract_first.service.http import exchange, protocol
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.request_head import MOST_FIELDS, MOST_HEAD_BYTES, MOST_TARGET_BYTES
from contract_first.service.http.server import listen, serving

from .conftest import CHUNKED, FILLING, GET, GO_ON, MOST_SENT_BYTES, STARTED, app, read, refusal

CONTRACT = {"openapi": "3.1.0", "info": {"title": "Nothing", "version": "1"}, "paths": {}}


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


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/2.0",
        b"GET / HTTP/0.9",
        b"GET /",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked",
        b"POST / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
    ],
)
def test_only_two_versions_are_served(connection, line):
    """Of HTTP/1.0 without transfer codings, by which others do not find the end of a body (RFC 9112, 6.1)."""
    connection.sendall(line + b"\r\nHost: x\r\n\r\n0\r\n\r\n" + GET + b"\r\n")
    assert refusal(connection) == 400


@pytest.mark.parametrize(
    "line",
    [
        b"OPTIONS / RTSP/1.0",
        b"SOURCE / ICE/1.0",
        b"GET  / HTTP/1.1",
        b"GET /  HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b"\rGET / HTTP/1.1",
        b"\r\n\rGET / HTTP/1.1",
        b"\nGET / HTTP/1.1",
    ],
)
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("before", [b"", CHUNKED + b"0\r\n\r\n"])
def test_a_request_line_has_one_form(connection, line, is_whole, before):
    """Of HTTP, with one space between its parts (RFC 9112, section 3), wherever it is cut as it comes in."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sent = line + b"\r\nHost: x\r\n\r\n" + GET + b"\r\n"
    if before:
        connection.sendall(before)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    for piece in [sent] if is_whole else [sent[:1], sent[1:8], sent[8:]]:
        connection.sendall(piece)
    assert refusal(connection) == 400


def test_blank_lines_before_a_request_are_ignored(connection):
    """RFC 9112, section 2.2: some clients send one behind a body."""
    for blank in (b"\r\n", b"\r\n\r\n\r\n"):
        connection.sendall(blank + GET + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_an_absolute_target_may_have_no_path(connection):
    """RFC 9112, section 3.2.2: a server accepts the absolute form; an empty path is the root."""
    for target in (b"http://x", b"http://x?y"):
        connection.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


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


def test_without_room_a_request_has_its_response_and_no_other_follows(monkeypatch):
    """What comes behind it is dropped, and the connection is closed behind the response."""
    monkeypatch.setattr(protocol, "MOST_HEADS_BYTES", 8192)
    refuse, is_refused = HttpProtocol._refuse, threading.Event()

    def note(*arguments, **options):
        refuse(*arguments, **options)
        is_refused.set()

    monkeypatch.setattr(HttpProtocol, "_refuse", note)
    GO_ON.clear()
    STARTED.clear()
    with (
        listen("127.0.0.1", 0) as listening,
        serving(app, listening, http=HttpProtocol, lifespan="off"),
        socket.create_connection(listening.getsockname(), timeout=10) as connected,
    ):
        connected.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n" + (GET + b"\r\n") * 500)
        assert is_refused.wait(10)
        GO_ON.set()
        responses = read(connected)
    assert (responses.count(b"HTTP/1.1 200 "), responses[-2:]) == (1, b"ok")
    assert STARTED == ["/held"]


LONG = GET + b"a: " + b"b" * 30_000


@pytest.fixture
def narrow(monkeypatch):
    """Serve with room for four long heads, of which one address has half."""
    monkeypatch.setattr(protocol, "MOST_HEADS_BYTES", 125_000)

    async def app(_scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    with listen("127.0.0.1", 0) as listening, serving(app, listening, http=HttpProtocol, lifespan="off"):
        yield listening.getsockname()


@pytest.mark.parametrize("rest", [b"", b"\r\nContent-Length: 5\r\n\r\nabc", b"\r\n\r\nGET"])
def test_long_heads_share_the_memory_of_a_process(narrow, rest):
    """Whether they or their bodies are withheld: beyond a share there is a 503, short heads need none."""
    with contextlib.ExitStack() as stack:

        def connected(address):
            source = socket.create_connection(narrow, timeout=10, source_address=(address, 0))
            return stack.enter_context(source)

        def sent(address, data):
            connection = connected(address)
            connection.sendall(data)
            return connection

        withheld = [sent(address, LONG + rest) for address in ("127.0.0.2", "127.0.0.2", "127.0.0.3")]
        if rest.endswith(b"GET"):
            for connection in withheld:
                assert connection.recv(65536).endswith(b"ok")
            rest = b""
            withheld = [sent(address, LONG) for address in ("127.0.0.2", "127.0.0.2", "127.0.0.3")]
        refused = read(sent("127.0.0.2", LONG))
        withheld.append(sent("127.0.0.4", LONG))
        full = read(sent("127.0.0.5", LONG))
        for response in (refused, full):
            assert response.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 1\r\n" in response
        short = sent("127.0.0.2", GET + b"Connection: close\r\n\r\n")
        assert read(short).startswith(b"HTTP/1.1 200 ")
        for connection in withheld:
            connection.close()
        end = time.monotonic() + 10
        while not read(sent("127.0.0.2", LONG + b"\r\nConnection: close\r\n\r\n")).endswith(b"ok"):
            assert time.monotonic() < end
