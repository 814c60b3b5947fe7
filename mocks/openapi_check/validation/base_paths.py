"""Where a contract is deployed: what stands before its own paths in a request's path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from openapi_contract.anatomy import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi_contract import Contract

VARIABLE = re.compile(r"\{[^{}]*\}")


class BasePaths:
    """The base paths of a contract's servers, and none at all: a server on one's own machine may have none.

    Args:
        base_url: where the contract is deployed as well, for instance ``https://staging.example/api``.
    """

    def __init__(self, contract: Contract, base_url: str | None = None) -> None:
        urls = [server["url"] for server in servers(contract)]
        paths = {_path(url) for url in ([base_url] if base_url else []) + urls} - {""}
        longest_first = sorted(paths, key=lambda path: (-len(path), path))
        self._bases = [re.compile(_pattern(path)) for path in longest_first]

    def within(self, path: str) -> Iterator[str]:
        """Yield what a path can be below the base paths, the longest base first; last the path itself."""
        for base in self._bases:
            if found := base.match(path):
                yield path[found.end() :] or "/"
        yield path


def servers(contract: Contract) -> Iterator[dict[str, Any]]:
    """Yield the Server Objects of a contract, those of its paths and operations too."""
    yield from contract.document.get("servers", ())
    for node in contract.paths.values():
        item = contract.resolve(node)
        if isinstance(item, dict):
            yield from item.get("servers", ())
            for method in METHODS:
                yield from item.get(method, {}).get("servers", ())


def _path(url: str) -> str:
    # a variable before the path (`https://{host}:{port}/v1`) may be what no port can be
    authority, slashes, rest = url.partition("://")
    return ("/" + rest.partition("/")[2] if slashes else urlsplit(authority).path).rstrip("/")


def _pattern(path: str) -> str:
    whole = path if path.startswith("/") else "/" + path
    literals = [quote(unquote(each)) for each in VARIABLE.split(whole)]
    return "[^/]+".join(map(re.escape, literals)) + "(?=/|$)"
