import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from scanner_api.scanning.links.destinations import Permissions
from scanner_api.scanning.links.redirects import RedirectFollower

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Site:
    """A real HTTP server on loopback that responds to paths with raw bytes and records requests."""

    def __init__(self, responses):
        self.responses = responses
        self.heads = []
        self.port = 0
        self.connections = set()

    async def response(self, reader, writer):
        """Respond to one request, and hold the connection until the client lets go."""
        self.connections.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            writer.write(self.responses.get(head.split()[1], OK))
            await writer.drain()
            await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def _serving(responses, tls=None):
    site = Site(responses)
    server = await asyncio.start_server(site.response, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
    await asyncio.gather(*site.connections)


class Names:
    """A name server in memory: responses from a table, one response a lookup, and counts the lookups."""

    def __init__(self, **responses):
        self.responses = {name.replace("_", "."): list(response) for name, response in responses.items()}
        self.lookups = []

    async def __call__(self, host, port):
        """Return the next response."""
        self.lookups.append((host, port))
        responses = self.responses.get(host, [[]])
        return responses.pop(0) if len(responses) > 1 else responses[0]


def _follow(url, *, resolve=None, allowed=("127.0.0.0/8",), tls=None):
    """Return an awaitable that follows one URL with a follower of its own."""

    async def run():
        follower = RedirectFollower(Permissions(allowed=allowed), resolve=resolve, tls=tls)
        try:
            return await follower.follow(url)
        finally:
            await follower.aclose()

    return run()


def _follow_on(responses, path="/"):
    """Serve the responses, follow a path on them, and return the resolution and the site."""

    async def run():
        async with _serving(responses) as site:
            return await _follow(f"http://127.0.0.1:{site.port}{path}"), site

    return asyncio.run(run())


@pytest.fixture(scope="session")
def serving():
    """Return a context manager that serves raw responses by path."""
    return _serving


@pytest.fixture(scope="session")
def names_of():
    """Return a maker of name servers in memory."""
    return Names


@pytest.fixture(scope="session")
def follow():
    """Return what follows one URL, to be awaited."""
    return _follow


@pytest.fixture(scope="session")
def follow_on():
    """Return what serves responses and follows a path on them."""
    return _follow_on
