"""JSON text from a request as a value: strictly RFC 8259, in UTF-8, and not nested without end."""

from __future__ import annotations

from typing import Any

import msgspec

from .problems import BadRequest

MOST_LEVELS = 200
"""Whoever walks a value may recur: jsonschema-rs stops at 255 levels, Python where its version likes."""


def read_json(raw: bytes | str, where: str) -> Any:
    """Return the JSON value that a text holds, or raise BadRequest; of repeated keys the last one counts.

    Args:
        raw: the text, bytes as they were sent.
        where: names the text in the error, such as ``body``.
    """
    try:
        value = msgspec.json.decode(raw)
        deep = _openings(raw) > MOST_LEVELS and _levels(value) > MOST_LEVELS
    except RecursionError:
        deep = True
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadRequest(f"The {where} is not JSON (RFC 8259) in UTF-8: {error}.") from None
    if deep:
        raise BadRequest(f"The {where} is nested too deeply; the limit is {MOST_LEVELS} levels.")
    return value


def _openings(raw: bytes | str) -> int:
    if isinstance(raw, str):
        return raw.count("[") + raw.count("{")
    return raw.count(b"[") + raw.count(b"{")


def _levels(value: Any) -> int:
    """Count the levels of a value without recurring."""
    levels, layer = 0, [value]
    while layer := [each for each in layer if isinstance(each, dict | list)]:
        levels += 1
        layer = [inner for each in layer for inner in (each.values() if isinstance(each, dict) else each)]
    return levels
