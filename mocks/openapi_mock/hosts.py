"""Whom a request is for, by its ``Host``: a page whose name has come to stand for this machine sends its own.

That is DNS rebinding; to the browser such a page and what it calls here are of one origin.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from openapi_service.proxies import address_of


def is_loopback_host(host: str) -> bool:
    """Return whether a Host field, a name or an address with a port or without, is this machine."""
    name = _name(host)
    address = address_of(name)
    return name == "localhost" if address is None else address.is_loopback


def cannot_be_rebound(host: str, names: Collection[str] = ()) -> bool:
    """Return whether a Host field is an address, a name of this machine, or one of these (lower case)."""
    name = _name(host)
    return address_of(name) is not None or name == "localhost" or name.endswith(".localhost") or name in names


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
