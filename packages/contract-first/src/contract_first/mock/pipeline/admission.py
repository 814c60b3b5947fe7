"""The first steps: what a client prefers, whether it may call, and what it sends."""

from collections.abc import Mapping
from typing import Any

from contract_first.contract import Operation
from contract_first.mock.relations.relation import BODY
from contract_first.mock.responses.exchange import Arguments, Exchange
from contract_first.mock.responses.preferences import (
    FIRST,
    IN_QUERY,
    LONGEST,
    NAMES,
    preferences_of,
    with_query,
)
from contract_first.mock.responses.problems import in_a_line
from contract_first.mock.responses.strictness import MockStrictness, faults_of_format
from contract_first.service.assembly import Assembly
from contract_first.service.bound_operation import BoundOperation
from contract_first.service.messages.request import Request

DEPRECATED = (b"deprecation", b"@0")
"""RFC 9745 wants the time since when an operation is deprecated, which no contract says."""


class Prefer:
    """Reads the preferences of a request, in its header or its query."""

    def __init__(self, bound: BoundOperation) -> None:
        queries = {parameter.name for parameter in bound.parameters if parameter.location == "query"}
        self._in_query = [IN_QUERY + name for name in NAMES if IN_QUERY + name not in queries]

    async def __call__(self, exchange: Exchange) -> None:
        """Raises BadRequest: a preference has a value that it cannot have."""
        request = exchange.request
        field = request.headers.get(b"prefer")
        if b"__" in request.query_string:
            field = with_query(field, request.query_string, self._in_query)
        if field is not None:
            exchange.preferences = preferences_of(field[:LONGEST])


class Admit:
    """Asks for credentials, and says that an operation is deprecated."""

    def __init__(self, bound: BoundOperation) -> None:
        is_deprecated = bound.contract_operation.definition.get("deprecated") is True
        self._fields = [DEPRECATED] if is_deprecated else []
        self._bound = bound

    async def __call__(self, exchange: Exchange) -> None:
        """Raises Unauthorized, Forbidden or another problem of the caller."""
        exchange.request.response_headers += self._fields
        await self._bound.admit(exchange.request)


class Read:
    """Reads the arguments of a request, unless a preference comes first."""

    def __init__(
        self, bound: BoundOperation, operation: Operation, assembly: Assembly, strictness: MockStrictness
    ) -> None:
        is_strict = strictness.requests == strictness.formats == "on"
        self._faults = faults_of_format(operation, assembly.contract, assembly.schemas) if is_strict else ()
        self._is_strict = is_strict and not self._faults
        self._strictness, self._bound = strictness, bound
        places = {(parameter.location, parameter.name): parameter.argument for parameter in bound.parameters}
        self._places = {**places, BODY: "body"}

    async def __call__(self, exchange: Exchange) -> None:
        """Raises the first problem of a request, if the mock refuses it for that."""
        preferences, request = exchange.preferences, exchange.request
        selects = preferences.code is not None or preferences.example is not None
        if selects and (self._strictness.prefers_first or FIRST in request.scope):
            return
        exchange.arguments = arguments = await self._arguments(request)
        exchange.places = self.places(arguments)

    def places(self, arguments: Mapping[str, Any]) -> Arguments:
        """Return arguments by place and name."""
        return {place: arguments.get(name) for place, name in self._places.items()}

    async def _arguments(self, request: Request) -> dict[str, Any]:
        if self._is_strict:
            return await self._bound.arguments(request)
        arguments, problems = await self._bound.read(request)
        strictness = self._strictness.where(problems, self._faults)
        if strictness.refuses(problems):
            raise problems[0]
        if strictness.warns(problems):
            violation = b"; ".join(map(in_a_line, problems))[:LONGEST]
            request.response_headers.append((b"x-mock-request-violation", violation))
        return arguments
