"""Where a schema names the values that there can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from openapi_contract import pointers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi_contract.schemas import Schema

Steps = tuple[str, ...]
EACH = "*"
DEEPEST = 8
MOST_VALUES = 100
"""Of an enumeration; who lists more means a vocabulary, not cases to try."""


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
        found = [value]
        for step in self.steps:
            found = [inner for each in found for inner in _inside(each, step)]
        # a value of any size may stand where one of a few words is wanted
        return {json_text(each) for each in found if not isinstance(each, dict | list)} & set(self.values)


def enumerations(schema: Schema) -> list[Enumeration]:
    """Return the enumerations in a schema, through its references and alternatives; none of one value."""
    found: dict[Steps, dict[str, None]] = {}
    for steps, value in _walk(schema, ()):
        found.setdefault(steps, {})[json_text(value)] = None
    listed = [Enumeration(steps, tuple(values)) for steps, values in found.items()]
    return [each for each in listed if 1 < len(each.values) <= MOST_VALUES]


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
    """Return a JSON value as text, of which there is one for each."""
    return msgspec.json.encode(value, order="deterministic").decode()
