"""JSON Schema 2020-12, compiled once from where it stands in an OpenAPI document.

A schema in a document refers to others by pointers into that document (``#/components/schemas/...``), and
may itself hold resources of its own (``$id``) in which ``#`` means something else. A :class:`SchemaCompiler`
turns it into a JSON Schema that stands alone: what it refers to is brought along under ``$defs``, and only
references whose base is the document are rewritten. OpenAPI 3.0's own dialect is translated on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import jsonschema_rs

from scanner_api.problems import Violation

from .dialect30 import to_2020_12

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLES = frozenset(
    [
        "items",
        "contains",
        "additionalProperties",
        "not",
        "if",
        "then",
        "else",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentSchema",
    ]
)
LONGEST_DETAIL = 300
MOST_VIOLATIONS = 100


class Schema:
    """A compiled schema.

    Attributes:
        document: the self-contained JSON Schema.
    """

    __slots__ = ("_validator", "document", "is_valid")

    def __init__(self, document: dict[str, Any], **options: Any) -> None:
        self.document = document
        self._validator = jsonschema_rs.Draft202012Validator(document, mask="value", offline=True, **options)
        self.is_valid: Callable[[Any], bool] = self._validator.is_valid

    def violations(self, value: Any, location: str, name: str = "") -> Iterator[Violation]:
        """Yield what is wrong with a value, at most 100 parts.

        Args:
            value: a JSON value.
            location: where the value was (``body``, ``query`` ...).
            name: the parameter's name; violations within it are told by pointer behind it.
        """
        for number, error in enumerate(self._validator.iter_errors(value)):
            for cause in _causes(error):
                yield Violation(
                    location,
                    name + _pointer(cause.instance_path),
                    cause.kind.name,
                    _detail(cause),
                )
            if number + 1 >= MOST_VIOLATIONS:
                return


def _causes(error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError]:
    """Look into ``anyOf`` and ``oneOf``: where one branch alone has the value's type, its errors say more."""
    context = getattr(error.kind, "context", None)
    if error.kind.name not in {"anyOf", "oneOf"} or not context:
        return [error]
    depth = len(error.instance_path)
    near = [
        branch
        for branch in context
        if not any(e.kind.name == "type" and len(e.instance_path) == depth for e in branch)
    ]
    return [cause for inner in near[0] for cause in _causes(inner)] if len(near) == 1 else [error]


def _detail(error: jsonschema_rs.ValidationError) -> str:
    """Word the error, with what the schema wants; the value itself is never repeated."""
    message = error.message
    return message if len(message) <= LONGEST_DETAIL else message[: LONGEST_DETAIL - 1] + "…"


def _pointer(path: list[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


class SchemaCompiler:
    """Compiles the schemas of one document.

    Args:
        document: the OpenAPI document; its ``openapi`` version decides the dialect.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._is_30 = str(document.get("openapi", "")).startswith("3.0")
        self._brought: dict[str, Any] = {}

    def compile(self, schema: Any, **options: Any) -> Schema:
        """Compile a schema of the document; ``options`` go to jsonschema-rs's validator."""
        return Schema(self.bundle(schema), **options)

    def bundle(self, schema: Any) -> dict[str, Any]:
        """Return the self-contained JSON Schema that means what ``schema`` means in the document."""
        wanted: list[str] = []
        root = self._rewrite(schema, wanted)
        definitions = {"root": root}
        while wanted:
            pointer = wanted.pop()
            if pointer not in definitions:
                if pointer not in self._brought:
                    within: list[str] = []
                    self._brought[pointer] = (self._rewrite(self.lookup(pointer), within), within)
                definitions[pointer], within = self._brought[pointer]
                wanted.extend(within)
        return {"$ref": "#/$defs/root", "$defs": definitions}

    def lookup(self, pointer: str) -> Any:
        """Return what a JSON pointer (RFC 6901) of the document points at; LookupError if nothing."""
        node: Any = self._document
        for step in pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def follow(self, schema: dict[str, Any]) -> Any:
        """Return the schema that a document-wide ``$ref`` leads to, None without one."""
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            return self.lookup(unquote(reference[1:]))
        return None

    def _rewrite(self, schema: Any, wanted: list[str]) -> Any:
        if not isinstance(schema, dict) or "$id" in schema:
            return schema
        if self._is_30:
            schema = to_2020_12(schema)
        return {key: self._rewrite_keyword(key, value, wanted) for key, value in schema.items()}

    def _rewrite_keyword(self, key: str, value: Any, wanted: list[str]) -> Any:
        if key in {"$ref", "$dynamicRef"} and isinstance(value, str) and value.startswith("#/"):
            pointer = unquote(value[1:])
            wanted.append(pointer)
            return "#/$defs/" + quote(pointer.replace("~", "~0").replace("/", "~1"))
        if key in MAPS and isinstance(value, dict):
            return {name: self._rewrite(inner, wanted) for name, inner in value.items()}
        if key in LISTS and isinstance(value, list):
            return [self._rewrite(inner, wanted) for inner in value]
        return self._rewrite(value, wanted) if key in SINGLES else value
