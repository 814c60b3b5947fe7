"""Responses of one operation."""

from collections.abc import Iterator, Mapping
from typing import Any

from openapi_check.exchange import Violation
from openapi_contract import Contract, Operation, pointers
from openapi_contract.media_types import charset, declared_as, essence, is_json
from openapi_service.accept_filter import AcceptFilter
from openapi_service.decoding import read_json
from openapi_service.problems import BadRequest
from openapi_service.readers import reader_of
from openapi_service.response_validation import is_text
from openapi_service.responses import Rendered

from .bodies import UNICODE
from .openapi_core import OpenapiCore
from .schemas import NO_JSON, UNDECIDED, SchemaValidator, is_large

RawHeaders = list[tuple[bytes, bytes]]


class ResponseValidator:
    """Validates the responses of one operation."""

    def __init__(self, operation: Operation, contract: Contract, core: OpenapiCore) -> None:
        self._operation = operation
        self._filter = AcceptFilter(operation, contract.schemas.for_responses)
        self._core = core
        self._pointer = contract.origin(pointers.join(operation.pointer, "responses"))
        self._declared: dict[str | None, DeclaredResponse] = {
            code: DeclaredResponse(operation, code, contract) for code in operation.responses
        }

    def violations(self, status: int, headers: RawHeaders, body: bytes | None) -> list[Violation]:
        """Return what a response violates.

        Args:
            headers: names in lower case.
            body: without its content coding; None if it is not known or not to be sent.
        """
        declared = self._declared.get(self._operation.response_key(status))
        if declared is None:
            return [self._undocumented(status)]
        sent = content_type(headers)
        media_type = declared.media_type(sent)
        if self._filter.accepts(Rendered(status, headers, body or b""), media_type):
            return []
        found: list[Violation] = []
        left = declared.read(body, sent, media_type, found)
        for error in self._errors(Rendered(status, headers, left or b""), media_type):
            if hasattr(error, "name"):
                found += declared.header_violations(error.name, error)
            elif left is not None and media_type is not None:
                value = read_json(left, "body") if is_json(essence(sent)) else NO_JSON
                found += declared.schema(media_type).violations(value, error)
        return found

    def _errors(self, rendered: Rendered, media_type: str | None) -> list[Any]:
        try:
            return self._core.response_errors(self._operation, rendered, media_type)
        except Exception:  # noqa: BLE001 -- whatever openapi-core stumbles over, the other engine still validates
            return [UNDECIDED]

    def _undocumented(self, status: int) -> Violation:
        documented = ", ".join(self._operation.responses)
        return Violation(
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
        self._content: Mapping[str, Any] = self.definition.get("content", {})
        self._schemas = contract.schemas.for_responses

    def media_type(self, sent: str) -> str | None:
        """Return the key that declares the media type of a response's Content-Type."""
        return declared_as(sent, self._content)

    def schema(self, media_type: str) -> SchemaValidator:
        """Return the validator of a body of a declared media type."""
        return SchemaValidator.of_body(media_type, self._content[media_type], self._schemas, self._place)

    def read(
        self, body: bytes | None, sent: str, media_type: str | None, found: list[Violation]
    ) -> bytes | None:
        """Return the body if openapi-core is to validate it, else None; violations then go to ``found``."""
        if not body or media_type is None:
            found += self._without_schema(body, sent)
            return None
        schema = self._schemas.in_media_type(self._content[media_type])
        reads = reader_of(sent, self._content[media_type], schema)
        if reads is None:
            return text_of(body, sent) if is_text(sent, schema) else None
        validator = self.schema(media_type)
        try:
            value = reads(body)
        except BadRequest as problem:
            found.append(validator.violation("encoding", problem.detail))
            return None
        if not is_json(essence(sent)) or is_large(value):
            found += validator.violations(value, UNDECIDED)
            return None
        return body

    def _without_schema(self, body: bytes | None, sent: str) -> Iterator[Violation]:
        expected = " or ".join(self._content)
        is_declared = declared_as(sent, self._content) is not None
        part, rule, detail = "body", "undocumented", ""
        if body and not self._content:
            detail = "the contract has no body here"
        elif self._content and not is_declared and (body or (body is None and sent)):
            part = "media type"
            detail = f"is {essence(sent)[:100] or 'missing'}; the contract has {expected}"
        elif self._content and body is not None:
            rule, detail = "required", f"is required and was not sent; the contract has {expected}"
        if detail:
            yield Violation(part=part, rule=rule, detail=detail, pointer=self._pointer)

    def header_violations(self, name: str, error: Exception) -> list[Violation]:
        """Return what openapi-core's error in a header says."""
        pointer = self._header_pointers[self._place, name]
        schema = self._schemas.in_media_type(self.definition["headers"][name])
        validator = SchemaValidator(schema, "header", name, pointers.join(pointer, "schema"))
        missing = type(error).__name__ == "MissingRequiredHeader"
        return [validator.missing(pointer)] if missing else validator.violations(NO_JSON, error)


def text_of(body: bytes, sent: str) -> bytes:
    """Return a text in UTF-8; what came in another charset is taken for Latin-1."""
    return body if charset(sent) in UNICODE else body.decode("latin-1").encode()


def content_type(headers: RawHeaders) -> str:
    """Return the Content-Type of a message, empty if it has none."""
    return next((value.decode("latin-1") for name, value in headers if name == b"content-type"), "")
