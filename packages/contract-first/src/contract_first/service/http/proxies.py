"""Who is behind a proxy: the client's address, and the origin that it sees."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from contract_first.service.messages.request import Request

from .origins import normal_origin

MOST_HOPS = 16
LONGEST_ADDRESS = 64
"""Characters; more than any address and port has, so that nothing longer is parsed or remembered."""
ADDRESS_AND_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d+)?|(?P<v4>[^:]+):\d+")


class TrustedProxies:
    """Takes ``X-Forwarded-*`` fields from trusted proxies alone."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Read addresses and networks (``10.0.0.1``, ``10.0.0.0/8``); ValueError names a wrong one."""
        self._networks = tuple(ip_network(address, strict=False) for address in addresses)

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._networks)

    def client_address(self, request: Request) -> str:
        """Return the peer's address, or the right-most one forwarded for that is no trusted proxy's."""
        peer = request.client_address
        if not self.trusts(peer):
            return peer
        hops = (request.header(b"x-forwarded-for") or "").rsplit(",", MOST_HOPS)[-MOST_HOPS:]
        for hop in reversed(hops):
            address = address_of(hop.strip()[:LONGEST_ADDRESS])
            if address is None:
                return peer
            peer = str(address)
            if not self.trusts(peer):
                return peer
        return peer

    def origin(self, request: Request) -> str:
        """Return the origin (RFC 6454) under which the client sees this server."""
        scheme = str(request.scope.get("scheme", "http"))
        host = request.header(b"host") or ""
        if self.trusts(request.client_address):
            scheme = last_of(request.header(b"x-forwarded-proto")) or scheme
            host = last_of(request.header(b"x-forwarded-host")) or host
        return normal_origin(f"{scheme}://{host}")

    def trusts(self, address: str) -> bool:
        """Tell whether the address is a trusted proxy's."""
        if not self._networks:
            return False
        parsed = address_of(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def last_of(field: str | None) -> str:
    """Return the last member of a list-valued field: the one that the nearest proxy wrote."""
    return (field or "").rpartition(",")[2].strip()


@lru_cache(maxsize=4096)
def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, with a port or without; IPv4 in IPv6 is IPv4; None for anything else."""
    match = ADDRESS_AND_PORT.fullmatch(text)
    try:
        address = ip_address((match["v6"] or match["v4"]) if match else text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def subscriber_of(address: str) -> str:
    """Return the addresses of one subscriber: an IPv4 address, or the /64 network of an IPv6 one."""
    parsed = address_of(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed.packed[:8] + bytes(8), 64)))
    return address if parsed is None else str(parsed)
