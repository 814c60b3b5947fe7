"""Form bodies, urlencoded and ``multipart/form-data``, as JSON values and files."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, Final, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.schemas.schema import Schema
from contract_first.service.messages.problems import BadRequest, ServiceUnavailable, Violation
from contract_first.service.messages.request import Request
from contract_first.service.messages.upload import Upload

from .budget import FREE_BYTES, BodyBudget
from .decoding import decode, decode_form, utf8_of
from .form_fields import Content, FormField
from .parameters import QueryPairs

MOST_FIELDS = 1000
FIELD_BYTES = 64 * 1024
FILE_BYTES: Final = 64 * 1024
"""Of a file in memory, while the budget has room; larger ones are on disk, which takes threads."""


class Form:
    """Reads the fields of a form whose schema is an object.

    Args:
        encoding: the media type's ``encoding``, by property (OpenAPI 3.1, section 4.8.15).
    """

    def __init__(self, schema: Schema, encoding: Mapping[str, Any]) -> None:
        self._fields = {
            name: FormField(name, inner, encoding.get(name, {})) for name, inner in schema.properties.items()
        }
        prefixes = (field.deep_prefix for field in self._fields.values())
        self._deep_prefixes = tuple(prefix for prefix in prefixes if prefix is not None)

    def urlencoded(self, raw: bytes, request: Request, violations: list[Violation]) -> dict[str, Any]:
        """Return the fields of an urlencoded body; undeclared ones stay text."""
        if raw.count(b"&") >= MOST_FIELDS:
            raise BadRequest(f"The form body has more than {MOST_FIELDS} fields.")
        pairs = decode_form(raw, "form body")
        parts: list[Content] = [decode(value, "form body", plus_is_space=True) for _, value in pairs]
        return self._read(parts, pairs, request, violations)

    async def multipart(
        self,
        stream: AsyncIterator[bytes],
        request: Request,
        violations: list[Violation],
        budget: BodyBudget | None = None,
    ) -> dict[str, Any]:
        """Return the fields of a multipart body: text coerced by schema, files as uploads.

        Args:
            budget: what texts and files in memory are held in; without room for them, files go to disk.
        """
        fields = await _parse(stream, request, budget)
        parts = [await self._unwrapped(name, content) for name, content in fields]
        pairs = [(name, _encoded(content)) for (name, _), content in zip(fields, parts, strict=True)]
        return self._read(parts, pairs, request, violations)

    async def _unwrapped(self, name: str, content: Content) -> Content:
        """Take a JSON part for text, even if a browser sends it (a Blob) as a file."""
        field = self._fields.get(name)
        if field is None or not field.as_json or not isinstance(content, UploadFile):
            return content
        is_text = is_json(essence(content.content_type or ""))
        return _utf8_part(await content.read()) if is_text else content

    def _read(
        self, parts: list[Content], pairs: QueryPairs, request: Request, violations: list[Violation]
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        styled = []
        for content, (name, encoded) in zip(parts, pairs, strict=True):
            field = self._fields.get(name)
            if field is not None and not field.is_styled(content):
                field.put(content, fields, violations)
                continue
            styled.append((name, encoded))
            if field is None and not name.startswith(self._deep_prefixes):
                fields[name] = content
        for field in self._fields.values():
            field.read_styled(request, styled, fields, violations)
        return fields


class WholeParser(MultiPartParser):
    """starlette's parser, made to check that a body is whole, and to leave the reading of text to us.

    It would take a body for whole wherever it ends, and read in Latin-1 what it cannot read in the charset
    that the Content-Type names. So it reads all in Latin-1, in which a character is a byte.
    """

    spool_max_size = 0
    """No limit: :meth:`_whole` says when a file goes to disk."""

    def __init__(
        self,
        headers: Headers,
        stream: AsyncIterator[bytes],
        hold: Callable[[int], None],
        **limits: int,
    ) -> None:
        super().__init__(headers, self._whole(stream), **limits)
        self._hold = hold
        self._bytes = self._disk_bytes = 0
        self._in_memory: dict[UploadFile, int] = {}
        self._ended = False

    def on_part_begin(self) -> None:
        """Read the part's bytes as they are."""
        super().on_part_begin()
        self._charset = "latin-1"

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Count what goes into files."""
        super().on_part_data(data, start, end)
        file = self._current_part.file
        if file in self._in_memory:
            self._in_memory[file] += end - start
        elif file is not None:
            self._disk_bytes += end - start

    def on_headers_finished(self) -> None:
        """Note a file, which begins in memory."""
        super().on_headers_finished()
        if self._current_part.file is not None:
            self._in_memory[self._current_part.file] = 0

    def on_end(self) -> None:
        """Note the closing boundary."""
        self._ended = True

    async def _whole(self, stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            yield chunk
            self._bytes += len(chunk)
            if (file := self._current_part.file) and self._in_memory.get(file, 0) > FILE_BYTES:
                await self._to_disk([file])
            try:
                self._hold(self._bytes - self._disk_bytes)
            except ServiceUnavailable:
                # small files stay: each on disk takes a descriptor, of which there are fewer than bytes
                await self._to_disk([file for file, size in self._in_memory.items() if size > FREE_BYTES])
                self._hold(self._bytes - self._disk_bytes)
        if not self._ended:
            raise MultiPartException("It ends before its closing boundary.")

    async def _to_disk(self, files: Iterable[UploadFile]) -> None:
        for file in files:
            await run_in_threadpool(cast("SpooledTemporaryFile[bytes]", file.file).rollover)
            self._disk_bytes += self._in_memory.pop(file) - FREE_BYTES  # which its buffers may take


async def _parse(
    stream: AsyncIterator[bytes], request: Request, budget: BodyBudget | None
) -> list[tuple[str, Content]]:
    headers = Headers(raw=request.scope["headers"])
    hold = partial(budget.hold, request) if budget is not None else lambda _: None
    limits = {"max_files": MOST_FIELDS, "max_fields": MOST_FIELDS, "max_part_size": FIELD_BYTES}
    parser = WholeParser(headers, stream, hold, **limits)
    try:
        parts = (await parser.parse()).multi_items()
    except MultiPartException as error:
        raise BadRequest(f"The multipart body cannot be read: {error.message}") from None
    request.files.extend(content for _, content in parts if isinstance(content, UploadFile))
    return [(_recoded(name), _named(content)) for name, content in parts if not _is_unchosen(content)]


def _is_unchosen(content: Content) -> bool:
    """Tell whether this part is an empty file input: browsers send one where no file was chosen."""
    return isinstance(content, UploadFile) and not content.filename and not content.size


def _named(content: Content) -> Content:
    """Return a text, or a file with its name, as they were meant."""
    if isinstance(content, str):
        return _recoded(content)
    name = _recoded(content.filename or "")
    return Upload(content.file, size=content.size, filename=name, headers=content.headers)


def _recoded(characters: str) -> str:
    return _utf8_part(characters.encode("latin-1"))


def _utf8_part(raw: bytes) -> str:
    return utf8_of(raw, "The multipart body holds text that is not UTF-8.")


def _encoded(content: Content) -> bytes:
    return content.replace("%", "%25").replace("+", "%2B").encode() if isinstance(content, str) else b""
