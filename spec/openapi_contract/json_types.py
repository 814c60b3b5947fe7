"""The JSON types of values, and those that a schema object declares."""

from typing import Any, Final

from .integers import is_integer

EVERY_TYPE: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


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
    """Return the types that a schema object itself allows, by its type and the values that it lists."""
    types = named_types(schema)
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if values is not None:
        numbers = {"integer": {"integer", "number"}}
        types &= frozenset().union(*(numbers.get(type_of(each), {type_of(each)}) for each in values))
    return types


def type_of(value: Any) -> str:
    """Return the JSON type of a value; a number without a fraction is an integer."""
    kinds = ((bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"), (dict, "object"))
    if isinstance(value, float):
        return "integer" if is_integer(value) else "number"
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")
