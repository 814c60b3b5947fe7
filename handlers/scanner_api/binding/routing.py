"""From a request's path and method to an operation, by the contract's path templates.

Connexion's own routing hands the decoded path to starlette, where ``%2F`` splits a segment, a templated path
answers for a concrete one's method, and ``Allow`` names one operation's methods. This middleware works on the
path as it was sent and leaves the operation where Connexion's routed middlewares look for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connexion.middleware.abstract import ROUTING_CONTEXT, SpecMiddleware

from scanner_api.problems import MethodNotAllowed, NotFound

from .percent import decode
from .request import STATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from scanner_contract import Operation

    from .request import Request
    from .specification import ContractSpecification

EXPRESSION = re.compile(r"\{([^}/]+)\}")


class PathItem:
    """One path of the contract: its template as a pattern, its operations by method."""

    __slots__ = ("allow", "names", "operations", "path", "pattern")

    def __init__(self, path: str, operations: Iterable[Operation]) -> None:
        self.path = path
        self.names = EXPRESSION.findall(path)
        pieces = EXPRESSION.split(path)[::2]
        self.pattern = re.compile("([^/]+)".join(re.escape(piece) for piece in pieces))
        self.operations = {each.method.upper(): each.operation_id for each in operations}
        if "GET" in self.operations:
            self.operations.setdefault("HEAD", self.operations["GET"])
        self.allow = ", ".join(sorted({*self.operations, "OPTIONS"}))

    def match(self, path: str) -> dict[str, bytes] | None:
        """Return the still encoded path parameters, or None if the path is another's."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return dict(zip(self.names, (group.encode("latin-1") for group in found.groups()), strict=True))


class PathTable:
    """All paths of a contract; concrete ones are matched before templated ones (OpenAPI 3.1, 4.8.8.2)."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        by_path: dict[str, list[Operation]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, []).append(operation)
        items = [PathItem(path, found) for path, found in by_path.items()]
        self._concrete = {item.path: item for item in items if not item.names}
        self._templated: dict[int, list[PathItem]] = {}
        for item in sorted(items, key=_concreteness):
            if item.names:
                self._templated.setdefault(item.path.count("/"), []).append(item)

    def find(self, path: str) -> tuple[PathItem, dict[str, bytes]]:
        """Return the path item that a path (percent-encoded, as sent) belongs to, or raise NotFound."""
        item = self._concrete.get(path)
        if item is not None:
            return item, {}
        for item in self._templated.get(path.count("/"), ()):
            parameters = item.match(path)
            if parameters is not None:
                return item, parameters
        decode(path.encode("latin-1"), "path")
        raise NotFound("No operation of the contract has this path.")


def _concreteness(item: PathItem) -> list[bool]:
    return ["{" in segment for segment in item.path.split("/")]


class RoutingMiddleware(SpecMiddleware):
    """Finds the operation and its path parameters; raises the problem where there is none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.table = PathTable(())

    def add_api(self, specification: ContractSpecification, **_: Any) -> None:
        """Take in the paths of a contract."""
        self.table = PathTable(specification.contract.operations)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request."""
        request: Request = scope[STATE]
        operation_id = None
        try:
            item, request.path_parameters = self.table.find(request.path)
            operation_id = item.operations.get(request.method)
            if operation_id is None:
                request.misrouted = MethodNotAllowed(
                    f"{request.method} is not among the methods of this path: {item.allow}.",
                    headers={"Allow": item.allow},
                )
        except NotFound as problem:
            request.misrouted = problem
        scope.setdefault("extensions", {})[ROUTING_CONTEXT] = {
            "api_base_path": "",
            "operation_id": operation_id,
        }
        await self.app(scope, receive, send)
