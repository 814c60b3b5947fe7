"""The cheap check before openapi-core: it may refuse what openapi-core accepts, never the reverse.

Most schemas are types of msgspec, which reads a body's bytes in a third of the time that reading a value and
validating it takes.

jsonschema-rs and openapi-core's validators agree on JSON Schema 2020-12, and on the dialect of OpenAPI 3.0
translated to it, but for regular expressions, formats and a few keywords. The filter asks openapi-core's own
engine where the keyword allows it, and does not speak for the rest: a response that it cannot speak for is
not accepted, and openapi-core decides.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from contract_first.contract import Operation
from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.schemas.schema import Schema, Schemas
from contract_first.service.messages.response import Rendered

MOST_REMEMBERED = 4096
LONGEST_REMEMBERED = 64
"""Header values (limits, counts, seconds) come again and again: so many, so long, are known to be valid."""

MOST_DIGITS = 4300
"""Of an integer that Python's json reads, and with it openapi-core and many clients."""
_DIGITS = re.compile(rb"(?<![0-9])[0-9]{4301}")  # begins once a run, not at every digit
_SOME_DIGITS = re.compile(rb"[0-9]{43}")
"""What every hundredth byte of so many has at least."""


class HeaderCheck:
    """A declared response header; it speaks for strings and integers, written plainly.

    Attributes:
        found_valid: values that were, so that one is validated only once.
    """

    __slots__ = ("_is_valid", "_type", "found_valid", "name", "required")

    def __init__(self, name: str, definition: Mapping[str, Any], schemas: Schemas) -> None:
        schema = schemas.in_media_type(definition)
        self.name = name.lower().encode()
        self.required = bool(definition.get("required", False))
        self._type = schema.node.get("type") if len(schema.parts) == 1 else None  # not behind a reference
        self._is_valid = schema.surely_accepts
        self.found_valid: set[bytes | None] = set() if self.required else {None}

    def accepts(self, value: bytes | None) -> bool:
        """Tell whether a value is valid, None if the header is not there."""
        if value is None:
            return not self.required
        valid = self._is_plain_and_valid(value)
        if valid and len(value) < LONGEST_REMEMBERED and len(self.found_valid) < MOST_REMEMBERED:
            self.found_valid.add(value)
        return valid

    def _is_plain_and_valid(self, value: bytes) -> bool:
        if self._type == "integer":
            return value.isdigit() and len(value) < LONGEST_REMEMBERED and self._is_valid(int(value))
        return self._type == "string" and self._is_valid(value.decode("latin-1"))


class BodyCheck:
    """Accepts JSON bodies: a type does while it reads them, and what it refuses, a validator may accept."""

    __slots__ = ("_read", "_schema")

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._read = schema.reader

    def accepts(self, body: bytes) -> bool:
        """Tell whether a body is valid."""
        # of a member that it skips msgspec does not ask how long a number is
        if len(body) > MOST_DIGITS and _SOME_DIGITS.search(body[::100]) and _DIGITS.search(body):
            return False
        try:
            # of a member that it skips msgspec does not ask whether it is UTF-8
            if self._read is not None and (body.isascii() or body.decode()):
                self._read(body)
                return True
        except (RecursionError, ValueError):  # DecodeError and ValidationError are ValueErrors
            pass
        try:
            return self._schema.surely_accepts(msgspec.json.decode(body))
        except (RecursionError, ValueError):
            return False


class ResponseSchemas:
    """One declared response: its media types' schemas and its headers."""

    def __init__(self, definition: Mapping[str, Any], schemas: Schemas) -> None:
        self._bodiless = "content" not in definition
        self._bodies = {
            name: BodyCheck(schemas.in_media_type(media_type))
            for name, media_type in definition.get("content", {}).items()
            if is_json(essence(name))
        }
        self._headers = [
            HeaderCheck(name, header, schemas)
            for name, header in definition.get("headers", {}).items()
            if name.lower() != "content-type"
        ]

    def accepts(self, rendered: Rendered, media_type: str | None) -> bool:
        """Tell whether the response surely conforms to the contract."""
        fields = dict(reversed(rendered.headers))  # of repeated ones openapi-core reads the first
        for header in self._headers:
            field = fields.get(header.name)
            if field not in header.found_valid and not header.accepts(field):
                return False
        if self._bodiless:
            return not rendered.body
        body = self._bodies.get(media_type or "")
        return body is not None and body.accepts(rendered.body)


class AcceptFilter:
    """The filter of one operation's responses, compiled when each is first asked for."""

    def __init__(self, operation: Operation, schemas: Schemas) -> None:
        self._operation = operation
        self._schemas = schemas.for_responses
        self._declared: dict[int, ResponseSchemas] = {}

    def accepts(self, rendered: Rendered, media_type: str | None) -> bool:
        """Tell whether the response surely conforms to the contract."""
        declared = self._declared.get(rendered.status)
        if declared is None:
            definition = self._operation.response_for(rendered.status)
            if definition is None:
                return False
            declared = self._declared[rendered.status] = ResponseSchemas(definition, self._schemas)
        return declared.accepts(rendered, media_type)
