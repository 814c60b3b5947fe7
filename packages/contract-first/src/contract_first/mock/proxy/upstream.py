"""The one server that a proxy passes requests on to."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus
from ssl import SSLContext
from urllib.parse import urlsplit

import httpx2
from starlette.types import Scope

from .connection import FINAL, Connection, RawHeaders, UpstreamFailed, not_http, not_in_time, transfer_coding

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Fields of one connection; ``Trailer`` goes with them, as trailers do not get through here."""
FOR_EVERYONE = frozenset({b"content-length", b"host"})
"""Fields that no ``Connection`` can take away (RFC 9110, section 7.6.1): a body would have no end without."""

IDLE_SECONDS = 2
"""Servers close idle connections after some seconds; to be first spares requests that meet a closing one."""

CONNECT_SECONDS = 5
MOST_CONNECTIONS = 1024
"""More than clients of one address may have: their slow bodies leave connections for others."""
MOST_IDLE = 100
"""Connections kept for later requests."""
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
NAME = "contract-first"


class NotAnUpstream(ValueError):  # noqa: N818 -- says what it is
    """The URL is none that requests can be passed on to; the message says why."""

    page = "proxy"


class Upstream:
    """Passes requests on, unchanged but for what belongs to a connection.

    Nothing that a client sends has a say in where its request goes.

    Args:
        url: of the server; the paths of requests are appended to its path.
        timeout: seconds between one piece of a response and the next.
        keep_host: send the client's ``Host`` instead of the upstream's own.
        name: of the proxy, in ``Via`` and ``Proxy-Status``.

    Raises:
        NotAnUpstream: the URL is none of http or https, or has more than a path.
    """

    def __init__(self, url: str, *, timeout: float = 60, keep_host: bool = False, name: str = NAME) -> None:
        self.name = name
        self._url = _checked(url)
        self._base = self._url.raw_path.rstrip(b"/")
        self._host = self._url.netloc
        self._keep_host = keep_host
        self._seconds = timeout
        self._pseudonym = f"{name}-{secrets.token_hex(4)}".encode()
        self._tls = _tls() if self._url.scheme == "https" else None
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)
        self._idle: deque[Connection] = deque()

    @property
    def url(self) -> str:
        """The URL of the server, without a slash at its end."""
        return str(self._url).rstrip("/")

    def url_of(self, scope: Scope) -> str:
        """Return the URL that a request is passed on to."""
        return f"{self._url.scheme}://{self._host.decode()}{self._target(scope).decode('latin-1')}"

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # the event loop's turn to close them

    @asynccontextmanager
    async def respond(self, scope: Scope, body: AsyncIterator[bytes] | None) -> AsyncIterator[Connection]:
        """Pass a request on, and yield the connection as soon as it has the head that goes on to the client.

        Raises:
            UpstreamFailed: there is no response, or it ends too early.
        """
        headers = self._headers(scope["headers"])
        await self._enter()
        try:
            connection = await self._ask(scope, headers, body)
            try:
                if connection.status not in FINAL:
                    raise not_http(f"it responded with {connection.status}")
                connection.headers = end_to_end(connection.headers)
                yield connection
            finally:
                self._release(connection)
        finally:
            self._room.release()

    async def _ask(self, scope: Scope, headers: RawHeaders, body: AsyncIterator[bytes] | None) -> Connection:
        """Send a request, and return its connection once the head of the response is there.

        The upstream may be closing a kept connection just now: then it is asked once more over a new one, if
        that does no harm (RFC 9110, section 9.2.2).
        """
        connection = self._reusable()
        may_ask_again = connection is not None and body is None and scope["method"] in IDEMPOTENT
        while True:
            connection = connection or await self._connect()
            try:
                await connection.send(scope["method"].encode(), self._target(scope), headers, body)
            except BaseException as error:
                connection.close()
                has_ended = isinstance(error, UpstreamFailed) and error.status == HTTPStatus.BAD_GATEWAY
                if not (may_ask_again and has_ended) or connection.has_data:
                    raise
                connection, may_ask_again = None, False
            else:
                return connection

    async def _enter(self) -> None:
        """Wait until there may be one connection more."""
        try:
            async with asyncio.timeout(self._seconds if self._room.locked() else None):
                await self._room.acquire()
        except TimeoutError:
            raise not_in_time() from None

    def _reusable(self) -> Connection | None:
        """Return the connection that was used last, if it is still good; those before it are older."""
        while self._idle:
            connection = self._idle.pop()
            is_young = asyncio.get_running_loop().time() - connection.idle_since < IDLE_SECONDS
            if is_young and connection.is_reusable and not connection.has_news:
                return connection
            connection.close()
        return None

    def _release(self, connection: Connection) -> None:
        """Keep a connection for the next request, or close it."""
        if not connection.is_reusable:
            connection.close()
            return
        connection.idle_since = now = asyncio.get_running_loop().time()
        self._idle.append(connection)
        while len(self._idle) > MOST_IDLE or self._idle[0].idle_since <= now - IDLE_SECONDS:
            self._idle.popleft().close()

    async def _connect(self) -> Connection:
        url, loop = self._url, asyncio.get_running_loop()
        port = url.port or (443 if self._tls else 80)
        try:
            async with asyncio.timeout(min(self._seconds, CONNECT_SECONDS)):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._seconds), url.raw_host.decode(), port, ssl=self._tls
                )
        except TimeoutError:
            reason = "no connection in time"
            raise UpstreamFailed(HTTPStatus.GATEWAY_TIMEOUT, "connection_timeout", reason) from None
        except (OSError, UnicodeError) as error:  # of a name that is no host name, the latter
            reason = getattr(error, "strerror", None) or str(error)
            raise UpstreamFailed(HTTPStatus.BAD_GATEWAY, "destination_unavailable", reason) from None
        return connection

    def _headers(self, fields: RawHeaders) -> RawHeaders:
        via = [value for name, value in fields if name == b"via"]
        if any(self._pseudonym in value for value in via):
            raise UpstreamFailed(HTTPStatus.LOOP_DETECTED, "proxy_loop_detected", "it is this proxy itself")
        headers = end_to_end(fields)
        if not self._keep_host:
            headers = [(b"host", self._host), *(pair for pair in headers if pair[0] != b"host")]
        if (coding := transfer_coding(fields)) is not None:
            if coding != b"chunked":
                reason = "it comes in a transfer coding that is not known here"
                raise UpstreamFailed(HTTPStatus.NOT_IMPLEMENTED, "http_request_error", reason)
            headers = [pair for pair in headers if pair[0] != b"content-length"]
            headers.append((b"transfer-encoding", b"chunked"))
        return [*headers, (b"via", b"1.1 " + self._pseudonym)]

    def _target(self, scope: Scope) -> bytes:
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        return (self._base + path if path.startswith(b"/") else path) + (b"?" + query if query else b"")


def _tls() -> SSLContext:
    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _checked(text: str) -> httpx2.URL:
    try:
        urlsplit(text).port  # noqa: B018 -- says of brackets and ports what httpx2 does not mind
        url = httpx2.URL(text)
        labels = url.host.split(".")  # decoded, which a name such as xn--a is not
    except (ValueError, httpx2.InvalidURL) as error:
        raise NotAnUpstream(f"{text[:200]!r} is not a URL: {error}.") from None
    if any(label.startswith("xn--") for label in labels):
        raise NotAnUpstream(f"{text[:200]!r} has a host that cannot be decoded (IDNA).")
    if url.scheme not in {"http", "https"} or not url.host:
        raise NotAnUpstream(f"{text[:200]!r} is not an http or https URL with a host.")
    if url.query or url.fragment or url.userinfo:
        raise NotAnUpstream("The upstream may have a path, but no user, query or fragment.")
    return url


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Return the fields that go through a proxy (RFC 9110, section 7.6), in order, repeated ones too."""
    fields = list(headers)
    options = [value for name, value in fields if name.lower() == b"connection"]
    named = {option.strip().lower() for value in options for option in value.split(b",")}
    left_out = HOP_BY_HOP | (named - FOR_EVERYONE)
    return [(name, value) for name, value in fields if name.lower() not in left_out]
