"""Integers: what is one, and formats, whose width bounds the numbers of a schema that says that they are.

A number is one if its fraction is zero, in OpenAPI 3.0 too (docs/decisions.md). For a schema that says
nothing of integers such a format is an annotation (JSON Schema 2020-12, section 7.2.1): ``number`` allows
fractions and exponents, and a width takes neither.
"""

from collections.abc import Mapping
from typing import Any, Final

INTEGERS: Final = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
}
"""The least and the greatest number of the integers in OpenAPI's Format Registry."""


def is_integer(value: Any) -> bool:
    """Tell whether a JSON value is an integer."""
    return value.is_integer() if isinstance(value, float) else type(value) is int


def range_of(schema: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the least and the greatest number by a schema object's format, None if it sets no bounds."""
    kinds = schema.get("type") or ()
    is_integer = kinds == "integer" or ("integer" in kinds and "number" not in kinds)
    return INTEGERS.get(schema.get("format", "")) if is_integer else None


def is_within(value: Any, bounds: tuple[int, int]) -> bool:
    """Tell whether a JSON value is within bounds; what is no number is."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return not is_number or bounds[0] <= value <= bounds[1]
