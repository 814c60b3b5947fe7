"""Whom a request is for, by its ``Host``: a page whose name has come to stand for this machine sends its own.

That is DNS rebinding; to the browser such a page and what it calls here are of one origin.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final
from urllib.parse import urlsplit

from openapi_service.proxies import address_of, normal_origin

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?", re.ASCII)
"""RFC 6454, section 6.2, in lower case; not ``null``, which is any page without an origin."""


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


def normal_origins(texts: Iterable[str]) -> list[str]:
    """Return origins as browsers send them; raises ValueError for what is none."""
    origins = [normal_origin(text) for text in texts]
    if wrong := [text for text in origins if not _ORIGIN.fullmatch(text)]:
        raise ValueError(
            f"{wrong[0]} is not an origin: scheme://host or scheme://host:port, such as http://localhost:5173."
        )
    return origins
