"""Request bodies: taken within their limit, read by media type, validated by schema, defaults filled in."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Self

from starlette.datastructures import UploadFile

from contract_first.contract.document.media_types import (
    charset,
    essence,
    is_binary,
    is_json,
    is_xml,
    ranges_for,
)
from contract_first.contract.schemas.schema import Schema, Schemas
from contract_first.service.messages.problems import (
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    Violation,
)
from contract_first.service.messages.request import Request

from .budget import BodyBudget
from .decoding import read_json, utf8_of
from .forms import Form
from .json_bounds import JsonCount, JsonLimits
from .readers import count_of, reader_of

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORMS = {URLENCODED, MULTIPART}
READ_JSON = partial(read_json, where="body", limits=None)
MOST_VIOLATIONS = 10
"""In a part of a body: it may have hundreds of parts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a request: how large it may be, in bytes, and how long its response may take.

    Attributes:
        body: of a body.
        upload: of a body in ``multipart/form-data``, whose files may be on disk.
        target: of path and query together.
        json: of what JSON and XML in a body hold.
        response_seconds: from a request to its response, without the time that its body takes to arrive and
            the items of a stream; what takes longer is a 503. None for as long as it takes.
    """

    body: int = 1024 * 1024
    upload: int = 21 * 1024 * 1024
    target: int = 8192
    json: JsonLimits = field(default_factory=JsonLimits)
    response_seconds: float | None = None


class Disconnected(Exception):  # noqa: N818 -- an event, not an error of ours
    """The client closed the connection before its request was complete."""


class MediaType:
    """One declared media type of a request body."""

    def __init__(
        self,
        name: str,
        definition: Mapping[str, Any],
        schemas: Schemas,
        limits: JsonLimits,
        budget: BodyBudget,
    ) -> None:
        schema = schemas.in_media_type(definition)
        self.name = name
        self._limits = limits
        self._budget = budget
        self._definition, self._schema = definition, schema
        self._validator, self._fill_defaults = schema.validator, schema.fill_defaults
        # of CSV a schema may describe the rows, to which no string conforms
        self._may_be_text = "string" in schema.types
        self._is_raw = is_raw(name, schema)
        self._is_json = is_json(name)
        self._form = Form(schema, definition.get("encoding", {})) if name in FORMS else None

    async def read(
        self,
        media_type: str,
        stream: AsyncIterator[bytes],
        request: Request,
        violations: list[Violation],
    ) -> Any:
        """Return the body for the handler; its violations are added to ``violations``."""
        if self._form is not None and media_type == MULTIPART:
            value = await self._form.multipart(stream, request, violations, self._budget)
            return self._validated(value, violations, files=True)
        if self._form is not None:
            raw = await self._budget.collected(stream, request)
            return self._validated(self._form.urlencoded(raw, request, violations), violations)
        if self._is_raw:
            return await self._budget.collected(stream, request)
        if self._is_json:
            count: JsonCount | None = JsonCount(self._limits, "body")
            read: Callable[[bytes], Any] | None = READ_JSON
        else:
            content_type = request.header(b"content-type") or ""
            count = count_of(content_type, self._definition, self._schema, self._limits)
            read = reader_of(content_type, self._definition, self._schema, None if count else self._limits)
        raw = await self._budget.collected(stream, request, count)
        if read is not None:
            return self._validated(read(raw), violations)
        if not media_type.startswith("text/"):
            return raw
        text = _utf8_body(raw, request)
        return self._validated(text, violations) if self._may_be_text else text

    def _validated(self, value: Any, violations: list[Violation], *, files: bool = False) -> Any:
        values = {key: without_file(part) for key, part in value.items()} if files else value
        if not self._validator.is_valid(values):
            violations.extend(self._validator.violations(values, "body"))
        else:
            self._fill_defaults(value)
        return value


def is_raw(media_type: str, schema: Schema) -> bool:
    """Tell whether a body is handed over as it was sent: a binary one that is no JSON, form or text."""
    is_parsed = is_json(media_type) or media_type in FORMS or media_type.startswith("text/")
    return not is_parsed and any(map(is_binary, schema.parts))


class NamedSchemas:
    """The contract's named schemas, for a handler that validates the parts of a body one by one."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def read(self, name: str, value: Any) -> Any:
        """Return a JSON value with the defaults of the schema put into it.

        Raises:
            ValidationFailed: it violates the schema; pointers are into the value.
            KeyError: the contract has no schema of this name.
        """
        schema = self._schemas.named(name)
        if not schema.validator.is_valid(value):
            raise ValidationFailed(list(islice(schema.validator.violations(value, "body"), MOST_VIOLATIONS)))
        schema.fill_defaults(value)
        return value


def without_file(part: Any) -> Any:
    """Return a form's value for validation, in which a string stands for a file, an empty one if that is."""
    if isinstance(part, list):
        return [without_file(item) for item in part]
    return ("\0" if part.size else "") if isinstance(part, UploadFile) else part


def _utf8_body(raw: bytes, request: Request) -> str:
    named = charset(request.header(b"content-type") or "")
    if named not in {"utf-8", "us-ascii"}:
        raise UnsupportedMediaType(f"Text must come in UTF-8; it came in {named[:100]}.")
    return utf8_of(raw)


def is_of_nothing(media_type: str) -> bool:
    """Tell whether a body of a media type may be empty: an empty file or text, a form without fields."""
    return bool(media_type) and not (media_type == MULTIPART or is_json(media_type) or is_xml(media_type))


class CompiledBody:
    """The request body of one operation, compiled."""

    def __init__(
        self, definition: Mapping[str, Any], schemas: Schemas, limits: Limits, budget: BodyBudget
    ) -> None:
        self._required = bool(definition.get("required", False))
        self._media_types = {
            essence(name): MediaType(essence(name), media_type, schemas, limits.json, budget)
            for name, media_type in definition.get("content", {}).items()
        }
        self._limits = limits

    async def read(self, request: Request, violations: list[Violation]) -> Any:
        """Return the body for the handler, None if there is none."""
        media_type = essence(request.header(b"content-type") or "")
        is_upload = media_type == MULTIPART and MULTIPART in self._media_types
        stream = _Chunks(request, self._limits.upload if is_upload else self._limits.body)
        if not await stream.begin() and not (self._required and is_of_nothing(media_type)):
            if self._required:
                violations.append(Violation("body", "", "required", "is required and was not sent"))
            return None
        request.has_body = True
        coding = request.header(b"content-encoding") or "identity"
        declared = self._media_types.get(media_type) or next(
            (self._media_types[name] for name in ranges_for(media_type) if name in self._media_types), None
        )
        if declared is None or coding.lower() != "identity":
            raise self._unsupported(media_type, coding)
        return await declared.read(media_type, stream, request, violations)

    def _unsupported(self, media_type: str, coding: str) -> UnsupportedMediaType:
        expected = " or ".join(self._media_types)
        is_coded = coding.lower() != "identity"
        coded = f", Content-Encoding {coding[:100]}" if is_coded else ""
        received = f"{media_type[:100] or 'no Content-Type'}{coded}"
        field = {"Accept-Encoding": "identity"} if is_coded else {"Accept": ", ".join(self._media_types)}
        return UnsupportedMediaType(  # with the fields of RFC 9110, section 15.5.16
            f"The body must be {expected}, without a content coding; it came as {received}.", headers=field
        )


class _Chunks:
    """The body's chunks that hold anything, within the limit.

    No generator, of which the event loop takes note, and again as it ends.
    """

    def __init__(self, request: Request, most_bytes: int) -> None:
        self._receive = request.receive
        self._most_bytes = most_bytes
        self._size = 0
        self._has_more = True
        self._first = b""
        length = request.headers.get(b"content-length", b"")
        if length.isdigit() and len(length) < 20:  # noqa: PLR2004 -- the server checks more
            self._limit(int(length))

    async def begin(self) -> bytes:
        """Return the first chunk, which comes once more; nothing where there is none."""
        self._first = await anext(self, b"")
        return self._first

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk, self._first = self._first, b""
        while self._has_more and not chunk:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk = message.get("body", b"")
            self._size += len(chunk)
            self._limit(self._size)
            self._has_more = message.get("more_body", False)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    def _limit(self, size: int) -> None:
        if size > self._most_bytes:
            raise PayloadTooLarge(f"The body is larger than {self._most_bytes} bytes.")
