"""Sequential media types (OpenAPI 3.2, 4.14): events, JSON Lines and JSON text sequences, as arrays."""

import re
from typing import Any

import msgspec

from contract_first.contract.document.media_types import essence

from .decoding import LIMITS, read_json, utf8_of
from .json_bounds import JsonCount, JsonLimits

EVENTS = "text/event-stream"
JSON_LINES = {"application/jsonl", "application/x-ndjson", "application/ndjson", "application/x-jsonlines"}
JSON_SEQUENCES = {"application/json-seq", "application/geo+json-seq"}
EVENT_FIELDS = frozenset({"data", "event", "id", "retry"})
RECORD_SEPARATOR = "\x1e"
_MOST_RETRY_DIGITS = 15
_END_OF_LINE = re.compile(r"\r\n|\r|\n")


def is_sequence(media_type: str) -> bool:
    """Tell whether a media type is of a sequence of items."""
    return essence(media_type) in {EVENTS, *JSON_LINES, *JSON_SEQUENCES}


def count_of_items(media_type: str, limits: JsonLimits) -> JsonCount:
    """Return what counts the items in the text of a body, and their members; the lines of events."""
    kind = essence(media_type)
    separator = RECORD_SEPARATOR.encode() if kind in JSON_SEQUENCES else b"\n"
    return JsonCount(limits, "body", separator=separator, is_json=kind != EVENTS)


def items_of(raw: bytes, media_type: str, limits: JsonLimits | None = LIMITS) -> list[Any]:
    """Return the items of a body as JSON values; of an event its fields, ``data`` as text.

    Args:
        limits: None where they are kept already, or the body is not a stranger's.

    Raises:
        BadRequest: an item is no JSON, there are too many, or the body no UTF-8.
    """
    kind = essence(media_type)
    if limits is not None:
        count_of_items(kind, limits).add(raw.replace(b"\r", b"\n") if kind == EVENTS else raw)
    text = utf8_of(raw)
    if kind == EVENTS:
        blocks = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n\n")
        return [event for event in map(_event, blocks) if event]
    pieces = text.split("\n" if kind in JSON_LINES else RECORD_SEPARATOR)
    return [read_json(piece, "body", limits=None) for piece in pieces if piece.strip()]


def body_of_items(items: Any, media_type: str, *, are_events: bool = True) -> bytes:
    """Return the body that has these items; of events the members are the fields.

    Args:
        are_events: each object is an event. Else only one that looks like it is; others are an event's data.
    """
    kind = essence(media_type)
    listed = items if isinstance(items, list) else [items]
    if kind == EVENTS:
        events = (item if are_events or is_event(item) else {"data": item} for item in listed)
        return "".join(f"{_written(event)}\n" for event in events).encode()
    before = RECORD_SEPARATOR if kind in JSON_SEQUENCES else ""
    return "".join(f"{before}{_as_json(item)}\n" for item in listed).encode()


def _event(block: str) -> dict[str, Any]:
    """Return the fields of an event (WHATWG HTML, section 9.2.6); lines of ``data`` are one text."""
    event: dict[str, Any] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in event:
            event["data"] += f"\n{value}"
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) <= _MOST_RETRY_DIGITS:
            event[name] = int(value)
        elif name in {"data", "event", "id"}:
            event[name] = value
    return event


def is_event(value: Any) -> bool:
    """Tell whether an object looks like an event: it has data, and else only fields of events."""
    return isinstance(value, dict) and "data" in value and value.keys() <= EVENT_FIELDS


def _written(event: Any) -> str:
    fields = event if isinstance(event, dict) else {"data": event}
    lines = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else _as_json(value)
        lines += [f"{name}: {line}\n" for line in _END_OF_LINE.split(text)]
    return "".join(lines)


def _as_json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
