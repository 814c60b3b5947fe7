"""How much of a contract has been exercised: operations, statuses, parameters and values of enumerations."""

from __future__ import annotations

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

MOST_UNDOCUMENTED = 20
Steps = tuple[str, ...]
EACH = "*"
DEEPEST = 8
MOST_VALUES = 100
"""Of an enumeration; a longer one is a vocabulary rather than a set of cases."""


class Coverage:
    """Counts the parts of a contract that exchanges exercise."""

    def __init__(self, contract: Contract) -> None:
        self._counted = {
            operation.operation_id: _Counted(operation, contract.schemas) for operation in contract.operations
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

    def __init__(self, operation: Operation, schemas: Schemas) -> None:
        self._operation = operation
        self._parameters = [(parameter["in"], parameter["name"]) for parameter in operation.parameters]
        self._enumerations = dict(_enumerations(operation, schemas))
        self.coverage = OperationCoverage(
            operation=operation.operation_id,
            method=operation.method.upper(),
            path=operation.path,
            statuses=dict.fromkeys(operation.responses, 0),
            parameters=dict.fromkeys((f"{place} {name}" for place, name in self._parameters), 0),
            values={
                f"{part}{enumeration.pointer}": dict.fromkeys(enumeration.values, 0)
                for part, listed in self._enumerations.items()
                for enumeration in listed
            },
        )

    def request(self, parameters: ReadParameters, body: Any) -> None:
        self.coverage.calls += 1
        for place, name in self._parameters:
            if (place, name) in parameters:
                self.coverage.parameters[f"{place} {name}"] += 1
                self._count(f"{place} {name}", parameters[place, name])
        self._count("body ", body)

    def response(self, exchange: RecordedExchange) -> None:
        code = self._operation.response_key(exchange.status)
        if code is None:
            self._undocumented(exchange.status)
            return
        self.coverage.statuses[code] += 1
        if self._enumerations.get(f"{code} "):
            self._count(f"{code} ", _json_body(exchange))

    def _undocumented(self, status: int) -> None:
        counts = self.coverage.undocumented
        if status and (str(status) in counts or len(counts) < MOST_UNDOCUMENTED):
            counts[str(status)] = counts.get(str(status), 0) + 1

    def _count(self, part: str, value: Any) -> None:
        for enumeration in self._enumerations.get(part, ()):
            for text in enumeration.found_in(value):
                self.coverage.values[f"{part}{enumeration.pointer}"][text] += 1


def _enumerations(operation: Operation, schemas: Schemas) -> Iterator[tuple[str, list[Enumeration]]]:
    """Yield the parts of requests and successes as reports name them, with the enumerations in each."""
    for parameter in operation.parameters:
        content = next(iter(parameter.get("content", {}).values()), parameter)
        yield f"{parameter['in']} {parameter['name']}", enumerations(schemas.in_media_type(content))
    yield "body ", _of_content(operation.request_body or {}, schemas)
    for code, response in operation.responses.items():
        if code.startswith("2"):
            yield f"{code} ", _of_content(response, schemas)


def _of_content(holder: Mapping[str, Any], schemas: Schemas) -> list[Enumeration]:
    """Return the enumerations of a body of any media type."""
    enumerated: dict[tuple[str, ...], Enumeration] = {}
    for media_type in holder.get("content", {}).values():
        for enumeration in enumerations(schemas.in_media_type(media_type)):
            earlier = enumerated.get(enumeration.steps, enumeration)
            values = dict.fromkeys((*earlier.values, *enumeration.values))
            enumerated[enumeration.steps] = enumeration._replace(values=tuple(values))
    return list(enumerated.values())


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


def enumerations(schema: Schema) -> list[Enumeration]:
    """Return the enumerations in a schema, through its references and alternatives; none of one value."""
    by_steps: dict[Steps, dict[str, None]] = {}
    for steps, value in _walk(schema, ()):
        by_steps.setdefault(steps, {})[json_text(value)] = None
    enumerated = [Enumeration(steps, tuple(values)) for steps, values in by_steps.items()]
    return [enumeration for enumeration in enumerated if 1 < len(enumeration.values) <= MOST_VALUES]


def _walk(schema: Schema, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if len(steps) > DEEPEST:
        return
    for branch in schema.branches:
        for value in branch.get("enum", [branch["const"]] if "const" in branch else ()):
            yield steps, value
        for name, inner in branch.get("properties", {}).items():
            yield from _walk(schema.of(inner), (*steps, name))
        if "items" in branch:
            yield from _walk(schema.of(branch["items"]), (*steps, EACH))


def _inside(value: Any, step: str) -> list[Any]:
    if isinstance(value, list) and step == EACH:
        return value
    return [value[step]] if isinstance(value, dict) and step in value else []


def json_text(value: Any) -> str:
    """Return the canonical JSON text of a value."""
    return msgspec.json.encode(value, order="deterministic").decode()
