"""Connections to the upstream: which are used again, and what of a response is believed."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme

from contract_first.mock.proxy.connection import MOST_HEAD_BYTES, Connection, UpstreamFailed
from contract_first.mock.proxy.upstream import Upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Responds with one script after the other: on the same connection as long as it is used again."""

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.requests = []
        self.connections = 0
        self.tasks = []

    async def serve(self, reader, writer):
        """Serve a connection until its end."""
        self.tasks.append(asyncio.current_task())
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                script = self.scripts.pop(0)
                if callable(script):
                    await script(reader, writer)
                else:
                    writer.write(script)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def upstream_of(server, *, tls=None):
    """Run a server, and yield what asks it."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    upstream = Upstream(
        f"{'https' if tls else 'http'}://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    )
    async with asyncio.timeout(10), listening:
        yield upstream
        await upstream.close()
        await asyncio.gather(*server.tasks)


async def ask(upstream, method="GET", body=None, headers=()):
    """Return status and body of a response."""
    scope = {"method": method, "path": "/", "query_string": b"", "headers": [(b"host", b"x"), *headers]}
    async with upstream.respond(scope, body) as response:
        return response.status, b"".join([chunk async for chunk in response.chunks()])


async def failure_of(upstream, **request):
    """Return the failure of a request."""
    with pytest.raises(UpstreamFailed) as raised:
        await ask(upstream, **request)
    return raised.value


async def test_a_connection_is_used_again():
    """Responses of every framing but the end of the connection leave it open."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n"
    server = Server(
        OK, chunked, b"HTTP/1.1 204 Fine\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", OK
    )
    async with upstream_of(server) as upstream:
        methods = ("GET", "GET", "GET", "HEAD", "GET")
        seen = [await ask(upstream, method) for method in methods]
    assert seen == [(200, b"ok"), (200, b"ok"), (204, b""), (200, b""), (200, b"ok")]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("first", "method"),
    [
        (OK + OK.replace(b"ok", b"no"), "GET"),
        (OK, "HEAD"),
        (OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), "GET"),
        (OK.replace(b"1.1", b"1.0"), "GET"),
    ],
)
async def test_a_connection_that_says_more_or_less_is_not_used_again(first, method):
    """A second response, a body for HEAD: it would be taken for the response to the next request."""
    server = Server(first, OK)
    async with upstream_of(server) as upstream:
        await ask(upstream, method)
        assert await ask(upstream) == (200, b"ok")
    assert server.connections == 2


async def test_what_nobody_asked_for_is_no_response():
    """Data on an idle connection closes it (RFC 9112, section 9.2)."""
    unasked = asyncio.Event()

    async def late(_, writer):
        writer.write(OK)
        await unasked.wait()
        writer.write(OK.replace(b"ok", b"no"))

    server = Server(late, OK)
    async with upstream_of(server) as upstream:
        await ask(upstream)
        unasked.set()
        await asyncio.gather(*server.tasks)  # the connection has ended
        assert await ask(upstream) == (200, b"ok")
    assert server.connections == 2


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (MOST_HEAD_BYTES // 4),
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2 * MOST_HEAD_BYTES,
        b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * (MOST_HEAD_BYTES // 20),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: "
        + b"y" * 9 * MOST_HEAD_BYTES,
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        OK.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
        OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
)
async def test_what_is_no_response_is_refused(response):
    """A head or trailers without an end, an upgrade that nobody asked for, two lengths, an unknown coding."""
    async with upstream_of(Server(response)) as upstream:
        assert (await failure_of(upstream)).error == "http_protocol_error"


async def test_a_connection_that_has_just_been_closed_is_not_used_again():
    """An upstream may close without saying so, at the same moment as the next request comes."""

    async def once(_, writer):
        writer.write(OK)
        writer.close()

    server = Server(*[once] * 50)
    async with upstream_of(server) as upstream:
        assert [await ask(upstream) for _ in range(50)] == [(200, b"ok")] * 50


@pytest.mark.parametrize(("method", "is_asked_again"), [("GET", True), ("POST", False)])
async def test_what_does_no_harm_twice_is_asked_again(method, is_asked_again):
    """A kept connection that ends without a byte may have been closed before the request came."""

    async def close(_, writer):
        writer.close()

    server = Server(OK, close, OK)
    async with upstream_of(server) as upstream:
        await ask(upstream)
        if is_asked_again:
            assert await ask(upstream, method) == (200, b"ok")
        else:
            assert (await failure_of(upstream, method=method)).error == "http_protocol_error"
    assert server.connections == 1 + is_asked_again


async def test_a_host_that_cannot_be_one_is_an_upstream_that_is_not_there():
    """A label of 70 letters is no part of a host name."""
    failure = await failure_of(Upstream(f"http://{'a' * 70}.test"))
    assert (failure.status, failure.error) == (502, "destination_unavailable")


async def endless():
    """Yield a body without end."""
    while True:
        yield b"x" * 65536
        await asyncio.sleep(0)


@pytest.mark.parametrize("closes", [True, False])
async def test_a_response_may_come_before_the_request_is_whole(closes):
    """A server that refuses a body need not read it: its response counts, the connection does not."""
    responded = asyncio.Event()

    async def refuse(_, writer):
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        if not closes:
            await responded.wait()
        writer.close()

    server = Server(refuse, OK)
    async with upstream_of(server) as upstream:
        sent = await ask(upstream, "POST", endless(), [(b"transfer-encoding", b"chunked")])
        assert sent == (413, b"")
        responded.set()
        assert await ask(upstream) == (200, b"ok")


@pytest.mark.parametrize("size", [200_000, 20_000_000])
@pytest.mark.parametrize("chunked", [True, False])
async def test_a_long_response_may_come_before_the_request_is_whole(size, chunked):
    """A server that reads no body may respond with more than waits for the client."""
    framing = b"Content-Length: %d\r\n\r\n" % size if not chunked else b"Transfer-Encoding: chunked\r\n\r\n"
    content = b"y" * size

    async def respond(reader, writer):
        writer.write(b"HTTP/1.1 413 Too Large\r\n" + framing)
        for begin in range(0, size, 50_000):
            piece = content[begin : begin + 50_000]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
        writer.write(b"0\r\n\r\n" if chunked else b"")
        while await reader.read(65536):  # until the connection is closed
            pass

    server = Server(respond, OK)
    async with upstream_of(server) as upstream:
        sent = await ask(upstream, "POST", endless(), [(b"transfer-encoding", b"chunked")])
        assert sent == (413, content)
        assert await ask(upstream) == (200, b"ok")
    assert server.connections == 2


async def test_a_body_may_wait_for_its_response():
    """Where a client sends on once it has read something, both go through at the same time."""
    read = asyncio.Event()

    async def echo(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await reader.readuntil(b"two\r\n0\r\n\r\n")
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async def body():
        await read.wait()
        yield b"two"

    server = Server(echo, OK)
    scope = {
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"transfer-encoding", b"chunked")],
    }
    async with upstream_of(server) as upstream:
        async with upstream.respond(scope, body()) as response:
            chunks = response.chunks()
            assert await anext(chunks) == b"one"
            read.set()
            assert [chunk async for chunk in chunks] == [b"two"]
        assert await ask(upstream) == (200, b"ok")
    assert server.connections == 1


async def test_what_a_body_raises_ends_the_exchange():
    """The connection is of no more use, and the caller has the body's own error."""

    async def body():
        yield b"half"
        raise LookupError

    async def wait(reader, _):
        await reader.read(-1)

    server = Server(wait, OK)
    async with upstream_of(server) as upstream:
        with pytest.raises(LookupError):
            await ask(upstream, "POST", body(), [(b"transfer-encoding", b"chunked")])
        assert await ask(upstream) == (200, b"ok")


async def test_a_body_waits_for_an_upstream_that_does_not_read(monkeypatch):
    """No more of a body is taken than the connection takes, however long the body is."""
    reading, full, taken = asyncio.Event(), asyncio.Event(), 0
    monkeypatch.setattr(Connection, "pause_writing", _noted(full, Connection.pause_writing))

    async def read_later(reader, writer):
        await reading.wait()
        while not (await reader.read(65536)).endswith(b"0\r\n\r\n"):
            pass
        writer.write(OK)

    async def body():
        nonlocal taken
        while not reading.is_set():
            taken += 1
            yield b"x" * 65536
            await asyncio.sleep(0)

    async with upstream_of(Server(read_later)) as upstream:
        chunked = (b"transfer-encoding", b"chunked")
        asked = asyncio.create_task(ask(upstream, "POST", body(), [chunked]))
        await full.wait()
        before = taken
        for _ in range(100):
            await asyncio.sleep(0)
        assert taken == before
        reading.set()
        assert await asked == (200, b"ok")


def _noted(event, method):
    """Return a method that sets an event as well."""

    def noted(self):
        event.set()
        method(self)

    return noted


async def test_no_control_character_goes_out():
    """What could be a second request is none."""
    async with upstream_of(Server(OK)) as upstream:
        failure = await failure_of(upstream, headers=[(b"x", b"a\r\nb: c")])
        assert (failure.error, failure.status) == ("http_request_error", 400)


async def test_an_upstream_may_have_tls(monkeypatch, tmp_path):
    """Its certificate is checked against the authorities that the environment names."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    async with upstream_of(Server(OK), tls=context) as upstream:
        assert (await failure_of(upstream)).error == "destination_unavailable"
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with upstream_of(Server(OK), tls=context) as upstream:
        assert await ask(upstream) == (200, b"ok")
