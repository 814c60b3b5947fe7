"""The compressed form of GS1 Digital Link URIs: a path segment that holds identifiers as bits in base64.

After the GS1 standard "Digital Link: compression". No library was found that gets leading zeros and numbers
of variable length right. The formats of values are biip's.
"""

import re
from functools import cache
from math import ceil, log2
from typing import Final, NamedTuple

from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier

_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BITS_OF: Final = {character: f"{value:06b}" for value, character in enumerate(_BASE64)}
_HEX: Final = "0123456789abcdef"
_ASCII: Final = "".join(map(chr, range(128)))

_DIGITS: Final = 0
_ALPHABETS: Final = {1: (_HEX, 4), 2: (_HEX.upper(), 4), 3: (_BASE64, 6), 4: (_ASCII, 7)}
"""Ways to write text by their three-bit number: the alphabet, and the bits a character takes."""

_SEQUENCES: Final = {
    0x0A: ("01", "22"), 0x0B: ("01", "10"), 0x0C: ("01", "21"), 0x0D: ("01", "17"), 0x0E: ("01", "7003"),
    0x0F: ("01", "30"), 0x1A: ("01", "10", "21", "17"), 0x1B: ("01", "15"), 0x1C: ("01", "11"),
    0x1D: ("01", "16"), 0x1E: ("01", "91"), 0x1F: ("01", "10", "15"), 0x9A: ("8010", "8011"),
    0x9B: ("8017", "8019"), 0x9C: ("8018", "8019"), 0x9D: ("414", "254"),
    **{0x2A + place: ("01", f"310{place}") for place in range(6)},
    **{0x3A + place: ("01", f"320{place}") for place in range(6)},
    **{0xA0 + place: ("01", f"392{place}") for place in range(10)},
    **{0xC0 + place: ("255", f"390{place}") for place in range(10)},
    **{0xCA + place: ("255", f"394{place}") for place in range(4)},
}  # fmt: skip
"""Identifiers that often stand together, by the one byte that announces them."""

_OTHER_PAIR: Final = 0xF
_PART: Final = re.compile(r"\+?\[?\+?([NXYZ])(\.\.)?([0-9]+)\]?")


class _Part(NamedTuple):
    """A part of a value: whether it is digits alone, and of which, or of at most which, length."""

    is_numeric: bool
    is_variable: bool
    length: int


class _Bits:
    """Bits that are taken from the front."""

    def __init__(self, segment: str) -> None:
        try:
            self._bits = "".join([_BITS_OF[character] for character in segment])
        except KeyError as error:
            raise ValueError("not base64") from error
        self._position = 0

    def take(self, count: int) -> int:
        chunk = self._bits[self._position : self._position + count]
        if len(chunk) < count:
            raise ValueError("cut short")
        self._position += count
        return int(chunk, 2)

    def are_used_up(self) -> bool:
        """Tell whether nothing is left but what fills the last base64 character."""
        rest = self._bits[self._position :]
        return len(rest) < len(_BITS_OF["A"]) and "1" not in rest


def decompress(segment: str) -> dict[str, str]:
    """Return the values, by application identifier, that a compressed path segment holds.

    Raises:
        ValueError: the segment is not compressed, or holds an identifier of unknown format.
    """
    bits = _Bits(segment)
    values: dict[str, str] = {}
    while not bits.are_used_up():
        first, second = bits.take(4), bits.take(4)
        if first == _OTHER_PAIR:
            _skip_other_pair(bits, second)
            continue
        for identifier in _SEQUENCES.get(first << 4 | second) or [_identifier(bits, first, second)]:
            values[identifier] = "".join([_value(bits, part) for part in _parts(identifier)])
    return values


def _identifier(bits: _Bits, first: int, second: int) -> str:
    """Read the rest of an identifier, four bits a digit; no identifier is the beginning of another."""
    digits = f"{first:X}{second:X}"
    while not _is_identifier(digits):
        if len(digits) == 4:  # noqa: PLR2004 -- the longest there are
            raise ValueError("unknown identifier")
        digits += f"{bits.take(4):X}"
    return digits


@cache
def _is_identifier(digits: str) -> bool:
    try:
        return GS1ApplicationIdentifier.extract(digits).ai == digits
    except ParseError:
        return False


@cache
def _parts(identifier: str) -> list[_Part]:
    """Take a format such as ``N3+N13[+X..17]`` apart; its first part is the identifier itself."""
    form = GS1ApplicationIdentifier.extract(identifier).format.removeprefix(f"N{len(identifier)}")
    parts = list(_PART.finditer(form))
    if "".join(part[0] for part in parts) != form:
        raise ValueError("unknown format")
    return [_Part(part[1] == "N", bool(part[2]) or "[" in part[0], int(part[3])) for part in parts]


def _value(bits: _Bits, part: _Part) -> str:
    way = _DIGITS if part.is_numeric else bits.take(3)
    length = bits.take(part.length.bit_length()) if part.is_variable else part.length
    return _take_text(bits, way, length)


def _take_text(bits: _Bits, way: int, length: int) -> str:
    if way == _DIGITS:
        digits = str(bits.take(ceil(length * log2(10) + 0.01)))
        if len(digits) > max(length, 1):
            raise ValueError("a number too large for its length")
        return digits.zfill(length) if length else ""
    if way not in _ALPHABETS:
        raise ValueError("unknown way to write text")
    alphabet, width = _ALPHABETS[way]
    return "".join([alphabet[bits.take(width)] for _ in range(length)])


def _skip_other_pair(bits: _Bits, start: int) -> None:
    """Pass over a parameter that is not GS1's; the length of its name is seven bits, four in start."""
    for _ in range(start << 3 | bits.take(3)):
        bits.take(6)
    _take_text(bits, bits.take(3), bits.take(7))
