"""Responses of one operation."""

from collections.abc import Iterator, Mapping
from typing import Any

from contract_first.check.exchange import MessageViolation
from contract_first.contract import Contract, Operation
from contract_first.contract.document import pointers
from contract_first.contract.document.media_types import charset, declared_as, essence, is_json
from contract_first.service.messages.problems import BadRequest
from contract_first.service.messages.response import Rendered
from contract_first.service.request.bodies import is_of_nothing
from contract_first.service.request.decoding import read_json
from contract_first.service.request.readers import reader_of
from contract_first.service.response.accept_filter import AcceptFilter
from contract_first.service.response.response_validation import is_text

from .bodies import UNICODE
from .openapi_core import OpenapiCore, is_large, violations_of
from .schemas import SchemaValidator

RawHeaders = list[tuple[bytes, bytes]]


class OperationResponses:
    """Validates the responses of one operation."""

    def __init__(self, operation: Operation, contract: Contract, core: OpenapiCore) -> None:
        self._operation = operation
        self._filter = AcceptFilter(operation, contract.schemas)
        self._core = core
        self._pointer = contract.origin(pointers.join(operation.pointer, "responses"))
        self._declared: dict[str | None, DeclaredResponse] = {
            code: DeclaredResponse(operation, code, contract) for code in operation.responses
        }

    def violations(self, status: int, headers: RawHeaders, body: bytes | None) -> list[MessageViolation]:
        """Return the violations of a response.

        Args:
            headers: names in lower case.
            body: without its content coding; None if it is not known or not to be sent.
        """
        declared = self._declared.get(self._operation.response_key(status))
        if declared is None:
            return [self._undocumented(status)]
        content_type = content_type_of(headers)
        media_type = declared.media_type(content_type)
        if self._filter.accepts(Rendered(status, headers, body or b""), media_type):
            return []
        violations: list[MessageViolation] = []
        body = declared.read(body, content_type, media_type, violations)
        rendered = Rendered(status, headers, body or b"")
        for error in self._core.errors(self._operation, rendered, media_type):
            if hasattr(error, "name"):
                violations += declared.header_violations(error.name, error)
            elif body is not None and media_type is not None:
                violations += declared.body_violations(body, content_type, media_type, error)
        return violations

    def _undocumented(self, status: int) -> MessageViolation:
        documented = ", ".join(self._operation.responses)
        return MessageViolation(
            part="status",
            where=str(status),
            rule="undocumented",
            detail=f"is not documented; the contract has {documented}",
            pointer=self._pointer,
        )


class DeclaredResponse:
    """One response that an operation declares."""

    def __init__(self, operation: Operation, code: str, contract: Contract) -> None:
        self._place = operation.pointers.responses[code]
        self._pointer = contract.origin(self._place)
        self._header_pointers = operation.pointers.headers
        self.definition = operation.responses[code]
        # an error without content, such as FastAPI's documents have, is one that is not described
        self._is_success = code.startswith(("1", "2", "3"))
        self._content: Mapping[str, Any] = self.definition.get("content", {})
        self._schemas = contract.schemas.view(formats=True).for_responses

    def media_type(self, content_type: str) -> str | None:
        """Return the key that declares the media type of a response's Content-Type."""
        return declared_as(content_type, self._content)

    def read(
        self,
        body: bytes | None,
        content_type: str,
        media_type: str | None,
        violations: list[MessageViolation],
    ) -> bytes | None:
        """Return the body if openapi-core is to validate it, else None; its violations are added then."""
        if not body or media_type is None:
            violations += self._without_schema(body, content_type)
            return None
        schema = self._schemas.in_media_type(self._content[media_type])
        reads = reader_of(content_type, self._content[media_type], schema)
        if reads is None:
            return text_of(body, content_type) if is_text(content_type, schema) else None
        validator = self._schema(media_type)
        try:
            value = reads(body)
        except BadRequest as problem:
            violations.append(validator.violation("encoding", problem.detail))
            return None
        if not is_json(essence(content_type)) or is_large(value):
            violations += validator.violations(value)
            return None
        return body

    def body_violations(
        self, body: bytes, content_type: str, media_type: str, error: Exception
    ) -> list[MessageViolation]:
        """Return the violations of a body in which openapi-core has found an error.

        The words are jsonschema-rs's, or openapi-core's where that alone finds something wrong.
        """
        validator = self._schema(media_type)
        is_value = is_json(essence(content_type))
        violations = validator.violations(read_json(body, "body", limits=None)) if is_value else []
        return [*(violations or violations_of(error, validator))]

    def header_violations(self, name: str, error: Exception) -> list[MessageViolation]:
        """Return the violation for openapi-core's error in a header."""
        pointer = self._header_pointers[self._place, name]
        schema = self._schemas.in_media_type(self.definition["headers"][name])
        validator = SchemaValidator(schema, "header", name, pointers.join(pointer, "schema"))
        is_missing = type(error).__name__ == "MissingRequiredHeader"
        return [validator.missing(pointer)] if is_missing else list(violations_of(error, validator))

    def _schema(self, media_type: str) -> SchemaValidator:
        return SchemaValidator.of_body(media_type, self._content[media_type], self._schemas, self._place)

    def _without_schema(self, body: bytes | None, content_type: str) -> Iterator[MessageViolation]:
        expected = " or ".join(self._content)
        is_declared = declared_as(content_type, self._content) is not None
        may_be_empty = is_declared and is_of_nothing(essence(content_type))
        part, rule, detail = "body", "undocumented", ""
        if body and not self._content and self._is_success:
            detail = "the contract has no body here"
        elif self._content and not is_declared and (body or (body is None and content_type)):
            part = "media type"
            detail = f"is {essence(content_type)[:100] or 'missing'}; the contract has {expected}"
        elif self._content and body is not None and not may_be_empty:
            rule, detail = "required", f"is required and was not sent; the contract has {expected}"
        if detail:
            yield MessageViolation(part=part, rule=rule, detail=detail, pointer=self._pointer)


def text_of(body: bytes, content_type: str) -> bytes:
    """Decode a text as UTF-8; any other charset is read as Latin-1."""
    return body if charset(content_type) in UNICODE else body.decode("latin-1").encode()


def content_type_of(headers: RawHeaders) -> str:
    """Return the Content-Type of a message, empty if it has none."""
    return next((value.decode("latin-1") for name, value in headers if name == b"content-type"), "")
