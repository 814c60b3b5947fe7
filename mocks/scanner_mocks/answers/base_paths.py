"""The paths of a contract's servers: what a client calls may begin with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from scanner_api.binding.routing import PathTable
from scanner_api.problems import Problem
from scanner_mocks.judging.base_paths import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from scanner_contract import Contract


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
    """Yield the paths of the servers that are more than ``/``, with variables at their defaults."""
    for server in servers(contract):
        url = server["url"]
        for name, variable in server.get("variables", {}).items():
            url = url.replace("{" + name + "}", str(variable.get("default", "")))
        try:
            path = unquote(urlsplit(url).path).rstrip("/")
        except ValueError:  # no URL, and so no path
            continue
        if path.startswith("/"):
            yield path
