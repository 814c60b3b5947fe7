"""What a request holds, decoded strictly: percent-encoding (RFC 3986) and JSON (RFC 8259), in UTF-8.

What cannot be decoded is refused, never replaced.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from contract_first.service.messages.problems import BadRequest

BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
PERCENT, PLUS = b"%+"  # numbers, since of bytes Python asks first, by an exception, whether they are one
MOST_LEVELS = 200
"""A walk over a value may recur: jsonschema-rs stops at 255 levels, Python where its version likes."""
MOST_MEMBERS = 100_000
"""Members and items of a JSON value: each takes up to 70 bytes, and 3 in its text."""
MOST_DIGITS = 1000
DIGITS = re.compile(rb"\d++")
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


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


def decode_form(raw: bytes, where: str) -> list[tuple[str, bytes]]:
    """Split ``a=1&b=2`` into decoded names and still encoded values, in order.

    What cannot be decoded is refused wherever it stands, whether anyone asks for that value or not.
    """
    pieces = [piece.partition(b"=") for piece in raw.split(b"&") if piece]
    if raw.isascii() and PERCENT not in raw and PLUS not in raw:
        return [(name.decode(), value) for name, _, value in pieces]
    decode(raw, where)
    return [(decode(name, where, plus_is_space=True), value) for name, _, value in pieces]


def read_json(raw: bytes | str, where: str, *, is_bounded: bool = True) -> Any:
    """Return the JSON value that a text holds, or raise BadRequest; of repeated keys the last one counts.

    Args:
        where: names the text in the error, such as ``body``.
        is_bounded: refuse what has too many members or digits, as of strangers.
    """
    if is_bounded and len(raw) > MOST_DIGITS and isinstance(raw, bytes):
        _limit_size(raw, where)
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        raise _too_deep(where) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadRequest(f"The {where} is not JSON (RFC 8259) in UTF-8: {error}.") from None
    if _openings(raw) > MOST_LEVELS:
        limit_levels(value, where)
    return value


def limit_levels(value: Any, where: str) -> None:
    """Raise BadRequest for a JSON value that is nested too deeply; ``where`` names it in the error."""
    if _levels(value) > MOST_LEVELS:
        raise _too_deep(where)


def _limit_size(raw: bytes, where: str) -> None:
    """Raise BadRequest for JSON that would take too much memory or time, before it is parsed."""
    if _members(raw) > MOST_MEMBERS and _exceeds(map(_members, _unquoted(raw)), MOST_MEMBERS):
        raise BadRequest(f"The {where} has too many members; the limit is {MOST_MEMBERS} members and items.")
    if _may_have_long_number(raw) and any(map(_has_long_number, _unquoted(raw))):
        raise BadRequest(f"The {where} has a number of too many digits; the limit is {MOST_DIGITS}.")


def _unquoted(raw: bytes) -> Iterator[bytes]:
    """Yield what is between the strings of JSON."""
    end = 0
    for string in STRING.finditer(raw):
        yield raw[end : string.start()]
        end = string.end()
    yield raw[end:]


def _exceeds(numbers: Iterable[int], limit: int) -> bool:
    return any(total > limit for total in accumulate(numbers))


def _members(raw: bytes) -> int:
    return raw.count(b",") + _openings(raw)


def _may_have_long_number(raw: bytes) -> bool:
    """Tell whether so many digits may be in a row, by a look at every few hundred bytes."""
    half = MOST_DIGITS // 2
    return any(raw[start : start + half].isdigit() for start in range(0, len(raw), half))


def _has_long_number(raw: bytes) -> bool:
    return len(raw) > MOST_DIGITS and any(len(run[0]) > MOST_DIGITS for run in DIGITS.finditer(raw))


def _too_deep(where: str) -> BadRequest:
    return BadRequest(f"The {where} is nested too deeply; the limit is {MOST_LEVELS} levels.")


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
