"""What kind of value a schema can mean, worked out at start-up through ``$ref`` and the combinators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .schemas import SchemaCompiler

EVERY_TYPE = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
MISSING: Any = type("Missing", (), {"__repr__": lambda _: "MISSING"})()
DEEPEST = 20


def types_of(schema: Any, compiler: SchemaCompiler, depth: int = 0) -> frozenset[str]:
    """Return the JSON types that a value of the schema can have; all seven where it does not say."""
    if not _readable(schema, depth):
        return EVERY_TYPE
    types = _declared(schema)
    target = compiler.follow(schema)
    for part in [*schema.get("allOf", ()), *([] if target is None else [target])]:
        types &= types_of(part, compiler, depth + 1)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            types &= frozenset().union(*(types_of(part, compiler, depth + 1) for part in schema[keyword]))
    return types


def _readable(schema: Any, depth: int) -> bool:
    return isinstance(schema, dict) and depth <= DEEPEST


def _declared(schema: dict[str, Any]) -> frozenset[str]:
    types = EVERY_TYPE
    declared = schema.get("type")
    if declared is not None:
        types &= frozenset([declared] if isinstance(declared, str) else declared)
        types |= {"integer"} if "number" in types else frozenset()
        types |= {"null"} if schema.get("nullable") is True else frozenset()
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if values is not None:
        types &= frozenset().union(*(_types_of_value(value) for value in values))
    return types


def _types_of_value(value: Any) -> frozenset[str]:
    if value is None:
        return frozenset({"null"})
    if isinstance(value, bool):
        return frozenset({"boolean"})
    for python, names in ((str, {"string"}), (list, {"array"}), (dict, {"object"})):
        if isinstance(value, python):
            return frozenset(names)
    return frozenset({"integer", "number"})


def parts_of(schema: Any, compiler: SchemaCompiler, depth: int = 0) -> list[dict[str, Any]]:
    """Return the schema objects that all apply to a value: the schema, its ``$ref`` and its ``allOf``."""
    if not _readable(schema, depth):
        return []
    parts = [schema]
    for part in [compiler.follow(schema), *schema.get("allOf", ())]:
        parts += parts_of(part, compiler, depth + 1)
    return parts


def default_of(schema: Any, compiler: SchemaCompiler) -> Any:
    """Return the default that a schema declares, its own before those it refers to; MISSING for none."""
    return next((part["default"] for part in parts_of(schema, compiler) if "default" in part), MISSING)


def properties_of(schema: Any, compiler: SchemaCompiler) -> dict[str, Any]:
    """Return the schemas of the named properties that a schema declares."""
    named: dict[str, Any] = {}
    for part in reversed(parts_of(schema, compiler)):
        named.update(part.get("properties", {}))
    return named


def properties_marked(mark: str, schema: Any, compiler: SchemaCompiler) -> frozenset[str]:
    """Return the names of a schema's properties that say ``readOnly: true``, or ``writeOnly: true``."""
    named = properties_of(schema, compiler).items()
    return frozenset(
        name for name, inner in named if any(part.get(mark) is True for part in parts_of(inner, compiler))
    )


def items_of(schema: Any, compiler: SchemaCompiler) -> Any:
    """Return the schema of an array's items, True where it does not say."""
    return next((part["items"] for part in parts_of(schema, compiler) if "items" in part), True)


def branches_of(schema: Any, compiler: SchemaCompiler, depth: int = 0) -> list[dict[str, Any]]:
    """Return the schema objects of which any may apply to a value: its parts, and their alternatives."""
    branches = parts_of(schema, compiler, depth)
    for part in tuple(branches):
        for alternative in (*part.get("anyOf", ()), *part.get("oneOf", ())):
            branches += branches_of(alternative, compiler, depth + 1)
    return branches
