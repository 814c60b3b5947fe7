"""The cheap check in front of the judge: it may refuse what the judge accepts, never the other way round.

jsonschema-rs and openapi-core's validators differ in regular expressions and in which formats they check, so
the filter's schemas ask Python's ``re`` and the judge's own format checkers wherever the two could differ.
A response that the filter cannot speak for is simply not accepted, and the judge decides.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from .coercion import Coercion
from .media_types import essence, is_json
from .schemas import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scanner_contract import Operation

    from .answers import Rendered
    from .schemas import SchemaCompiler

JUDGED_FORMATS = frozenset(
    [
        "binary",
        "byte",
        "date",
        "date-time",
        "double",
        "email",
        "float",
        "hostname",
        "idn-email",
        "int32",
        "int64",
        "ipv4",
        "ipv6",
        "json-pointer",
        "password",
        "regex",
        "relative-json-pointer",
        "time",
        "uri",
        "uuid",
    ]
)
"""Formats that the judge may check; a test compares them with its checkers."""

MOST_REMEMBERED = 4096
LONGEST_REMEMBERED = 64
"""Header values (limits, counts, seconds) come again and again: so many, so long, are known to be valid."""

SAME_IN_BOTH = re.compile(r"(?:[^\\(]|\((?!\?))*\Z")
"""Regular expressions without escapes and lookarounds: Rust's engine accepts no more than Python's."""


@cache
def _format_checker() -> Any:
    from openapi_core.validation.response.validators import (  # noqa: PLC0415 -- slow to import, seldom needed
        oas31_schema_validators_factory,
    )

    return oas31_schema_validators_factory.format_checker


def format_check(name: str) -> Callable[[str], bool]:
    """Return the judge's own check of a format."""
    return lambda value: bool(_format_checker().conforms(value, name))


class Adaptation:
    """A bundled schema, changed so that it accepts no more than the judge."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.formats: dict[str, Callable[[str], bool]] = {name: format_check(name) for name in JUDGED_FORMATS}
        self.speaks = True
        self.document = self._adapt(document)

    def _adapt(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._adapt(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$id" in node or "patternProperties" in node or "writeOnly" in node or "discriminator" in node:
            self.speaks = False
        adapted = {key: self._adapt(value) for key, value in node.items()}
        pattern = node.get("pattern")
        if isinstance(pattern, str) and not SAME_IN_BOTH.match(pattern):
            del adapted["pattern"]
            adapted["allOf"] = [*adapted.get("allOf", []), {"format": self._as_format(pattern)}]
        return adapted

    def _as_format(self, pattern: str) -> str:
        name = "pattern " + pattern
        search = re.compile(pattern).search
        self.formats[name] = lambda value: search(value) is not None
        return name


def _compiled(schema: Any, compiler: SchemaCompiler) -> Schema | None:
    adaptation = Adaptation(compiler.bundle(schema))
    if not adaptation.speaks:
        return None
    return Schema(adaptation.document, formats=adaptation.formats, validate_formats=True)


class HeaderCheck:
    """A declared response header."""

    __slots__ = ("_coerce", "_found_valid", "_is_valid", "name", "required")

    def __init__(self, name: str, definition: Mapping[str, Any], compiler: SchemaCompiler) -> None:
        schema = definition.get("schema", True)
        compiled = _compiled(schema, compiler)
        self.name = name.lower().encode()
        self.required = bool(definition.get("required", False))
        self._is_valid = compiled.is_valid if compiled is not None else (lambda _: False)
        self._coerce = Coercion(schema, compiler.compile(schema), compiler)
        self._found_valid: set[bytes] = set()

    def accepts(self, fields: Mapping[bytes, bytes]) -> bool:
        """Tell whether the header is there if it must be, and valid if it is."""
        value = fields.get(self.name)
        if value is None:
            return not self.required
        if value in self._found_valid:
            return True
        valid = self._is_valid(self._coerce(value.decode("latin-1")))
        if valid and len(value) < LONGEST_REMEMBERED and len(self._found_valid) < MOST_REMEMBERED:
            self._found_valid.add(value)
        return valid


class DeclaredResponse:
    """One declared response: its media types' schemas and its headers."""

    def __init__(self, definition: Mapping[str, Any], compiler: SchemaCompiler) -> None:
        content = definition.get("content", {})
        self._bodiless = not content
        self._schemas = {
            name: _compiled(each.get("schema", True), compiler)
            for name, each in content.items()
            if is_json(essence(name))
        }
        self._headers = [
            HeaderCheck(name, each, compiler)
            for name, each in definition.get("headers", {}).items()
            if name.lower() != "content-type"
        ]

    def accepts(self, rendered: Rendered, media_type: str | None) -> bool:
        """Tell whether the response surely keeps the contract."""
        if self._headers:
            fields = dict(rendered.headers)
            if not all(header.accepts(fields) for header in self._headers):
                return False
        if self._bodiless:
            return not rendered.body
        schema = self._schemas.get(media_type or "")
        try:
            return schema is not None and schema.is_valid(msgspec.json.decode(rendered.body))
        except (msgspec.DecodeError, RecursionError, ValueError):
            return False


class AcceptFilter:
    """The filter of one operation's responses, compiled when each is first asked for."""

    def __init__(self, operation: Operation, compiler: SchemaCompiler) -> None:
        self._definitions = operation.responses
        self._compiler = compiler
        self._declared: dict[int, DeclaredResponse] = {}

    def accepts(self, rendered: Rendered, media_type: str | None) -> bool:
        """Tell whether the response surely keeps the contract."""
        declared = self._declared.get(rendered.status)
        if declared is None:
            definition = self._definitions.get(str(rendered.status))
            if definition is None:
                return False
            declared = self._declared[rendered.status] = DeclaredResponse(definition, self._compiler)
        return declared.accepts(rendered, media_type)
