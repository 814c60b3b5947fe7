"""Rules about examples and defaults."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from contract_first.contract.contract import Contract
from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import Location
from contract_first.contract.schemas.schema import Schema

from .structure import Flaw

LONGEST_REASON = 200
EXAMPLES = frozenset({"example", "examples", "default"})
HOLDERS = frozenset({"schema", "parameter", "header", "mediaType"})


class Examples:
    """The examples and defaults of a contract, and their schemas."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = contract.schemas

    def violations(self, location: Location) -> Iterator[Flaw]:
        """Yield the violations of the examples and defaults of a schema, or beside it."""
        if location.kind in HOLDERS and (examples := list(self._examples(location))):
            yield from self._check(location, examples)

    def _examples(self, location: Location) -> Iterator[tuple[str, Any]]:
        """Yield the examples and defaults of the schema at a location, each with its pointer."""
        is_schema = location.kind == "schema"
        if not is_schema and "schema" not in location.node:
            return
        yield from self._listed(location) if is_schema else self._named(location)
        for keyword in ("example", "default") if is_schema else ("example",):
            if keyword in location.node:
                yield pointers.join(location.pointer, keyword), location.node[keyword]

    def _listed(self, location: Location) -> Iterator[tuple[str, Any]]:
        listed = location.node.get("examples")
        for index, value in enumerate(listed if isinstance(listed, list) else ()):
            yield pointers.join(location.pointer, "examples", index), value

    def _named(self, location: Location) -> Iterator[tuple[str, Any]]:
        for name, named in location.node.get("examples", {}).items():
            example, where = self._contract.follow(named, pointers.join(location.pointer, "examples", name))
            if "value" in example:
                yield pointers.join(where, "value"), example["value"]

    def _check(self, location: Location, examples: list[tuple[str, Any]]) -> Iterator[Flaw]:
        is_schema = location.kind == "schema"
        pointer = location.pointer if is_schema else pointers.join(location.pointer, "schema")
        schemas = self._schemas.view(self._schemas.one_way & _not_required(location), formats=True)
        schema = schemas.of(location.node if is_schema else location.node["schema"])
        try:
            validator = schema.validator
        except (LookupError, ValueError, jsonschema_rs.ReferencingError) as refused:
            yield Flaw("example", pointer, _shortened(str(refused)), "cannot be compiled")
            return
        mark, rule = ("readOnly", "read-only") if is_sent(location) else ("writeOnly", "write-only")
        for where, value in examples:
            # that is slow, and most examples conform
            violations = () if validator.is_valid(value) else validator.violations(value, "body")
            for violation in violations:
                yield Flaw("example", where + violation.name, _shortened(violation.detail))
            if location.kind == "mediaType":
                yield from (Flaw(rule, place) for place in _marked(schema, value, mark, where))


def _marked(schema: Schema, value: Any, mark: str, pointer: str) -> Iterator[str]:
    """Yield the places in a value of properties that have a mark."""
    if isinstance(value, dict):
        properties = schema.properties
        for name in value.keys() & properties.keys():
            at = pointers.join(pointer, name)
            if properties[name].is_marked(mark):
                yield at
            else:
                yield from _marked(properties[name], value[name], mark, at)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _marked(schema.items, item, mark, f"{pointer}/{index}")


def is_sent(location: Location) -> bool:
    """Tell whether a place is in a request."""
    return location.kind == "parameter" or not {"requestBody", "requestBodies"}.isdisjoint(
        pointers.split(location.pointer)
    )


def _not_required(location: Location) -> frozenset[str]:
    """Return the marks of properties that are not required where a value stands.

    A schema's own example may be of either direction (OpenAPI 3.0.3, section 4.7.24).
    """
    if location.kind == "schema":
        return frozenset({"readOnly", "writeOnly"})
    return frozenset({"readOnly" if is_sent(location) else "writeOnly"})


def _shortened(message: str) -> str:
    line = message.partition("\n")[0].removesuffix(".")
    return f"{line[:LONGEST_REASON]}..." if len(line) > LONGEST_REASON else f"{line}."
