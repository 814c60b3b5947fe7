"""HTTP/1.1 as it goes over the wire: what no app is asked, and what is sent to none."""

from __future__ import annotations

import json
import logging
import socket
import struct

import pytest

from contract_first.service.http import timeouts
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import listen, serving
from scanner_api.problems import PROFILE
from scanner_contract import load_contract

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


async def app(_scope, receive, send):
    """Respond to whatever comes, once all of it is there."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


app.profile = PROFILE


@pytest.fixture(scope="module")
def address():
    """Where the app is served."""
    with listen("127.0.0.1", 0) as listening, serving(app, listening, http=HttpProtocol, lifespan="off"):
        yield listening.getsockname()


def response(address, sent):
    """Return what comes back, head and body, once the server or the body is at its end."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as stream:
            head = b"".join(iter(stream.readline, b"\r\n")).decode("ascii").lower()
            length = int(head.partition("content-length: ")[2].split()[0])
            return head, stream.read(length)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\n",
        POST + b"Content-Length: 9\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n",
    ],
)
def test_who_does_not_go_on_is_not_waited_for(address, sent, monkeypatch):
    """A connection whose next request does not come, or not to its end, is closed."""
    monkeypatch.setattr(timeouts, "PATIENCE_SECONDS", 0.1)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(1000), b""))
    assert not received.startswith(b"HTTP/1.1 2")


def test_head_that_drips_is_not_waited_for(address, monkeypatch):
    """A head that comes byte by byte has no longer than one that does not come."""
    monkeypatch.setattr(timeouts, "PATIENCE_SECONDS", 0.1)
    with socket.create_connection(address, timeout=0.01) as connection:
        connection.sendall(GET)
        assert any(is_closed(connection, b"X: y\r\n") for _ in range(1000))


def is_closed(connection, sent):
    """Send something more, and return whether nobody takes it."""
    try:
        connection.sendall(sent)
        return not connection.recv(1)
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def complaints(caplog):
    """Return what was logged as a warning or worse."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"FOO / HTTP/1.1\r\n\r\n", "method"),
        (b"GET /\xff HTTP/1.1\r\n\r\n", "url path"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "target"),
        (GET + b"X: \x01\r\n\r\n", "header value"),
        (POST + b"Content-Length: -1\r\n\r\n", "Content-Length"),
        (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk size"),
    ],
)
def test_what_is_no_http_is_a_problem(address, sent, message):
    """A request that no app gets to see gets the response of every error, and the connection closed."""
    head, body = response(address, sent)
    problem = json.loads(body)
    assert head.startswith("http/1.1 400 ")
    assert "content-type: application/problem+json" in head
    assert "connection: close" in head
    assert f"x-request-id: {problem['request_id']}" in head
    assert problem["error_code"] == "bad_request"
    assert message in problem["detail"]
    schema = load_contract().document["components"]["schemas"]["ProblemDetails"]
    assert set(schema["required"]) <= set(problem)


@pytest.mark.parametrize("rest", [b"nonsense\r\n\r\n", POST + b"Content-Length: -1\r\n\r\n"])
def test_each_request_gets_its_own_response(address, rest):
    """What was asked before is handled, and nothing after it: a 400 would be taken for its response."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall((GET + b"\r\n") * 3 + rest)
        with connection.makefile("rb") as stream:
            responses = stream.read()
    assert responses.count(b"HTTP/1.1 200 ") == responses.count(b"HTTP/1.1 ") == 3
    assert responses.endswith(b"\r\n\r\nok")


def test_a_body_that_breaks_off_is_refused_in_its_turn(address):
    """A request that is read no further is not refused in the place of one that is still to be handled."""
    broken = POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(GET + b"\r\n" + broken)
        with connection.makefile("rb") as stream:
            assert b"HTTP/1.1 400 " not in stream.read()


def test_clients_that_go_away_are_no_error(address, caplog):
    """Who resets the connection before the response is there gets none, and nobody has to hear of it."""
    for _ in range(50):
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall((GET + b"\r\n") * 3)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert response(address, GET + b"\r\n")[1] == b"ok"
    assert not complaints(caplog)


def test_an_upgrade_that_nobody_offers_is_ignored(address, caplog):
    """Who offers another protocol gets a response in this one, and nobody is asked to install anything."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    _, body = response(address, GET + upgrade + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    assert body == b"ok"
    assert not complaints(caplog)
