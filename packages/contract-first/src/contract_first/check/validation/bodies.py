"""Request bodies of one operation, read by media type."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from contract_first.check.exchange import MessageViolation
from contract_first.contract import Operation
from contract_first.contract.document import pointers
from contract_first.contract.document.media_types import charset, declared_as, essence
from contract_first.contract.schemas.schema import Schemas
from contract_first.service.messages.problems import BadRequest
from contract_first.service.messages.problems import Violation as FormViolation
from contract_first.service.messages.request import Request
from contract_first.service.request.bodies import FORMS, MULTIPART, is_of_nothing, without_file
from contract_first.service.request.forms import Form
from contract_first.service.request.readers import reader_of

from .schemas import SchemaValidator

UNICODE = frozenset({"utf-8", "us-ascii"})


class ReadBody(NamedTuple):
    """The JSON value of a body, and its validator."""

    value: Any
    schema: SchemaValidator


class MediaTypeValidator:
    """One declared media type of a request body."""

    def __init__(self, name: str, definition: Mapping[str, Any], schemas: Schemas, root: str) -> None:
        self.schema = SchemaValidator.of_body(name, definition, schemas, root)
        self._definition = definition
        is_form = essence(name) in FORMS
        self._form = Form(self.schema.schema, definition.get("encoding", {})) if is_form else None

    def value(self, content_type: str, request: Request, body: bytes, violations: list[FormViolation]) -> Any:
        """Return the JSON value of a body; its bytes if the schema says nothing of them."""
        if self._form is not None:
            return _fields(self._form, essence(content_type), request, body, violations)
        read = reader_of(content_type, self._definition, self.schema.schema)
        if read is not None:
            return read(body)
        if not essence(content_type).startswith("text/"):
            return body
        text = _decoded_body(body, content_type)
        return text if "string" in self.schema.schema.types else body


class RequestBody:
    """The request body of one operation, compiled."""

    def __init__(self, operation: Operation, schemas: Schemas) -> None:
        definition, root = operation.request_body or {}, operation.pointers.request_body
        self._pointer = schemas.origin(root)
        self._required = bool(definition.get("required", False))
        content: Mapping[str, Mapping[str, Any]] = definition.get("content", {})
        self._media_types = {
            name: MediaTypeValidator(name, declared, schemas, root) for name, declared in content.items()
        }

    def read(self, request: Request, body: bytes, violations: list[MessageViolation]) -> ReadBody | None:
        """Return the part of a body that a schema can validate; read errors are added to ``violations``.

        Raises:
            PayloadTooLarge: it holds more than is read.
        """
        content_type = request.header(b"content-type") or ""
        if not body and not (self._required and is_of_nothing(essence(content_type))):
            if self._required:
                violations.append(self._violation("required", "is required and was not sent"))
            return None
        declared = declared_as(content_type, self._media_types)
        if declared is None:
            expected = " or ".join(self._media_types)
            detail = f"is {essence(content_type)[:100] or 'missing'}; the contract has {expected}"
            violations.append(self._violation("undocumented", detail, "media type"))
            return None
        media_type, in_form = self._media_types[declared], list[FormViolation]()
        try:
            value = media_type.value(content_type, request, body, in_form)
        except BadRequest as problem:
            violations.append(self._violation("encoding", problem.detail))
            return None
        violations += [MessageViolation.of(violation, self._pointer) for violation in in_form]
        return None if isinstance(value, bytes) else ReadBody(value, media_type.schema)

    def _violation(self, rule: str, detail: str, part: str = "body") -> MessageViolation:
        pointer = pointers.join(self._pointer, rule) if rule == "required" else self._pointer
        return MessageViolation(part=part, rule=rule, detail=detail, pointer=pointer)


def _decoded_body(body: bytes, content_type: str) -> str:
    if charset(content_type) not in UNICODE:
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
