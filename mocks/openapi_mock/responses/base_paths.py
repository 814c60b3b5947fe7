"""The paths of a contract's servers: what a client calls may begin with one."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from openapi_check.validation.base_paths import servers
from openapi_service.problems import Problem
from openapi_service.routing import PathTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract

MOST_URLS = 1000
"""Of a server: its variables may have any number of values."""


def with_base_paths(app: ASGIApp, contract: Contract) -> ASGIApp:
    """Let an app answer the paths of a contract under the base paths of its servers too."""
    prefixes = tuple(dict.fromkeys(_prefixes(contract)))
    return _Prefixed(app, prefixes, PathTable(contract.operations)) if prefixes else app


class _Prefixed:
    """Takes a base path away, unless the contract has the path as it is."""

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...], table: PathTable) -> None:
        self._app = app
        self._prefixes = prefixes
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._prefixes):
            scope = self._without_prefix(scope)
        await self._app(scope, receive, send)

    def _without_prefix(self, scope: Any) -> Any:
        raw = (scope.get("raw_path") or quote(scope["path"]).encode()).partition(b"?")[0]
        for prefix in self._prefixes:
            sent = quote(prefix).encode()
            rest = raw[len(sent) :]
            if raw.startswith(sent) and not self._has(raw) and self._has(rest):
                path = scope["path"].removeprefix(prefix)
                return {**scope, "root_path": prefix, "path": path, "raw_path": rest}
        return scope

    def _has(self, raw: bytes) -> bool:
        try:
            self._table.find(raw.decode("latin-1"))
        except Problem:
            return False
        return True


def _prefixes(contract: Contract) -> Iterator[str]:
    """Yield the paths of the servers that are more than ``/``."""
    for url in (url for server in servers(contract) for url in islice(_urls(server), MOST_URLS)):
        try:
            path = unquote(urlsplit(url).path).rstrip("/")
        except ValueError:  # no URL, and so no path
            continue
        if path.startswith("/"):
            yield path


def _urls(server: Mapping[str, Any]) -> Iterator[str]:
    """Yield the URLs of a server: with its variables at their defaults, then at each value that they list."""
    variables = server.get("variables", {})
    listed = ([each.get("default", ""), *each.get("enum", ())] for each in variables.values())
    for values in product(*listed):
        url = server["url"]
        for name, value in zip(variables, values, strict=True):
            url = url.replace("{" + name + "}", str(value))
        yield url
