"""What is wrong with a value, in the words of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from openapi_check.exchange import Violation
from openapi_contract import pointers
from openapi_contract.schemas import Schema, Schemas
from openapi_contract.violations import holds_more
from openapi_service.response_validation import TELL_NAMES

UNDECIDED = Exception("openapi-core did not validate this")
"""openapi-core's error where it cannot validate, or would take too long."""

NO_JSON: Any = object()
"""A value that is none of JSON's, of which only openapi-core can say what is wrong."""

MOST_VALUES = 5000
"""openapi-core takes some 20 µs for each value in a body, and holds up everything else for as long."""

MOST_VIOLATIONS = 20
LONGEST_DETAIL = 200


class SchemaValidator:
    """A schema of the contract: a filter that accepts, and violations of what it refuses.

    Args:
        schema: as it stands in the contract.
        part: of the message: ``body``, ``query`` ...
        name: of the parameter or header; empty for a body.
        pointer: to the schema in the document; violations have that in the author's file.
    """

    def __init__(self, schema: Schema, part: str, name: str, pointer: str) -> None:
        self.accepts = schema.surely_accepts
        self._schema = schema
        _ = schema.validator  # what cannot be compiled fails now
        self._part = part
        self._name = name
        self._root = pointer
        self._pointer = schema.origin(pointer)

    @classmethod
    def of_body(
        cls, media_type: str, definition: Mapping[str, Any], schemas: Schemas, pointer: str
    ) -> SchemaValidator:
        """Return the validator of a body by its media type; ``pointer`` is to what has the ``content``."""
        pointer = pointers.join(pointer, "content", media_type, "schema")
        return cls(schemas.in_media_type(definition), "body", "", pointer)

    def violation(self, rule: str, detail: str) -> Violation:
        """Return a violation of the whole part."""
        return self._violation_at(self._name, rule, detail, self._pointer)

    def missing(self, pointer: str) -> Violation:
        """Return that the parameter or header at a pointer, which is required, was not sent."""
        pointer = pointers.join(self._schema.origin(pointer), "required")
        return self._violation_at(self._name, "required", "is required and was not sent", pointer)

    def violations(self, value: Any, error: Exception) -> list[Violation]:
        """Return what is wrong with a value that openapi-core has refused with this error.

        The words are jsonschema-rs's, as in the service's own responses; where it finds nothing wrong they
        are openapi-core's, as they are of formats, which it is not asked about. The value itself is not in
        them: it may be secret.
        """
        is_json = value is not NO_JSON and not isinstance(value, bytes)
        own = self._schema.violations(value, self._part, self._name, self._root) if is_json else ()
        found = [Violation.of(each, self._pointer) for each in islice(own, MOST_VIOLATIONS)]
        return found + [each for each in self._of_openapi_core(error) if not found or each.rule == "format"]

    def _violation_at(self, where: str, rule: str, detail: str, pointer: str) -> Violation:
        return Violation(part=self._part, where=where, rule=rule, detail=detail, pointer=pointer)

    def _of_openapi_core(self, error: Exception) -> Iterator[Violation]:
        if error is UNDECIDED:
            return
        cause = error.__cause__
        schema_errors = getattr(cause, "schema_errors", ()) or getattr(error, "schema_errors", ())
        for each in islice(schema_errors, MOST_VIOLATIONS):
            where = pointers.join(self._name, *each.absolute_path)
            pointer = self._schema.along(self._root, each.absolute_schema_path)
            yield self._violation_at(where, str(each.validator), _detail(each), pointer)
        if not schema_errors:
            unread = type(cause or error).__name__
            yield self.violation("schema", f"cannot be read as the contract has it ({unread})")


def _detail(error: Any) -> str:
    """Word a schema's error without the value."""
    if error.validator in TELL_NAMES:
        return str(error.message)[:LONGEST_DETAIL]
    return f"violates {error.validator} {error.validator_value!r}"[:LONGEST_DETAIL]


def is_large(value: Any) -> bool:
    """Tell whether a value holds more values than openapi-core is asked about."""
    return holds_more(value, MOST_VALUES)
