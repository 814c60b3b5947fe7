"""Conditions on the values that a request has under a name.

A condition is a value, which one of them has to equal, or an object that says more:
``{"equals": {"a": 1}}``, ``{"pattern": "a*"}``, ``{"all": [1, 2]}``, ``{"present": false}``.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from contract_first.contract.document.json_types import text_of

from .journal.matching import matches

BY_POINTER = frozenset({"body", "item"})
"""Places of JSON values, where names are JSON pointers."""


class RequestValues(Protocol):
    """A request, as far as conditions look at it."""

    def values(self, place: str, name: str) -> Sequence[Any]:
        """Return the values under a name in query, headers or cookies, or by JSON pointer in body or item."""


class Condition(NamedTuple):
    """A condition on the values under a name in a place.

    Attributes:
        place: ``query``, ``headers``, ``cookies``, ``body`` or ``item``.
        kind: ``equals``, ``pattern``, ``all`` or ``present``.
    """

    place: str
    name: str
    kind: str
    expected: Any

    @classmethod
    def of(cls, place: str, name: str, document: Any) -> "Condition":
        """Return the condition that a JSON value stands for."""
        kind, expected = next(iter(document.items())) if isinstance(document, dict) else ("equals", document)
        if kind == "equals" and place not in BY_POINTER:
            expected = text_of(expected)  # what is sent there is always a text: 7 is "7"
        elif kind == "all" and place not in BY_POINTER:
            expected = [*map(text_of, expected)]
        return cls(place, name, kind, expected)

    def is_met(self, request: RequestValues) -> bool:
        """Return whether one of the values meets the condition."""
        values = request.values(self.place, self.name)
        if self.kind == "equals":
            return any(_are_equal(value, self.expected) for value in values)
        if self.kind == "pattern":
            return any(matches(text_of(value), self.expected) for value in values)
        if self.kind == "all":
            return _are_equal([*values], self.expected)
        return bool(values) is self.expected


def _are_equal(value: Any, other: Any) -> bool:
    """Return whether JSON values are equal: 1 is 1.0, and not true."""
    if isinstance(value, str):
        return bool(value == other)
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_are_equal(value[name], other[name]) for name in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_are_equal, value, other))
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
