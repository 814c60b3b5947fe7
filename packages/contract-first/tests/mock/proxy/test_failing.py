"""What the proxy does when one side is not there, is slow, or ends too early."""

import asyncio
import socket
import struct
import threading
import time

import httpx2
import pytest

from contract_first.mock.proxy.upstream import MOST_CONNECTIONS, NotAnUpstream, Upstream
from contract_first.service.http.connections import ConnectionLimits

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def closed_port():
    """Return the URL of a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def until(condition):
    """Wait until something is so, for a few seconds."""
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def problem(response):
    """Return status and Proxy-Status of a response that must be a problem document."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return response.status_code, response.headers["proxy-status"]


def test_an_upstream_that_is_down_is_a_bad_gateway(running, contract):
    """Nobody listens: 502, and the exchange has no response to validate."""
    with running(closed_port(), contract) as proxy:
        response = proxy.ask("GET", "/notes?sort=odd")
        assert problem(response) == (502, "contract-first; error=destination_unavailable")
        (exchange,) = proxy.exchanges
        assert (exchange.status, exchange.verdict.response) == (0, [])
        assert exchange.verdict.request
        assert proxy.recorder.tally.report().traffic.without_response == 1


def test_an_upstream_that_does_not_respond_in_time_is_a_gateway_timeout(running, upstream, contract):
    """The wait for a response ends."""
    over = threading.Event()
    upstream.response = lambda *_: over.wait(10)
    with running(upstream.url, contract, timeout=0.2) as proxy:
        assert problem(proxy.ask("GET", "/notes")) == (504, "contract-first; error=http_response_timeout")
    over.set()


def test_who_waits_while_the_proxy_ends_gets_a_response(running, upstream, contract):
    """An upstream that is too slow for the end of the proxy is a bad gateway, not a response of 500."""
    over, responses = threading.Event(), []
    upstream.asked.clear()
    upstream.response = lambda *_: over.wait(10)
    with running(upstream.url, contract) as proxy:
        ask = httpx2.Client(base_url=proxy.url, trust_env=False, timeout=10).get
        waiting = threading.Thread(target=lambda: responses.append(ask("/notes")))
        waiting.start()
        until(lambda: upstream.asked)
    waiting.join()
    over.set()
    assert problem(responses[0]) == (502, "contract-first; error=connection_terminated")
    assert [each.status for each in proxy.exchanges] == [0]


@pytest.mark.parametrize(
    "response", [b"", b"\x00\x01\r\n\r\n", b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", HEAD]
)
def test_an_upstream_that_does_not_speak_http_is_a_bad_gateway(proxy, upstream, response):
    """No response, half a head, a status that there is not: 502, and the proxy goes on."""
    upstream.response = response
    assert problem(proxy.ask("GET", "/notes")) == (502, "contract-first; error=http_protocol_error")


@pytest.mark.parametrize("length", [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_response_that_ends_too_early_is_not_passed_off_as_whole(proxy, upstream, length):
    """A short response that breaks off is still held back, so that a 502 can say so."""
    upstream.response = HEAD + length + b"\r\n5\r\n[    "
    assert problem(proxy.ask("GET", "/notes")) == (502, "contract-first; error=http_protocol_error")


def test_a_connection_that_breaks_is_said_to(proxy, upstream):
    """An upstream that resets its connection is distinguished from one that speaks no HTTP."""

    def reset(connection, _):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    upstream.response = reset
    response = proxy.ask("GET", "/notes")
    assert problem(response) == (502, "contract-first; error=connection_terminated")
    assert response.json()["detail"].endswith(": the connection broke.")


def test_a_long_response_that_ends_too_early_breaks_off(proxy, upstream):
    """Where the client has the head already, the connection breaks, as it did on the other side."""
    upstream.response = HEAD.replace(b"json", b"xml") + b"Content-Length: 20000\r\n\r\n" + b"[" * 10000
    with pytest.raises(httpx2.RemoteProtocolError):
        proxy.ask("GET", "/notes")
    (exchange,) = proxy.exchanges
    assert (exchange.status, exchange.verdict.response) == (0, [])
    assert exchange.verdict.unjudged == "the connection ended without a response"


def test_a_client_that_goes_away_ends_its_request(proxy, upstream):
    """The upstream sees its connection close, and the exchange is kept without a response."""
    gone = threading.Event()

    def wait(connection, _):
        connection.settimeout(10)
        if connection.recv(1) == b"":
            gone.set()

    upstream.response = wait
    with proxy.connection() as connection:
        connection.sendall(b"GET /notes HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: upstream.asked)
    assert gone.wait(10)
    until(lambda: proxy.exchanges)
    assert [each.status for each in proxy.exchanges] == [0]


def test_a_client_that_goes_away_amid_its_request_ends_it(proxy, upstream):
    """A body that is not sent to its end is not passed off as whole."""
    with proxy.connection() as connection:
        connection.sendall(b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123")
    until(lambda: proxy.exchanges)
    assert [each.status for each in proxy.exchanges] == [0]
    upstream.asked.clear()
    assert proxy.ask("GET", "/notes").status_code == 200


def test_a_client_that_goes_away_amid_its_response_ends_it(proxy, upstream):
    """An endless response ends when nobody reads it any more."""
    ended = threading.Event()

    def pour(connection, _):
        connection.sendall(HEAD + b"\r\n")
        try:
            while True:
                connection.sendall(b" " * 65536)
        except OSError:
            ended.set()

    upstream.response = pour
    with proxy.connection() as connection:
        connection.sendall(b"GET /notes HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000)
    assert ended.wait(10)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "notes",
        "ftp://x",
        "http://",
        "http://x?a",
        "http://x/#a",
        "http://me:it@x",
        "http://x:99999",
        "http://[",
        "http://xn--a.test",
        "x" * 99999,
    ],
)
def test_what_is_no_upstream_is_refused(url):
    """Anything but the http or https URL of a server is an error that says why."""
    with pytest.raises(NotAnUpstream):
        Upstream(url)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"X-Odd: a\x01b\r\n", b"400"),
        (b"Transfer-Encoding: gzip, chunked\r\n", b"501"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n", b"400"),
        (b"Content-Length: 1\r\nContent-Length: 2\r\n", b"400"),
        (b"Content-Length: -1\r\n", b"400"),
    ],
)
def test_a_request_that_cannot_go_on_is_the_clients_fault(proxy, lines, status):
    """What no upstream may be sent gets an error of the client's class, and the proxy goes on."""
    with proxy.connection() as connection:
        connection.sendall(
            b"POST /notes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + b"\r\n0\r\n\r\n"
        )
        response = connection.recv(1 << 16)
    assert response.split()[1] == status
    assert proxy.ask("GET", "/notes").status_code == 200


def test_no_exchange_keeps_its_connection(running, upstream, contract, json_response, monkeypatch):
    """However an exchange ends, the next one finds room: there is one connection for all of them."""
    monkeypatch.setattr("contract_first.mock.proxy.upstream.MOST_CONNECTIONS", 1)

    def wait(connection, _):
        connection.settimeout(10)
        connection.recv(1)

    with running(upstream.url, contract, timeout=5) as proxy:
        for _ in range(5):
            upstream.response = json_response([1])
            assert proxy.ask("GET", "/notes").status_code == 200
            upstream.response = wait
            upstream.asked.clear()
            with proxy.connection() as connection:
                connection.sendall(b"GET /notes HTTP/1.1\r\nHost: x\r\n\r\n")
                until(lambda: upstream.asked)


def test_a_head_over_the_limit_reaches_no_upstream(proxy, upstream):
    """The proxy has the limits of every server of ours."""
    with proxy.connection() as connection:
        connection.sendall(b"GET /notes HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 100 + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 431 ")
    assert upstream.asked == []
    assert [(each.status, each.verdict.request) for each in proxy.exchanges] == [(431, [])]
    reason = proxy.exchanges[0].verdict.unjudged
    assert proxy.recorder.tally.report().traffic.unvalidated[reason] == 1


def test_one_client_does_not_use_up_all_connections():
    """The clients of one address may have fewer connections than the proxy has to its upstream."""
    assert ConnectionLimits().per_address < MOST_CONNECTIONS


async def test_few_idle_connections_are_kept(monkeypatch):
    """However many requests there were at once, few connections stay open at the upstream."""
    monkeypatch.setattr("contract_first.mock.proxy.upstream.MOST_IDLE", 2)
    waiting, connections = [], set()
    all_there, closed, all_closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def respond(reader, writer):
        connections.add(writer)
        while await reader.readline():
            if len(waiting) < 8:
                waiting.append(await reader.readuntil(b"\r\n\r\n"))
                if len(waiting) == 8:
                    all_there.set()
                await all_there.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        connections.discard(writer)
        writer.close()
        if len(connections) == 2:
            closed.set()
        if not connections:
            all_closed.set()

    async def ask(upstream):
        scope = {"method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"x")]}
        async with upstream.respond(scope, None) as response:
            assert [chunk async for chunk in response.chunks()] == []

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        upstream = Upstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(10):
            await asyncio.gather(*(ask(upstream) for _ in range(8)))
            await closed.wait()
            await upstream.close()
            await all_closed.wait()
