"""What a schema means to a handler: a Python type, and words."""

from typing import Any

from contract_first.contract import Contract
from contract_first.contract.document.json_types import EVERY_TYPE
from contract_first.contract.schemas.expansion import Expansion
from contract_first.contract.schemas.limits import words
from contract_first.contract.schemas.parts import Part
from contract_first.contract.schemas.schema import Schema
from contract_first.contract.schemas.shapes import Shape, shape_of, type_words

PYTHON = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list[Any]",
    "object": "dict[str, Any]",
}


class Annotations:
    """Reads the schemas of a contract for generators of code."""

    def __init__(self, contract: Contract) -> None:
        self._schemas = contract.schemas
        self._words: dict[tuple[int, ...], str] = {}

    def python_type(self, node: Any, *, is_optional: bool = False) -> str:
        """Return the annotation for a value that conforms to a schema, or that may not have been sent."""
        types = self._schemas.of(node).types
        if types >= EVERY_TYPE:
            return "Any"
        types -= {"integer"} if "number" in types else set()
        named = [PYTHON[name] for name in PYTHON if name in types]
        return " | ".join([*named, *["None"] * (is_optional or "null" in types)]) or "Any"

    def described(self, node: Any) -> str:
        """Return the component, types, values and limits of a schema in words."""
        key = _key(self._schemas.of(node))
        if key not in self._words:
            nowhere = Part({}, "", "")
            shapes = [
                shape_of(alternative, nowhere)
                for alternative in Expansion(self._schemas, (Part(node, "", ""),)).alternatives
            ]
            self._words[key] = " or ".join(dict.fromkeys(map(_described, shapes)))
        return self._words[key]


def _key(schema: Schema) -> tuple[int, ...]:
    """Return the key of a schema; bare references to one schema have the same key."""
    return tuple(map(id, schema.parts[schema.whole is not schema :] or [schema.node]))


def _described(shape: Shape) -> str:
    component = [shape.name[0].rpartition("/")[2]] if shape.name else []
    values = [f"one of {', '.join(shape.enum)}"] if shape.enum else []
    limits = [f"{keyword} {words(keyword, limit)}" for keyword, limit in shape.limits.items()]
    return ", ".join([*component, type_words(shape.types, takes_null=shape.takes_null), *values, *limits])
