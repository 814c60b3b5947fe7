"""The JSON types of values and schema objects, and the formats that bound integers.

A number is an integer if its fraction is zero, in OpenAPI 3.0 too (docs/decisions.md). For a schema that
says nothing of integers a format of theirs is an annotation (JSON Schema 2020-12, section 7.2.1): ``number``
allows fractions and exponents, and a width takes neither.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

EVERY_TYPE: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
INTEGERS: Final = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
}
"""The bounds of the integer formats in OpenAPI's Format Registry."""


def named_types(schema: dict[str, Any]) -> frozenset[str]:
    """Return the JSON types that the ``type`` of a schema allows."""
    types = EVERY_TYPE
    declared = schema.get("type")
    if declared is not None:
        types &= frozenset([declared] if isinstance(declared, str) else declared)
        types |= {"integer"} if "number" in types else frozenset()
        types |= {"null"} if schema.get("nullable") is True else frozenset()
    return types


def declared_types(schema: dict[str, Any]) -> frozenset[str]:
    """Return the types that a schema object itself allows, by its ``type``, ``enum`` and ``const``."""
    types = named_types(schema)
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if values is not None:
        numbers = {"integer": {"integer", "number"}}
        types &= frozenset().union(*(numbers.get(type_of(value), {type_of(value)}) for value in values))
    return types


def type_of(value: Any) -> str:
    """Return the JSON type of a value; a number without a fraction is an integer."""
    kinds = ((bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"), (dict, "object"))
    if isinstance(value, float):
        return "integer" if is_integer(value) else "number"
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def text_of(value: Any) -> str:
    """Return a JSON value as text: a string as it is."""
    return value if isinstance(value, str) else json.dumps(value)


def is_integer(value: Any) -> bool:
    """Tell whether a JSON value is an integer."""
    return value.is_integer() if isinstance(value, float) else type(value) is int


def range_of(schema: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the bounds of a schema object's integer format, None if it has none."""
    kinds = schema.get("type") or ()
    is_integer = kinds == "integer" or ("integer" in kinds and "number" not in kinds)
    return INTEGERS.get(schema.get("format", "")) if is_integer else None


def is_within(value: Any, bounds: tuple[int, int]) -> bool:
    """Tell whether a JSON value is within bounds, or no number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return not is_number or bounds[0] <= value <= bounds[1]
