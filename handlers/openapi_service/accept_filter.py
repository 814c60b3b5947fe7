"""The cheap check in front of the judge: it may refuse what the judge accepts, never the other way round.

jsonschema-rs and openapi-core's validators agree on JSON Schema 2020-12 but for regular expressions, formats,
fractions and a few keywords. The filter asks the judge's own engine where the keyword allows it, and does not
speak for the rest: a response that it cannot speak for is simply not accepted, and the judge decides.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import msgspec

from .coercion import INTEGER
from .media_types import essence, is_json
from .response_validation import declared_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openapi_contract import Operation

    from .responses import Rendered
    from .schemas import SchemaCompiler

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NOT_SPOKEN_FOR = frozenset({"patternProperties", "dependencies", "discriminator"})
"""Keywords that the engines read differently."""

MOST_REMEMBERED = 4096
LONGEST_REMEMBERED = 64
"""Header values (limits, counts, seconds) come again and again: so many, so long, are known to be valid."""


@cache
def _format_checker() -> Any:
    from openapi_core.validation.schemas import (  # noqa: PLC0415 -- slow to import, seldom needed
        oas31_schema_validators_factory,
    )

    return oas31_schema_validators_factory.format_checker


class JudgedKeyword:
    """A keyword of a schema, judged with the judge's own means; jsonschema-rs makes one for each use."""

    def __init__(self, parent: dict[str, Any], value: Any, path: list[str | int]) -> None:  # noqa: ARG002 -- jsonschema-rs's signature
        self._holds = self.check(value)

    def validate(self, instance: Any) -> None:
        """Raise ValueError if the keyword does not hold."""
        if not self._holds(instance):
            raise ValueError

    @staticmethod
    def check(value: Any) -> Callable[[Any], bool]:
        """Return what tells whether an instance keeps this keyword."""
        raise NotImplementedError


class JudgedPattern(JudgedKeyword):
    """``pattern``: the judge's regular expressions are Python's."""

    @staticmethod
    def check(value: str) -> Callable[[Any], bool]:
        """Search as the judge does; where Python cannot read the pattern, it gives no judgement."""
        try:
            search = re.compile(value).search
        except re.error:
            return jsonschema_rs.Draft202012Validator({"pattern": value}).is_valid
        return lambda instance: not isinstance(instance, str) or search(instance) is not None


class JudgedFormat(JudgedKeyword):
    """``format``: the judge checks some, and some of them on numbers."""

    @staticmethod
    def check(value: str) -> Callable[[Any], bool]:
        """Ask the judge's checker."""
        conforms = _format_checker().conforms
        return lambda instance: bool(conforms(instance, value))


class JudgedMultipleOf(JudgedKeyword):
    """``multipleOf``: the judge divides binary fractions, jsonschema-rs decimal ones."""

    @staticmethod
    def check(value: float) -> Callable[[Any], bool]:
        """Ask the judge's validator."""
        from openapi_schema_validator import OAS31Validator  # noqa: PLC0415 -- slow to import, seldom needed

        is_valid: Callable[[Any], bool] = OAS31Validator({"multipleOf": value}).is_valid
        return is_valid


JUDGED = {"pattern": JudgedPattern, "format": JudgedFormat, "multipleOf": JudgedMultipleOf}


def _can_speak_for(node: Any) -> bool:
    if isinstance(node, dict):
        speaks = NOT_SPOKEN_FOR.isdisjoint(node) and node.get("$schema", DIALECT) == DIALECT
        return speaks and all(_can_speak_for(value) for value in node.values())
    return not isinstance(node, list) or all(_can_speak_for(item) for item in node)


def accepting(schema: Any, compiler: SchemaCompiler) -> Callable[[Any], bool]:
    """Return a check of JSON values that accepts only what the judge accepts under the schema."""
    bundled = compiler.bundle(schema)
    if not compiler.is_2020_12 or not _can_speak_for(bundled):
        return lambda _: False
    is_valid: Callable[[Any], bool] = compiler.compile(schema, keywords=JUDGED).is_valid
    return is_valid


class HeaderCheck:
    """A declared response header; it speaks for strings and integers, written plainly.

    Attributes:
        found_valid: values that were, so that whoever sees one again need not ask.
    """

    __slots__ = ("_is_valid", "_type", "found_valid", "name", "required")

    def __init__(self, name: str, definition: Mapping[str, Any], compiler: SchemaCompiler) -> None:
        schema = definition.get("schema", True)
        self.name = name.lower().encode()
        self.required = bool(definition.get("required", False))
        self._type = schema.get("type") if isinstance(schema, dict) and "$ref" not in schema else None
        self._is_valid = accepting(schema, compiler)
        self.found_valid: set[bytes | None] = set() if self.required else {None}

    def accepts(self, value: bytes | None) -> bool:
        """Tell whether a value is valid, None if the header is not there."""
        if value is None:
            return not self.required
        valid = self._is_plain_and_valid(value.decode("latin-1"))
        if valid and len(value) < LONGEST_REMEMBERED and len(self.found_valid) < MOST_REMEMBERED:
            self.found_valid.add(value)
        return valid

    def _is_plain_and_valid(self, text: str) -> bool:
        if self._type == "integer":
            return INTEGER.match(text) is not None and self._is_valid(int(text))
        return self._type == "string" and self._is_valid(text)


class DeclaredResponse:
    """One declared response: its media types' schemas and its headers."""

    def __init__(self, definition: Mapping[str, Any], compiler: SchemaCompiler) -> None:
        self._bodiless = "content" not in definition
        self._checks = {
            name: accepting(each.get("schema", True), compiler)
            for name, each in definition.get("content", {}).items()
            if is_json(essence(name))
        }
        self._headers = [
            HeaderCheck(name, each, compiler)
            for name, each in definition.get("headers", {}).items()
            if name.lower() != "content-type"
        ]

    def accepts(self, rendered: Rendered, media_type: str | None) -> bool:
        """Tell whether the response surely keeps the contract."""
        fields = dict(reversed(rendered.headers))  # of repeated ones the judge reads the first
        for header in self._headers:
            value = fields.get(header.name)
            if value not in header.found_valid and not header.accepts(value):
                return False
        if self._bodiless:
            return not rendered.body
        check = self._checks.get(media_type or "")
        try:
            return check is not None and check(msgspec.json.decode(rendered.body))
        except (RecursionError, ValueError):  # DecodeError is a ValueError
            return False


class AcceptFilter:
    """The filter of one operation's responses, compiled when each is first asked for."""

    def __init__(self, operation: Operation, compiler: SchemaCompiler) -> None:
        self._operation = operation
        self._compiler = compiler
        self._declared: dict[int, DeclaredResponse] = {}

    def accepts(self, rendered: Rendered, media_type: str | None) -> bool:
        """Tell whether the response surely keeps the contract."""
        declared = self._declared.get(rendered.status)
        if declared is None:
            definition = declared_response(self._operation, rendered.status)
            if definition is None:
                return False
            declared = self._declared[rendered.status] = DeclaredResponse(definition, self._compiler)
        return declared.accepts(rendered, media_type)
