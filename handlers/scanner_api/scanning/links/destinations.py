"""Destinations of untrusted URLs: which URLs are accepted, and which addresses may be called.

A URL is refused unless its host is spelled as a plain name or address, so that every other reader of the URL
sees the host that is checked here. A name is permitted by the addresses that it resolves to, never by itself.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx2

Address = IPv4Address | IPv6Address

MAX_URL_LENGTH: Final = 8192
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_NOT_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        # IANA's special-purpose registries, multicast, and reserved space
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's metadata, on an address that looks public
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32", "3fff::/20",  # documentation
        "2002::/16",  # 6to4 hides an IPv4 address
    )
)  # fmt: skip
_IPV6_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""What is outside is not public: mapped IPv4, NAT64, link-local, unique local, multicast, loopback."""

_AUTHORITY: Final = re.compile(r"[^:]+://([^/?#]*)")
_HOST_AND_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\x00-\x20:@%\\\[\]]+)(?::([0-9]{0,5}))?")
_NAME: Final = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_ENDS_IN_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_PORTS: Final = range(1, 65_536)
_ORIGIN: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+):([0-9]{1,5})", re.IGNORECASE)


class RefusedURL(ValueError):  # noqa: N818 -- says what the URL is
    """A URL that is not followed; the message says why, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The host and port of a URL.

    Attributes:
        url: the URL, percent-encoded, its host in ASCII.
        host: a lower-case name without a dot at its end, or an address without brackets.
    """

    url: httpx2.URL
    host: str
    port: int


def read_url(text: str) -> Destination:
    """Parse a URL.

    Raises:
        RefusedURL: it is too long, not http(s), has a user name, or its host is oddly spelled.
    """
    if len(text) > MAX_URL_LENGTH:
        raise RefusedURL(f"The URL has more than {MAX_URL_LENGTH} characters.")
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError) as error:
        raise RefusedURL("The URL is malformed.") from error
    if url.scheme not in DEFAULT_PORTS:
        raise RefusedURL("Only http and https URLs are followed.")
    authority = _AUTHORITY.match(text)
    port = DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    if authority is None or not _HOST_AND_PORT.fullmatch(authority[1]) or port not in _PORTS:
        raise RefusedURL("The URL has no host, a user name, or an oddly spelled host or port.")
    return Destination(url, _plain_host(url.raw_host.decode("ascii")), port)


def _plain_host(host: str) -> str:
    """Return a host in its one plain spelling, or raise.

    ``127.1``, ``0x7f.0.0.1`` and ``2130706433`` are addresses to a resolver and names to everyone else.
    """
    try:
        return str(ip_address(host))
    except ValueError:
        name = host.removesuffix(".")
    if not _NAME.fullmatch(name) or _ENDS_IN_NUMBER.fullmatch(name):
        raise RefusedURL("The host of the URL is neither a plain name nor a plain address.")
    return name


def is_public(address: Address) -> bool:
    """Tell whether an address is a unicast address of the public internet."""
    if isinstance(address, IPv6Address) and address not in _IPV6_GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


class Permissions:
    """Destinations that may be called: public addresses on some ports, and those listed for development.

    Args:
        ports: the ports on which public addresses may be called; none keeps everything on this network.
        allowed: exceptions, each ``host:port`` (as in the URL, wherever it resolves to), or a network such
            as ``127.0.0.0/8`` (on any port). Anyone who may submit URLs reaches what is listed.

    Raises:
        ValueError: an exception is neither.
    """

    def __init__(self, ports: Iterable[int] = (80, 443), allowed: Iterable[str] = ()) -> None:
        self._ports = frozenset(ports)
        self._origins: set[tuple[str, int]] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in allowed:
            if origin := _ORIGIN.fullmatch(entry):
                self._origins.add((origin[1].strip("[]").lower(), int(origin[2])))
            else:
                self._networks.append(_network(entry))

    def is_excluded(self, destination: Destination) -> bool:
        """Tell whether no address may be called for this destination, so that its name tells nothing."""
        if self._networks or destination.port in self._ports:
            return False
        return (destination.host, destination.port) not in self._origins

    def permit(self, destination: Destination, address: Address) -> bool:
        """Tell whether this address may be called for this destination."""
        if (destination.host, destination.port) in self._origins:
            return True
        if any(address in network for network in self._networks):
            return True
        return destination.port in self._ports and is_public(address)


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise ValueError(f"{entry!r} is neither host:port nor a network such as 127.0.0.0/8.") from error
