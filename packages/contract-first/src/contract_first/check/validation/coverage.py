"""How much of a contract has been exercised: operations, statuses, parameters and values of enumerations."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from contract_first.check.exchange import RecordedExchange
from contract_first.check.reports.recorded import OperationCoverage
from contract_first.contract import Contract, Operation
from contract_first.contract.document import pointers
from contract_first.contract.document.media_types import is_json
from contract_first.contract.schemas.schema import Schema, Schemas

from .content_codings import NotDecoded, decoded
from .requests import ReadParameters
from .validator import ValidatedExchange

Steps = tuple[str, ...]
EACH = "*"
DEEPEST = 8
MOST_PARTS = 1_000
"""Of a schema; where members refer to one another, there are a power of their number."""
MOST_VALUES = 100
"""Of an enumeration; a longer one is a vocabulary rather than a set of cases."""


class Coverage:
    """Counts the parts of a contract that exchanges exercise."""

    def __init__(self, contract: Contract) -> None:
        places = Enumerations(contract.schemas)
        self._counted = {
            operation.operation_id: _Counted(operation, dict(places.of(operation)))
            for operation in contract.operations
        }

    @property
    def operations(self) -> list[OperationCoverage]:
        """What has been exercised so far, in the order of the contract."""
        return [counted.coverage for counted in self._counted.values()]

    def record(self, exchange: RecordedExchange, validated: ValidatedExchange) -> None:
        if validated.operation_id and validated.request is not None:
            counted = self._counted[validated.operation_id]
            body = validated.request.body
            counted.request(validated.request.parameters, None if body is None else body.value)
            counted.response(exchange)


class _Counted:
    """One operation, and where its enumerations are."""

    def __init__(self, operation: Operation, enumerations: "dict[str, list[Enumeration]]") -> None:
        self._operation = operation
        self._enumerations = enumerations
        listed = ((part, enumeration) for part, group in enumerations.items() for enumeration in group)
        values = {f"{part}{enumeration.pointer}": enumeration.values for part, enumeration in listed}
        self.coverage = OperationCoverage.of(operation, values)

    def request(self, parameters: ReadParameters, body: Any) -> None:
        named = {f"{place} {name}": value for (place, name), value in parameters.items()}
        self.coverage.requested(named)
        for part, value in named.items():
            self._count(part, value)
        self._count("body ", body)

    def response(self, exchange: RecordedExchange) -> None:
        code = self._operation.response_key(exchange.status)
        self.coverage.responded(code, exchange.status)
        if self._enumerations.get(f"{code} "):
            self._count(f"{code} ", _json_body(exchange))

    def _count(self, part: str, value: Any) -> None:
        for enumeration in self._enumerations.get(part, ()):
            for text in enumeration.found_in(value):
                self.coverage.values[f"{part}{enumeration.pointer}"][text] += 1


def _json_body(exchange: RecordedExchange) -> Any:
    message = exchange.response
    if not message.whole or not is_json(message.media_type):
        return None
    try:
        return msgspec.json.decode(decoded(message))
    except (NotDecoded, ValueError, RecursionError):
        return None


class Enumeration(NamedTuple):
    """One place in a value where only some values can be.

    Attributes:
        steps: to it, `EACH` for the items of an array.
        values: as JSON texts.
    """

    steps: Steps
    values: tuple[str, ...]

    @property
    def pointer(self) -> str:
        """JSON pointer to the place, with a ``*`` for each item."""
        return pointers.join("", *self.steps)

    def found_in(self, value: Any) -> set[str]:
        """Return which of the values are in a JSON value."""
        values = [value]
        for step in self.steps:
            values = [inner for outer in values for inner in _inside(outer, step)]
        # a value of any size may stand where one of a few words is expected
        return {json_text(inner) for inner in values if not isinstance(inner, dict | list)} & set(self.values)


class Enumerations:
    """Finds the enumerations in schemas, those of a component once for all operations."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._known: dict[int, list[Enumeration]] = {}

    def of(self, operation: Operation) -> Iterator[tuple[str, list[Enumeration]]]:
        """Yield the parts of requests and successes as reports name them, with the enumerations in each."""
        for parameter in operation.parameters:
            content = next(iter(parameter.get("content", {}).values()), parameter)
            yield f"{parameter['in']} {parameter['name']}", self._of_media_type(content)
        yield "body ", self._of_content(operation.request_body or {})
        for code, response in operation.responses.items():
            if code.startswith("2"):
                yield f"{code} ", self._of_content(response)

    def _of_content(self, holder: Mapping[str, Any]) -> list[Enumeration]:
        """Return those of a body of any media type."""
        enumerated: dict[Steps, Enumeration] = {}
        for media_type in holder.get("content", {}).values():
            for enumeration in self._of_media_type(media_type):
                earlier = enumerated.get(enumeration.steps, enumeration)
                values = dict.fromkeys((*earlier.values, *enumeration.values))
                enumerated[enumeration.steps] = enumeration._replace(values=tuple(values))
        return list(enumerated.values())

    def _of_media_type(self, definition: Mapping[str, Any]) -> list[Enumeration]:
        node = self._schemas.meant(self._schemas.in_media_type(definition).node, "").node
        if id(node) not in self._known:
            self._known[id(node)] = enumerations(self._schemas.of(node))
        return self._known[id(node)]


def enumerations(schema: Schema) -> list[Enumeration]:
    """Return the enumerations in a schema, through its references and alternatives; none of one value.

    The parts nearest to its root come first; of a schema of very many parts the others are left out.
    """
    by_steps: dict[Steps, dict[str, None]] = {}
    parts: deque[tuple[Steps, Schema]] = deque([((), schema)])
    for _ in range(MOST_PARTS):
        if not parts:
            break
        steps, part = parts.popleft()
        for branch in part.branches:
            values = branch.get("enum", [branch["const"]] if "const" in branch else ())
            by_steps.setdefault(steps, {}).update((json_text(value), None) for value in values)
            if len(steps) < DEEPEST:
                members = branch.get("properties", {}).items()
                parts.extend(((*steps, name), part.of(inner)) for name, inner in members)
                parts.extend([((*steps, EACH), part.of(branch["items"]))] if "items" in branch else ())
    enumerated = [Enumeration(steps, tuple(values)) for steps, values in by_steps.items()]
    return [enumeration for enumeration in enumerated if 1 < len(enumeration.values) <= MOST_VALUES]


def _inside(value: Any, step: str) -> list[Any]:
    if isinstance(value, list) and step == EACH:
        return value
    return [value[step]] if isinstance(value, dict) and step in value else []


def json_text(value: Any) -> str:
    """Return the canonical JSON text of a value."""
    return msgspec.json.encode(value, order="deterministic").decode()
