"""Writes of several operations: errors of rules and stores as problems."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from scanner_api.access.callers import not_active
from scanner_api.problems import invalid
from scanner_api.scanning.scans.metadata import MetadataError, merge
from scanner_api.storage.scans.activity import SessionClosed

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 32
"""Limits of a free-form object, as the contract's ``x-max-bytes`` and ``x-max-depth`` say them."""


def bounded(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return a free-form object, or raise ValidationFailed where it is too large or too deep."""
    if _is_deeper(value, MAX_DEPTH):
        raise invalid(f"/{name}", "x-max-depth", f"has more than {MAX_DEPTH} levels of objects and arrays")
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise invalid(f"/{name}", "x-max-bytes", f"has {size} bytes of JSON; at most {MAX_BYTES} fit")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)


def merged_metadata(stored: Mapping[str, str], update: Mapping[str, str] | None) -> dict[str, str]:
    """Return metadata after a write, or raise ValidationFailed."""
    try:
        return merge(stored, update)
    except MetadataError as error:
        raise invalid("/metadata", error.rule, str(error)) from None


@contextmanager
def conflict_if_closed() -> Iterator[None]:
    """Raise Conflict for a session that was completed between reading and writing it."""
    try:
        yield
    except SessionClosed as closed:
        raise not_active(closed.status) from None
