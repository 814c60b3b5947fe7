"""What a request holds, decoded strictly: percent-encoding (RFC 3986) and JSON (RFC 8259), in UTF-8.

What cannot be decoded is refused, never replaced.
"""

import re
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from contract_first.service.messages.problems import BadRequest

from .json_bounds import MOST_LEVELS, JsonCount, JsonLimits, too_deep

BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
PERCENT, PLUS = b"%+"  # numbers, since of bytes Python asks first, by an exception, whether they are one
LIMITS = JsonLimits()


def decode(raw: bytes, where: str, *, plus_is_space: bool = False) -> str:
    """Return the text that percent-encoded UTF-8 stands for (RFC 3986, section 2.1), or raise BadRequest."""
    if plus_is_space:
        raw = raw.replace(b"+", b" ")
    if PERCENT in raw:
        if BAD_ESCAPE.search(raw):
            raise BadRequest(f"The {where} has a percent sign without two hexadecimal digits after it.")
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"The {where} is not UTF-8 once percent-decoded.") from None


def utf8_of(raw: bytes, refusal: str = "The body is not UTF-8.") -> str:
    """Return the text that bytes are in UTF-8, or raise BadRequest."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadRequest(refusal) from None


def decode_form(raw: bytes, where: str) -> list[tuple[str, bytes]]:
    """Split ``a=1&b=2`` into decoded names and still encoded values, in order.

    What cannot be decoded is refused wherever it stands, whether anyone asks for that value or not.
    """
    pieces = [piece.partition(b"=") for piece in raw.split(b"&") if piece]
    if raw.isascii() and PERCENT not in raw and PLUS not in raw:
        return [(name.decode(), value) for name, _, value in pieces]
    decode(raw, where)
    return [(decode(name, where, plus_is_space=True), value) for name, _, value in pieces]


def read_json(raw: bytes | str, where: str, limits: JsonLimits | None = LIMITS) -> Any:
    """Return the JSON value that a text holds, or raise BadRequest; of repeated keys the last one counts.

    Args:
        where: names the text in the error, such as ``body``.
        limits: None where they are kept already, or the text is not a stranger's.
    """
    if limits is not None:
        JsonCount(limits, where).add(raw.encode() if isinstance(raw, str) else raw)
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        raise too_deep(where) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadRequest(f"The {where} is not JSON (RFC 8259) in UTF-8: {error}.") from None
    if limits is None and _openings(raw) > MOST_LEVELS:
        limit_levels(value, where)
    return value


def limit_levels(value: Any, where: str) -> None:
    """Raise BadRequest for a JSON value that is nested too deeply; ``where`` names it in the error."""
    if _levels(value) > MOST_LEVELS:
        raise too_deep(where)


def _openings(raw: bytes | str) -> int:
    if isinstance(raw, str):
        return raw.count("[") + raw.count("{")
    return raw.count(b"[") + raw.count(b"{")


def _levels(value: Any) -> int:
    """Count the levels of a value without recurring."""
    levels, layer = 0, [value]
    while layer := [value for value in layer if isinstance(value, dict | list)]:
        levels += 1
        layer = [inner for value in layer for inner in (value.values() if isinstance(value, dict) else value)]
    return levels
