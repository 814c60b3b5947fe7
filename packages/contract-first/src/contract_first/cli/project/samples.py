"""What a schema means to a handler and its test: a Python type, words, and a value."""

import json
import re
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

import msgspec

from contract_first.contract import Contract
from contract_first.contract.document.json_types import EVERY_TYPE
from contract_first.contract.schemas.expansion import Expansion
from contract_first.contract.schemas.limits import words
from contract_first.contract.schemas.parts import Part
from contract_first.contract.schemas.schema import Schema, Schemas
from contract_first.contract.schemas.shapes import Shape, shape_of, type_words
from contract_first.generation.generator import Generator

PYTHON = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list[Any]",
    "object": "dict[str, Any]",
}
FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
"""A text of each format."""
DEEPEST = 4
"""Objects in objects that a sample has; beyond them they are empty."""
LONGEST_TEXT = 60
JSON = re.compile(r"\bjson\b")


class Samples:
    """Reads the schemas of a contract for generators of code."""

    def __init__(self, contract: Contract) -> None:
        self._schemas = contract.schemas
        with_formats = contract.schemas.view(formats=True)
        self._requests, self._responses = with_formats.for_requests, with_formats.for_responses
        self._generator = Generator(contract.schemas, seed="samples")
        self._words: dict[tuple[int, ...], str] = {}
        self._values: dict[tuple[int, ...], Any] = {}
        self._accepted: dict[tuple[object, ...], bool] = {}

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

    def value(self, node: Any) -> Any:
        """Return a value as a schema has it: an example, the default, or the simplest of its type."""
        return self._value(self._schemas.of(node), 0)

    def response(self, node: Any) -> Any:
        """Return a value as responses have it: the sample if it conforms, else a generated one."""
        return self._conforming(node, self.conforms)

    def request(self, node: Any) -> Any:
        """Return a value as requests have it, found in the same way."""
        return self._conforming(node, self.is_valid)

    def conforms(self, node: Any, value: Any) -> bool:
        """Tell whether a value conforms, as it is written in Python, to the schema of a response."""
        return self._accepts(self._responses, node, _written(value), as_python=True)

    def is_valid(self, node: Any, value: Any) -> bool:
        """Tell whether a value conforms, as it is written in Python, to the schema of a request."""
        return self._accepts(self._requests, node, _written(value))

    def _accepts(self, schemas: Schemas, node: Any, value: Any, *, as_python: bool = False) -> bool:
        """Tell whether a value conforms; each value is validated once by all schemas of the same text."""
        key = schemas.key(node), msgspec.json.encode(value), id(schemas), as_python
        if key not in self._accepted:
            self._accepted[key] = schemas.accepts(node, value, as_python=as_python)
        return self._accepted[key]

    def _conforming(self, node: Any, conforms: Callable[[Any, Any], bool]) -> Any:
        value = self.value(node)
        if conforms(node, value):
            return value
        candidates = self._generator.values(node, "sample")
        return next((candidate for candidate in candidates if conforms(node, candidate)), value)

    def _value(self, schema: Schema, depth: int) -> Any:
        key = (depth, *_key(schema))
        if key not in self._values:
            candidates = self._candidates(schema, depth)
            first = next(candidates)
            accepts = partial(self._accepts, self._schemas, schema.node)
            self._values[key] = next(filter(accepts, chain([first], candidates)), first)
        return self._values[key]

    def _candidates(self, schema: Schema, depth: int) -> Iterator[Any]:
        for part in schema.parts:
            yield from part.get("examples", ())[:1]
            yield from (part[keyword] for keyword in ("example", "default", "const") if keyword in part)
        for part in schema.branches:
            yield from part.get("enum", ())
        for branch in [schema, *map(schema.of, schema.branches[1:])]:
            yield from (self._simplest(branch, kind, depth) for kind in PYTHON if kind in branch.types)
        yield None

    def _simplest(self, schema: Schema, kind: str, depth: int) -> Any:
        keywords = {key: value for part in reversed(schema.parts) for key, value in part.items()}
        if kind == "object":
            required = dict.fromkeys(chain.from_iterable(part.get("required", ()) for part in schema.parts))
            named = {name: schema.properties.get(name, schema.of(True)) for name in required}  # noqa: FBT003 -- a schema
            return (
                {}
                if depth == DEEPEST
                else {name: self._value(member, depth + 1) for name, member in named.items()}
            )
        if kind == "array":
            return [self._value(schema.items, depth + 1) for _ in range(keywords.get("minItems", 0))][
                :LONGEST_TEXT
            ]
        if kind == "string":
            text = FORMATS.get(keywords.get("format", ""), "text")
            return text.ljust(min(keywords.get("minLength", 0), LONGEST_TEXT), "t")[
                : keywords.get("maxLength")
            ]
        if kind == "boolean":
            return True
        step = keywords.get("multipleOf", 1 if kind == "integer" else 0.5)
        least = max(keywords.get("minimum", step), keywords.get("exclusiveMinimum", 0) + step)
        return min(
            least, keywords.get("maximum", least), keywords.get("exclusiveMaximum", least + step) - step
        )


def schema_of(parameter: Mapping[str, Any]) -> Any:
    """Return the schema of a parameter, also if it is in a ``content``."""
    return parameter["schema"] if "schema" in parameter else first_content(parameter)[1]


def first_content(holder: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the first media type, JSON if there is any, and its schema."""
    return next(contents(holder), ("", True))


def contents(holder: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each media type and its schema, those of JSON first."""
    content = holder.get("content", {})
    for name in sorted(content, key=lambda name: not JSON.search(name)):
        if "itemSchema" in content[name]:
            yield name, {"type": "array", "items": content[name]["itemSchema"], "minItems": 1}
        else:
            yield name, content[name].get("schema", {})


def _key(schema: Schema) -> tuple[int, ...]:
    """Return the key of a schema; bare references to one schema have the same key."""
    return tuple(map(id, schema.parts[schema.whole is not schema :] or [schema.node]))


def _described(shape: Shape) -> str:
    component = [shape.name[0].rpartition("/")[2]] if shape.name else []
    values = [f"one of {', '.join(shape.enum)}"] if shape.enum else []
    limits = [f"{keyword} {words(keyword, limit)}" for keyword, limit in shape.limits.items()]
    return ", ".join([*component, type_words(shape.types, takes_null=shape.takes_null), *values, *limits])


def _written(value: Any) -> Any:
    """Return what a value is once it is written in Python."""
    return literal_eval(literal(value, 0))


def literal(value: Any, indent: int) -> str:
    """Return the Python expression for a JSON value, at most a member a line; hostile texts are ``text``."""
    if isinstance(value, str):
        is_plain = value.isascii() and value.isprintable() and len(value) <= LONGEST_TEXT
        return json.dumps(value if is_plain and not {'"', "\\"} & set(value) else "text")
    space = " " * (indent + 4)
    if isinstance(value, dict) and value:
        members = [f"{space}{literal(key, 0)}: {literal(item, indent + 4)}," for key, item in value.items()]
        return "\n".join(["{", *members, " " * indent + "}"])
    if isinstance(value, list) and value:
        items = [f"{space}{literal(item, indent + 4)}," for item in value]
        return "\n".join(["[", *items, " " * indent + "]"])
    return repr(value)
