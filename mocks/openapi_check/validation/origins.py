"""Which URLs are those of an API: the origins of its servers, or of where one says that it is deployed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .base_paths import VARIABLE, servers

if TYPE_CHECKING:
    from openapi_contract import Contract

ORIGIN = re.compile(r"(https?)://(?:[^/?#@]*@)?([^/?#@]*)", re.IGNORECASE)
LONGEST_HOST = 100


class Origins:
    """The origins (scheme, host and port) at which a contract is deployed.

    Args:
        contract: whose servers they are.
        base_url: the one that counts, instead of those of the servers.
    """

    def __init__(self, contract: Contract, base_url: str | None = None) -> None:
        urls = [base_url] if base_url else [server["url"] for server in servers(contract)]
        origins = {origin_of(url) for url in urls} - {""}
        self._patterns = [re.compile("[^/]+".join(map(re.escape, VARIABLE.split(each)))) for each in origins]

    def own(self, url: str) -> bool:
        """Return whether a URL is at one of them."""
        origin = origin_of(url)
        return any(each.fullmatch(origin) for each in self._patterns)


def origin_of(url: str) -> str:
    """Return the origin of a URL in the one spelling of all that mean the same; empty if it has none."""
    found = ORIGIN.match(url)
    if found is None:
        return ""
    scheme, host = found[1].lower(), found[2].lower()
    return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"


def host_of(url: str) -> str:
    """Return how to call the host of any URL, in few words."""
    return (origin_of(url).partition("://")[2] or url.partition(":")[0])[:LONGEST_HOST]
