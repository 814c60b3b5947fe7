"""What is wrong with a value, in the words of the contract."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Self

from contract_first.check.exchange import MessageViolation
from contract_first.contract.document import pointers
from contract_first.contract.schemas.schema import Schema, Schemas

MOST_VIOLATIONS = 20


class SchemaValidator:
    """A schema of the contract, and where it stands: in a parameter, header or body.

    Args:
        schema: as it stands in the contract; LookupError or ValueError if it cannot be compiled.
        part: of the message: ``body``, ``query`` ...
        name: of the parameter or header; empty for a body.
        pointer: to the schema in the document; violations have that in the author's file.
    """

    def __init__(self, schema: Schema, part: str, name: str, pointer: str) -> None:
        self.schema = schema
        self._is_valid = schema.validator.is_valid
        self._part = part
        self._name = name
        self._root = pointer
        self._pointer = schema.origin(pointer)

    @classmethod
    def of_body(cls, media_type: str, definition: Mapping[str, Any], schemas: Schemas, pointer: str) -> Self:
        """Return the validator of a body by its media type; ``pointer`` is to what has the ``content``."""
        pointer = pointers.join(pointer, "content", media_type, "schema")
        return cls(schemas.in_media_type(definition), "body", "", pointer)

    def violations(self, value: Any) -> list[MessageViolation]:
        """Return the violations of a JSON value; none quotes the value, which may be secret."""
        if self._is_valid(value):
            return []
        violations = self.schema.violations(value, self._part, self._name, self._root)
        return [
            MessageViolation.of(violation, self._pointer) for violation in islice(violations, MOST_VIOLATIONS)
        ]

    def violation(self, rule: str, detail: str) -> MessageViolation:
        """Return a violation of the whole part."""
        return self._violation(self._name, rule, detail, self._pointer)

    def missing(self, pointer: str) -> MessageViolation:
        """Return that the parameter or header at a pointer, which is required, was not sent."""
        pointer = pointers.join(self.schema.origin(pointer), "required")
        return self._violation(self._name, "required", "is required and was not sent", pointer)

    def violation_at(
        self, path: Iterable[str | int], rule: str, detail: str, keywords: Iterable[str | int]
    ) -> MessageViolation:
        """Return a violation at a path in the value, of the last of these keywords of the schema."""
        pointer = self.schema.along(self._root, keywords)
        return self._violation(pointers.join(self._name, *path), rule, detail, pointer)

    def _violation(self, where: str, rule: str, detail: str, pointer: str) -> MessageViolation:
        return MessageViolation(part=self._part, where=where, rule=rule, detail=detail, pointer=pointer)
