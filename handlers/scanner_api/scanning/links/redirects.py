"""Follows the redirects of untrusted URLs, without server-side request forgery.

Each hop's name is resolved once, all of its addresses have to be permitted, and the connection goes to one of
them: a name that resolves differently a moment later gains nothing. A name is not resolved where no address
is permitted. Bodies are not read.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urljoin

import httpx2

from .destinations import Address, Destination, Permissions, RefusedURL, read_url

Calling = Callable[..., AbstractContextManager[tuple[Mapping[str, str], Callable[[str, int], object]]]]
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

MAX_REDIRECTS: Final = 10
TOTAL_SECONDS: Final = 5.0
REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})

_MAX_CONNECTIONS: Final = 32
_SHARE: Final = 8
"""Connections of one organization, and to one host, at the same time."""
_MAX_LOOKUPS: Final = 32
_MAX_ADDRESSES_TRIED: Final = 3
_MAX_HEADERS: Final = 40
_MAX_HEADER_LENGTH: Final = 500
_HEADERS: Final = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "scanner-api (redirect resolver)",
}


class _NoResponse(Exception):  # noqa: N818 -- says what the hop is
    """A hop without a response; the message says why."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A URL that responded.

    Attributes:
        headers: response headers by lower-case name: at most 40, of at most 500 characters, in ASCII.
    """

    url: str
    status_code: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The result of following a URL.

    Attributes:
        final_url: where the chain ended; ``initial_url`` after an error.
        hops: the URLs that responded, in order.
        error_message: why it failed; empty if it succeeded.
    """

    initial_url: str
    final_url: str
    hops: tuple[Hop, ...] = ()
    error_message: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the chain came to its end."""
        return not self.error_message

    @property
    def redirects(self) -> int:
        """How many redirects were followed to a URL that responded."""
        return max(len(self.hops) - 1, 0)

    @property
    def chain(self) -> list[str]:
        """The URLs that responded, in order."""
        return [hop.url for hop in self.hops]


class RedirectFollower:
    """Follows redirects to their end.

    Args:
        permissions: which destinations may be called.
        resolve: resolves a host and port; the system's resolver by default.
        tls: trusted certificate authorities; the system's by default.
        calling: is entered while a URL is called; yields the header fields of a trace, of which the URL gets
            ``traceparent`` alone, and what notes an attribute of the call.
    """

    def __init__(
        self,
        permissions: Permissions,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        calling: Calling = lambda *_, **__: nullcontext(({}, _ignore)),
    ) -> None:
        self._calling = calling
        self._permissions = permissions
        self._resolve = resolve or SystemResolver()
        self._tls = tls
        self._opened: httpx2.AsyncHTTPTransport | None = None
        self._organizations = Shares(_SHARE)
        self._hosts = Shares(_SHARE)

    async def aclose(self) -> None:
        if self._opened is not None:
            await self._opened.aclose()

    async def _transport(self) -> httpx2.AsyncHTTPTransport:
        """Return the HTTP client; made on first use, since the authorities take 5 MB and 40 ms."""
        if self._opened is None:
            tls = self._tls
            if tls is None:
                tls = await asyncio.to_thread(httpx2.create_ssl_context, trust_env=False)
            # A kept connection would be reused by address, for a host whose certificate it never showed.
            limits = httpx2.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=0)
            opened = httpx2.AsyncHTTPTransport(verify=tls, limits=limits, trust_env=False)
            self._opened = self._opened or opened
        return self._opened

    def is_busy(self, organization_id: str) -> bool:
        """Tell whether so many URLs of an organization are waiting that another one would wait for long."""
        return self._organizations.users(organization_id) >= _SHARE * 2

    async def follow(self, url: str, organization_id: str = "") -> Resolution:
        """Follow a URL, once it is its organization's turn; never raises, whatever the text."""
        hops: list[Hop] = []
        try:
            async with self._organizations.of(organization_id), asyncio.timeout(TOTAL_SECONDS):
                final_url = await self._walk(url, hops)
        except TimeoutError:
            return Resolution(
                url, url, tuple(hops), f"There was no end to it within {TOTAL_SECONDS:g} seconds."
            )
        except (RefusedURL, _NoResponse) as refusal:
            return Resolution(url, url, tuple(hops), str(refusal))
        return Resolution(url, final_url, tuple(hops))

    async def _walk(self, url: str, hops: list[Hop]) -> str:
        """Return the URL at the end of the chain; append each hop that responds."""
        while True:
            destination = read_url(url)
            hop, location = await self._call(url, destination)
            hops.append(hop)
            if hop.status_code not in REDIRECT_STATUSES or not location:
                return url
            if len(hops) > MAX_REDIRECTS:
                raise _NoResponse(f"There are more than {MAX_REDIRECTS} redirects.")
            url = _joined(destination.url, location)

    async def _call(self, url: str, destination: Destination) -> tuple[Hop, bytes]:
        """Return the hop of a URL and its Location, or raise."""
        failure = "has no address"
        for address in await self._permitted_addresses(destination):
            try:
                return await self._ask(url, destination, address)
            except httpx2.TransportError as error:
                failure = _failure(error)
                if not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
                    break
        raise _NoResponse(f"{destination.host} {failure}.")

    async def _permitted_addresses(self, destination: Destination) -> Sequence[Address]:
        if self._permissions.is_excluded(destination):
            raise _NoResponse(f"{destination.host} may not be called on port {destination.port} here.")
        try:
            addresses = [ip_address(destination.host)]
        except ValueError:
            addresses = list(await self._resolve(destination.host, destination.port))
        if not addresses or not all(self._permissions.permit(destination, address) for address in addresses):
            raise _NoResponse(f"{destination.host} has no public address on a permitted port.")
        return addresses[:_MAX_ADDRESSES_TRIED]

    async def _ask(self, url: str, destination: Destination, address: Address) -> tuple[Hop, bytes]:
        """Send a GET to one address, under the name of the host, and read the head of the response."""
        called = {"server_address": destination.host, "server_port": destination.port}
        async with self._hosts.of(destination.host):
            with self._calling("GET", http_request_method="GET", **called) as (headers, note):
                # what is in a tracestate is for nobody but the systems that know it
                traced = {name: value for name, value in headers.items() if name == "traceparent"}
                response = await self._send(destination, address, traced)
                note("http.response.status_code", response.status_code)
        location = next((value for name, value in response.headers.raw if name.lower() == b"location"), b"")
        return Hop(url, response.status_code, _bounded(response.headers)), location

    async def _send(
        self, destination: Destination, address: Address, headers: Mapping[str, str]
    ) -> httpx2.Response:
        request = httpx2.Request(
            "GET",
            destination.url.copy_with(host=str(address)),
            headers={"Host": destination.url.netloc.decode("ascii"), **_HEADERS, **headers},
            extensions={
                "sni_hostname": destination.host,
                "timeout": httpx2.Timeout(TOTAL_SECONDS, connect=TOTAL_SECONDS / 2).as_dict(),
            },
        )
        response = await (await self._transport()).handle_async_request(request)
        await response.aclose()
        return response


class Shares:
    """Limits how many do something at the same time under one name.

    Args:
        most: maximum number under a name; more wait.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._semaphores: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    def users(self, name: str) -> int:
        """Return how many have a share under a name, or wait for one."""
        return self._users[name]

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Hold a share under a name."""
        self._users[name] += 1
        try:
            async with self._semaphores.setdefault(name, asyncio.Semaphore(self._most)):
                yield
        finally:
            self._users[name] -= 1
            if not self._users[name]:
                del self._users[name], self._semaphores[name]


class SystemResolver:
    """Resolves names in threads of its own, so that slow name servers delay nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MAX_LOOKUPS, thread_name_prefix="name-lookup")

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """Return every address of a host, in the order to try them; none if it cannot be resolved."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _look_up, host, port)


def _look_up(host: str, port: int) -> list[Address]:
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in resolved))


def _joined(base: httpx2.URL, location: bytes) -> str:
    """Return the URL that a Location header means, as RFC 9110, section 10.2.2 says.

    Bytes that a URL cannot hold are percent-encoded as they are, in whatever encoding they were meant.
    """
    text = "".join(chr(byte) if 0x21 <= byte < 0x7F else f"%{byte:02X}" for byte in location.strip())  # noqa: PLR2004 -- printable ASCII
    try:
        url = urljoin(str(base), text)
    except ValueError as error:
        raise RefusedURL("The redirect leads to a malformed URL.") from error
    return url if "#" in text or not base.fragment else f"{url}#{base.fragment}"


def _failure(error: httpx2.TransportError) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "did not respond in time"
    if isinstance(error, httpx2.ConnectError):
        return "cannot be connected to"
    return "did not respond in HTTP"


def _ignore(name: str, value: int) -> None:
    """Record nothing."""


def _bounded(headers: httpx2.Headers) -> dict[str, str]:
    """Return headers as text that is safe to store and to show, however many and long they are."""
    bounded: dict[str, str] = {}
    for name, value in headers.raw[:_MAX_HEADERS]:
        text = value[:_MAX_HEADER_LENGTH].decode("ascii", "backslashreplace")
        bounded.setdefault(name.decode("ascii").lower()[:_MAX_HEADER_LENGTH], text[:_MAX_HEADER_LENGTH])
    return bounded
