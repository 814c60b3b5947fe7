"""The one server that a proxy passes requests on to."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from starlette.types import Scope

RawHeaders = list[tuple[bytes, bytes]]

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
MOST_IDLE = 16
"""Connections kept for later requests: httpcore asks each of them at each request whether it is closed."""
NAME = "openapi-mock"
FINAL = range(200, 600)


class NotAnUpstream(ValueError):  # noqa: N818 -- says what it is
    """The URL is none that requests can be passed on to; the message says why."""


class UpstreamFailed(Exception):  # noqa: N818 -- says what happened
    """There is no response, or it ended too early.

    Attributes:
        status: of the gateway's response.
        error: its name in RFC 9209.
    """

    def __init__(self, status: HTTPStatus, error: str, reason: str) -> None:
        self.status = status
        self.error = error
        super().__init__(reason)


class UpstreamResponse:
    """A response whose head is there.

    Attributes:
        status: from 200 to 599.
        headers: those that go on to the client.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = end_to_end(response.headers.raw)
        self._response = response

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, in its content coding."""
        stream = self._response.stream
        async for chunk in stream:  # type: ignore[union-attr]  # a transport that is asynchronous has no other
            yield chunk


class Upstream:
    """Passes requests on, unchanged but for what belongs to a connection.

    Nothing that a client sends has a say in where its request goes.

    Args:
        url: of the server, with or without a path that goes before those of requests.
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
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)).as_dict()
        self._pseudonym = f"{name}-{secrets.token_hex(4)}".encode()
        limits = httpx.Limits(
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_IDLE,
            keepalive_expiry=IDLE_SECONDS,
        )
        self._transport = httpx.AsyncHTTPTransport(limits=limits)

    @property
    def url(self) -> str:
        """The URL of the server, without a slash at its end."""
        return str(self._url).rstrip("/")

    def url_of(self, scope: Scope) -> str:
        """Return the URL that a request is passed on to."""
        return f"{self._url.scheme}://{self._host.decode()}{self._target(scope).decode('latin-1')}"

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    @asynccontextmanager
    async def respond(
        self, scope: Scope, body: AsyncIterator[bytes] | None
    ) -> AsyncIterator[UpstreamResponse]:
        """Pass a request on, and yield the response as soon as its head is there.

        Args:
            scope: the request's head.
            body: its chunks; None for none.

        Raises:
            UpstreamFailed: there is no response, or it ends too early.
        """
        try:
            response = await self._transport.handle_async_request(self._request(scope, body))
            try:
                if response.status_code not in FINAL:
                    raise UpstreamFailed(
                        HTTPStatus.BAD_GATEWAY,
                        "http_protocol_error",
                        f"it responded with {response.status_code}",
                    )
                yield UpstreamResponse(response)
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise _failure(error) from None

    def _request(self, scope: Scope, body: AsyncIterator[bytes] | None) -> httpx.Request:
        return httpx.Request(
            scope["method"],
            self._url,
            headers=self._headers(scope["headers"]),
            stream=httpx.ByteStream(b"") if body is None else _Stream(body),
            extensions={"timeout": self._timeout, "target": self._target(scope)},
        )

    def _headers(self, sent: RawHeaders) -> RawHeaders:
        via = [value for name, value in sent if name == b"via"]
        if any(self._pseudonym in value for value in via):
            raise UpstreamFailed(HTTPStatus.LOOP_DETECTED, "proxy_loop_detected", "it is this proxy itself")
        headers = end_to_end(sent)
        if not self._keep_host:
            headers = [(b"host", self._host), *(pair for pair in headers if pair[0] != b"host")]
        if (coding := transfer_coding(sent)) is not None:
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


class _Stream(httpx.AsyncByteStream):
    """A request's body, as it comes from the client."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            yield chunk


def _failure(error: httpx.TransportError) -> UpstreamFailed:
    """Return the failure that an error of the transport is."""
    if isinstance(error, httpx.ConnectTimeout):
        return UpstreamFailed(HTTPStatus.GATEWAY_TIMEOUT, "connection_timeout", "no connection in time")
    if isinstance(error, httpx.TimeoutException):
        return UpstreamFailed(HTTPStatus.GATEWAY_TIMEOUT, "http_response_timeout", "no response in time")
    if isinstance(error, httpx.LocalProtocolError):
        return UpstreamFailed(HTTPStatus.BAD_REQUEST, "http_request_error", str(error))
    if isinstance(error, httpx.ConnectError):
        return UpstreamFailed(HTTPStatus.BAD_GATEWAY, "destination_unavailable", str(error))
    if isinstance(error, httpx.NetworkError):
        return UpstreamFailed(HTTPStatus.BAD_GATEWAY, "connection_terminated", "the connection broke")
    return UpstreamFailed(HTTPStatus.BAD_GATEWAY, "http_protocol_error", str(error).rstrip("."))


def _checked(text: str) -> httpx.URL:
    try:
        urlsplit(text).port  # noqa: B018 -- says of brackets and ports what httpx does not mind
        url = httpx.URL(text)
    except (ValueError, httpx.InvalidURL) as error:
        raise NotAnUpstream(f"{text[:200]!r} is not a URL: {error}.") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise NotAnUpstream(f"{text[:200]!r} is not an http or https URL with a host.")
    if url.query or url.fragment or url.userinfo:
        raise NotAnUpstream("The upstream may have a path, but no user, query or fragment.")
    return url


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Return the fields that go through a proxy (RFC 9110, section 7.6), in order, repeated ones too."""
    fields = list(headers)
    left_out = HOP_BY_HOP | (_named_by_connection(fields) - FOR_EVERYONE)
    return [(name, value) for name, value in fields if name.lower() not in left_out]


def _named_by_connection(fields: RawHeaders) -> frozenset[bytes]:
    options = [value for name, value in fields if name.lower() == b"connection"]
    return frozenset(option.strip().lower() for value in options for option in value.split(b","))


def transfer_coding(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the transfer codings of a message, in lower case; None if it has a length, or no body."""
    codings = [value.strip().lower() for name, value in headers if name.lower() == b"transfer-encoding"]
    return b", ".join(codings) if codings else None


def value_of(headers: Iterable[tuple[bytes, bytes]], field: bytes) -> bytes | None:
    """Return the first value of a field, named in lower case; None if it is not there."""
    return next((value for name, value in headers if name.lower() == field), None)
