"""Request bodies of one operation, read by media type."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from openapi_check.exchange import Violation
from openapi_contract import Operation, pointers
from openapi_contract.media_types import charset, declared_as, essence
from openapi_contract.schemas import Schemas
from openapi_service.bodies import FORMS, MULTIPART, is_of_nothing, without_file
from openapi_service.forms import Form
from openapi_service.problems import BadRequest
from openapi_service.problems import Violation as FormViolation
from openapi_service.readers import reader_of
from openapi_service.request import Request

from .openapi_core import ReadBody
from .schemas import SchemaValidator

UNICODE = frozenset({"utf-8", "us-ascii"})


class RequestBody:
    """The request body of one operation, compiled."""

    def __init__(self, operation: Operation, schemas: Schemas) -> None:
        definition, root = operation.request_body or {}, operation.pointers.request_body
        self._pointer = schemas.origin(root)
        self._required = bool(definition.get("required", False))
        self._content: Mapping[str, Mapping[str, Any]] = definition.get("content", {})
        self._schemas = {
            name: SchemaValidator.of_body(name, each, schemas, root) for name, each in self._content.items()
        }
        self._body_schemas = {name: schemas.in_media_type(each) for name, each in self._content.items()}
        self._forms = {
            name: Form(schemas.in_media_type(each), each.get("encoding", {}))
            for name, each in self._content.items()
            if essence(name) in FORMS
        }

    def schema(self, body: ReadBody) -> SchemaValidator:
        """Return the validator of a body."""
        return self._schemas[body.declared]

    def violation(self, rule: str, detail: str, part: str = "body") -> Violation:
        """Return a violation of the whole body."""
        pointer = pointers.join(self._pointer, rule) if rule == "required" else self._pointer
        return Violation(part=part, rule=rule, detail=detail, pointer=pointer)

    def read(self, request: Request, body: bytes, found: list[Violation]) -> ReadBody | None:
        """Return what a schema can validate of a body; why it cannot be read goes to ``found``.

        Raises:
            Problem: it cannot be read as what its media type says it is.
        """
        sent = request.header(b"content-type") or ""
        if not body and not (self._required and is_of_nothing(essence(sent))):
            if self._required:
                found.append(self.violation("required", "is required and was not sent"))
            return None
        declared = declared_as(sent, self._content)
        if declared is None:
            expected = " or ".join(self._content)
            detail = f"is {essence(sent)[:100] or 'missing'}; the contract has {expected}"
            found.append(self.violation("undocumented", detail, "media type"))
            return None
        value = self._value(declared, sent, request, body, found)
        return ReadBody(value, declared) if self._is_for_schema(value, declared) else None

    def _is_for_schema(self, value: Any, declared: str) -> bool:
        """Return whether a schema can validate a value: not bytes, nor the text of what is no string."""
        schema = self._body_schemas[declared]
        if isinstance(value, str) and reader_of(declared, self._content[declared], schema) is None:
            return "string" in schema.types
        return not isinstance(value, bytes)

    def _value(self, declared: str, sent: str, request: Request, body: bytes, found: list[Violation]) -> Any:
        media_type, form = essence(sent), self._forms.get(declared)
        if form is not None:
            violations: list[FormViolation] = []
            value = _fields(form, media_type, request, body, violations)
            found += [Violation.of(each, self._pointer) for each in violations]
            return value
        read = reader_of(sent, self._content[declared], self._body_schemas[declared])
        if read is not None:
            return read(body)
        return _text(body, sent) if media_type.startswith("text/") else body


def _text(body: bytes, sent: str) -> str:
    if charset(sent) not in UNICODE:
        return body.decode("latin-1")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None


def _fields(
    form: Form, media_type: str, request: Request, body: bytes, violations: list[FormViolation]
) -> dict[str, Any]:
    if media_type != MULTIPART:
        return form.urlencoded(body, request, violations)
    # large files go to a thread of an event loop, and the caller may be in one already
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, _multipart(form, request, body, violations)).result()


async def _multipart(
    form: Form, request: Request, body: bytes, violations: list[FormViolation]
) -> dict[str, Any]:
    try:
        fields = await form.multipart(_once(body), request, violations)
        return {name: without_file(part) for name, part in fields.items()}
    finally:
        for file in request.files:
            await file.close()


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
