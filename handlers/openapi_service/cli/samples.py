"""What a schema means to a handler and its test: a Python type, words, and a value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from openapi_contract.comparison.expansion import alternatives_of
from openapi_contract.comparison.limits import words
from openapi_contract.comparison.located import Located
from openapi_contract.comparison.shapes import ANY_TYPE, Shape, shape_of, type_words

if TYPE_CHECKING:
    from openapi_contract import Contract
    from openapi_contract.comparison.located import Conjunction

PYTHON = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list[Any]",
    "object": "dict[str, Any]",
}
VALUES: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "array": [],
    "object": {},
}
DEEPEST = 4
"""Objects in objects that a sample has; beyond them they are empty."""
LONGEST_TEXT = 60


class Samples:
    """Reads the schemas of a contract for whoever writes code from them."""

    def __init__(self, contract: Contract) -> None:
        self._schemas = contract.schemas

    def shapes(self, schema: Any) -> list[Shape]:
        """Return the alternatives of a schema as it stands in the contract."""
        return self._shapes((Located(schema, "", ""),))

    def _shapes(self, conjunction: Conjunction) -> list[Shape]:
        nowhere = Located({}, "", "")
        return [shape_of(each, nowhere) for each in alternatives_of(self._schemas, conjunction)]

    def python_type(self, schema: Any, *, is_optional: bool = False) -> str:
        """Return the annotation for a value that keeps a schema, or that may not have been sent."""
        shapes = self.shapes(schema)
        types: set[str] = set().union(*(shape.types for shape in shapes))
        if types >= ANY_TYPE:
            return "Any"
        types -= {"integer"} if "number" in types else set()
        takes_none = is_optional or any(shape.takes_null for shape in shapes)
        named = [PYTHON[each] for each in PYTHON if each in types]
        return " | ".join([*named, *["None"] * takes_none]) or "Any"

    def described(self, schema: Any) -> str:
        """Return the component, types, values and limits of a schema in words."""
        return " or ".join(dict.fromkeys(map(_described, self.shapes(schema))))

    def value(self, schema: Any) -> Any:
        """Return a value as the schema has it: an example, the default, or the simplest of its type."""
        return self._value((Located(schema, "", ""),), 0)

    def _value(self, conjunction: Conjunction, depth: int) -> Any:
        for located in conjunction:
            node = located.node if isinstance(located.node, dict) else {}
            told = [*node.get("examples", ())[:1], *(node[k] for k in ("example", "default") if k in node)]
            if told:
                return told[0]
        shape = next((shape for shape in self._shapes(conjunction) if shape.types), None)
        if shape is None:
            return None
        if shape.enum:
            return next(iter(shape.enum.values()))
        (kind, *_) = (each for each in VALUES if each in shape.types)
        return self._object(shape, depth) if kind == "object" else VALUES[kind]

    def _object(self, shape: Shape, depth: int) -> dict[str, Any]:
        if depth == DEEPEST:
            return {}
        needed = [name for name in shape.properties if name in shape.required]
        return {name: self._value(shape.properties[name], depth + 1) for name in needed}


def _described(shape: Shape) -> str:
    component = [shape.name[0].rpartition("/")[2]] if shape.name else []
    values = [f"one of {', '.join(shape.enum)}"] if shape.enum else []
    limits = [f"{keyword} {words(keyword, limit)}" for keyword, limit in shape.limits.items()]
    return ", ".join([*component, type_words(shape.types, takes_null=shape.takes_null), *values, *limits])


def literal(value: Any, indent: int) -> str:
    """Return the Python expression for a JSON value, at most a member a line; hostile texts are ``text``."""
    if isinstance(value, str):
        is_plain = value.isascii() and value.isprintable() and len(value) <= LONGEST_TEXT
        return json.dumps(value if is_plain and not {'"', "\\"} & set(value) else "text")
    space = " " * (indent + 4)
    if isinstance(value, dict) and value:
        members = [f"{space}{literal(key, 0)}: {literal(each, indent + 4)}," for key, each in value.items()]
        return "\n".join(["{", *members, " " * indent + "}"])
    if isinstance(value, list) and value:
        items = [f"{space}{literal(each, indent + 4)}," for each in value]
        return "\n".join(["[", *items, " " * indent + "]"])
    return repr(value)
