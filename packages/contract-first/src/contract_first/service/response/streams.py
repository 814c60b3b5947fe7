"""Bodies that are made while they are sent: of files, of texts and bytes, of items, each validated."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.schemas.schema import Schema
from contract_first.service.request.sequences import EVENTS, body_of_items, is_event, is_sequence, items_of

from .absence import drop_absent, holds_model

CHUNK_BYTES = 64 * 1024
HEARTBEAT = b":\n\n"
"""A comment, which clients of events ignore (WHATWG HTML, section 9.2.6)."""


@lru_cache(maxsize=512)
def is_stream_class(kind: type) -> bool:
    """Tell whether a body of this class is one to make while it is sent."""
    return issubclass(kind, Path | AsyncIterator)


def media_type_of(body: Any, content: Mapping[str, Any]) -> str | None:
    """Return the declared media type that a stream is of: that of the file, or that of items."""
    if not isinstance(body, Path):
        return next(filter(is_sequence, content), next(iter(content), None))
    guessed = mimetypes.guess_type(body)[0] or "application/octet-stream"
    ranges = (guessed, f"{guessed.partition('/')[0]}/*", "*/*")
    declared = next((name for name in content if essence(name) in ranges), next(iter(content), None))
    return guessed if declared is not None and "*" in declared else declared


async def content_of(path: Path) -> AsyncIterator[bytes]:
    """Yield the content of a file."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


async def bytes_of(parts: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """Yield texts and bytes as bytes; TypeError for others."""
    async for part in parts:
        if not isinstance(part, str | bytes | bytearray | memoryview):
            raise TypeError(f"A handler streamed a {type(part).__name__}; expected str or bytes.")
        yield part.encode() if isinstance(part, str) else bytes(part)


class ItemStream:
    """Writes the items of a sequence, each validated as it is sent.

    Args:
        schema: of all items, an array.
        report: takes the violations of an item in words, and raises what ends the response.
    """

    def __init__(self, media_type: str, schema: Schema, report: Callable[[list[str]], None]) -> None:
        self._media_type = media_type
        self._item, self._report = schema.items, report
        data = schema.items.properties.get("data")
        node = {} if data is None or not isinstance(data.node, dict) else data.node
        is_described = "contentSchema" in node and is_json(essence(node.get("contentMediaType", "")))
        self._data = schema.of(node["contentSchema"]) if is_described and self._is_events else None

    @property
    def _is_events(self) -> bool:
        return essence(self._media_type) == EVENTS

    async def chunks(self, items: AsyncIterator[Any], plain: Callable[[Any], Any]) -> AsyncIterator[bytes]:
        """Yield each item as it is written; ``plain`` returns it as a JSON value."""
        async for item in items:
            value = plain(item)
            if holds_model(item):
                self.drop_absent(value)
            written = body_of_items([value], self._media_type, are_events=False)
            violations = [
                text for value in items_of(written, self._media_type) for text in self._violations(value)
            ]
            if violations:
                self._report(violations)
            yield written

    def drop_absent(self, value: Any) -> None:
        """Remove the members that an item lacks, of an event those of its data."""
        if not self._is_events:
            drop_absent(value, self._item)
        elif self._data is not None:
            drop_absent(value["data"] if is_event(value) else value, self._data)

    def _violations(self, value: Any) -> list[str]:
        violations = [] if self._item.conforms(value) else [*self._item.validator.violations(value, "item")]
        texts = [f"item{violation.name}: {violation.detail}" for violation in violations]
        if self._data is not None and not texts:
            try:
                data = msgspec.json.decode(value.get("data", ""))
            except msgspec.DecodeError:
                return ["item/data: is no JSON"]
            if not self._data.conforms(data):
                texts = [
                    f"item/data{error.name}: {error.detail}"
                    for error in self._data.validator.violations(data, "item")
                ]
        return texts
