"""The limits of a schema: keywords about values of one type, of which one can be stricter."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from contract_first.contract.document.bounds import ARRAYS, EXCLUSIVE, NUMBERS, RANGES, STRICTER, STRINGS

LOWER = {least: types for least, _, types in RANGES} | {"uniqueItems": ARRAYS}
COUNTS = LOWER.keys() - {"minimum"}
SETS = {"pattern": STRINGS, "format": STRINGS | NUMBERS, "multipleOf": NUMBERS}
BOUNDS = LOWER | {most: types for _, most, types in RANGES}
APPLIES_TO = BOUNDS | SETS
NOTHING = (0, 0)
"""The lower bound of a count (or of uniqueness) that bounds nothing."""
UNBOUNDED = frozenset({"", "^", "$", ".*", "^.*", ".*$", "()", "(?:)"})
"""Patterns that are found in every string."""
FORMATS = {"contentEncoding": ("base64", "byte"), "contentMediaType": ("application/octet-stream", "binary")}
"""Keywords of OpenAPI 3.1, and the formats that replace them in 3.0."""
READ = frozenset({*APPLIES_TO, *EXCLUSIVE.values(), *FORMATS})
INCLUDED_FORMATS = {("int32", "int64"), ("float", "double")}


def read_limits(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits of a schema of JSON Schema 2020-12, in a comparable form.

    A lower or upper bound is a pair of the number and of which is stricter at the same number, an exclusive
    bound being reported under the name of the inclusive one; the others are sets of one.
    """
    limits: dict[str, Any] = {}
    if schema.keys().isdisjoint(READ):
        return limits
    for keyword in BOUNDS:
        if (keyword in schema or EXCLUSIVE.get(keyword) in schema) and (bounds := _bounds(schema, keyword)):
            limits[keyword] = max(bounds) if keyword in LOWER else min(bounds)
    for keyword in SETS:
        if isinstance(schema.get(keyword), str | int | float) and schema[keyword] not in UNBOUNDED:
            limits[keyword] = frozenset({schema[keyword]})
    for keyword, (_, name) in FORMATS.items():
        if is_format(keyword, schema.get(keyword)):
            limits["format"] = limits.get("format", frozenset()) | {name}
    return limits


def is_format(keyword: str, value: Any) -> bool:
    """Tell whether a keyword of a string is equivalent to a format."""
    return keyword in FORMATS and value == FORMATS[keyword][0]


def _bounds(schema: Mapping[str, Any], keyword: str) -> list[tuple[float, int]]:
    strict = 1 if keyword in LOWER else -1
    limits = (schema.get(keyword), 0), (schema.get(EXCLUSIVE.get(keyword, "")), strict)
    return [
        (bound, strictness)
        for bound, strictness in limits
        if isinstance(bound, int | float) and ((bound, strictness) != NOTHING or keyword not in COUNTS)
    ]


def stricter(keyword: str, first: Any, other: Any) -> Any:
    """Return the limit that applies if both do."""
    if keyword in SETS:
        return first | other
    return STRICTER.get(keyword, max)(first, other)


def relation(keyword: str, old: Any, new: Any) -> str | None:
    """Tell whether a limit (None for none) was narrowed, widened or changed; None if it is the same."""
    if old == new:
        return None
    if old is None or new is None:
        return "narrowed" if old is None else "widened"
    if keyword in SETS:
        return _relation_of_sets(keyword, old, new)
    return "narrowed" if stricter(keyword, old, new) == new else "widened"


def _relation_of_sets(keyword: str, old: frozenset[Any], new: frozenset[Any]) -> str:
    if _implies(keyword, new, old):
        return "narrowed"
    return "widened" if _implies(keyword, old, new) else "changed"


def _implies(keyword: str, limits: frozenset[Any], others: frozenset[Any]) -> bool:
    """Tell whether each value that conforms to all limits conforms to all others."""
    return all(any(_implies_one(keyword, limit, other) for limit in limits) for other in others)


def _implies_one(keyword: str, first: Any, other: Any) -> bool:
    if keyword == "multipleOf":
        return other != 0 and Fraction(str(first)) % Fraction(str(other)) == 0
    return first == other or (keyword == "format" and (first, other) in INCLUDED_FORMATS)


def words(keyword: str, limit: Any) -> str:
    """Return a limit in words, ``none`` for None."""
    if limit is None:
        return "none"
    if keyword in SETS:
        return " and ".join(sorted(map(str, limit)))
    number, strictness = limit
    if keyword == "uniqueItems":
        return "true"
    return f"{number} (exclusive)" if strictness else str(number)
