"""Conditions on the values that a request has under a name.

A condition is a value, which one of them has to equal, or an object that says more:
``{"equals": {"a": 1}}``, ``{"pattern": "a*"}``, ``{"present": false}``.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .journal.matching import matches


def are_met(conditions: Mapping[str, Any], values: Callable[[str], Sequence[Any]], *, texts: bool) -> bool:
    """Return whether all conditions are met.

    Args:
        values: returns the values under a name.
        texts: they are always texts, as in a query: 7 is ``"7"`` there.
    """
    return all(_is_met(condition, values(name), texts=texts) for name, condition in conditions.items())


def _is_met(condition: Any, values: Sequence[Any], *, texts: bool) -> bool:
    kind, expected = next(iter(condition.items())) if isinstance(condition, dict) else ("equals", condition)
    if kind == "present":
        return bool(values) is expected
    if kind == "pattern":
        return any(matches(_text(value), expected) for value in values)
    if texts:
        expected = _text(expected)
    return any(_are_equal(value, expected) for value in values)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _are_equal(value: Any, other: Any) -> bool:
    """Return whether JSON values are equal: 1 is 1.0, and not true."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_are_equal(value[name], other[name]) for name in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_are_equal, value, other))
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)
