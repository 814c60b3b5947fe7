"""Percent-encoding, read strictly: what is not UTF-8 behind it is refused, never replaced."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from .problems import BadRequest

BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def decode(raw: bytes, where: str, *, plus_is_space: bool = False) -> str:
    """Return the text that percent-encoded UTF-8 stands for (RFC 3986, section 2.1), or raise BadRequest."""
    if plus_is_space:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        if BAD_ESCAPE.search(raw):
            raise BadRequest(f"The {where} holds a percent sign that no two hexadecimal digits follow.")
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"The {where} is not UTF-8 behind its percent-encoding.") from None


def decode_form(raw: bytes, where: str) -> list[tuple[str, bytes]]:
    """Split ``a=1&b=2`` into decoded names and still encoded values, in order.

    What cannot be decoded is refused wherever it stands, whether anyone asks for that value or not.
    """
    plain = raw.isascii() and b"%" not in raw
    if not plain:
        decode(raw, where)
    pairs = []
    for piece in raw.split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            readable = plain and b"+" not in name
            pairs.append((name.decode() if readable else decode(name, where, plus_is_space=True), value))
    return pairs
