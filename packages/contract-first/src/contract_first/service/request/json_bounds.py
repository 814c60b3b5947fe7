"""Bounds of JSON, counted in its text as it comes in, before what takes much memory or time is parsed."""

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from contract_first.service.messages.problems import BadRequest

MOST_LEVELS: Final = 200
"""A walk over a value may recur: jsonschema-rs stops at 255 levels, Python where its version likes."""
MEMBER_BYTES: Final = 64
"""What a member takes once it is parsed, about: up to 70 bytes, and 3 in its text."""
_SLICE_BYTES = 64 * 1024
_UNCOUNTED_SHARE = 4
"""Of the members that are allowed, as many as a quarter need not be counted again at once."""
_DIGITS = re.compile(rb"\d++")
_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """Limits of a JSON value in a request, or of XML.

    Attributes:
        members: of all objects, and items of all arrays, together; in XML, tags, attributes, texts, values.
        levels: of arrays and objects in one another, 200 at most.
        digits: of a number, in a row.

    Raises:
        ValueError: there are more levels than can be validated.
    """

    members: int = 100_000
    levels: int = MOST_LEVELS
    digits: int = 1000

    def __post_init__(self) -> None:
        """Refuse more levels than can be validated."""
        if self.levels > MOST_LEVELS:
            raise ValueError(
                f"JSON of {self.levels} levels cannot be validated; expected {MOST_LEVELS} at most."
            )


class JsonCount:
    """Counts members, levels and digits in the text of a JSON value, piece by piece.

    As long as there are few enough of all even if what is in strings counts, that is all it counts: strings
    are looked for once there may be too many.

    Args:
        where: names the text in errors, such as ``body``.
        separator: what ends an item of a sequence of values; empty for one value.
        is_json: whether the items are JSON; else only they are counted.

    Attributes:
        members: how many there are at most.
    """

    def __init__(
        self, limits: JsonLimits, where: str, *, separator: bytes = b"", is_json: bool = True
    ) -> None:
        self._limits = limits
        self._where = where
        self._separator = separator
        self._is_json = is_json
        self._uncounted: list[bytes] | None = []
        self._openings = self._quotes = self._level = self._in_string = 0
        self._escape = self._run = b""
        self.members = 0

    def add(self, piece: bytes) -> None:
        """Count the next piece.

        Raises:
            BadRequest: there are too many of something.
        """
        if self._separator:
            self.members += piece.count(self._separator)
            self._limit_members()
        if not self._is_json:
            return
        if self._uncounted is None:
            self._count(piece)
            return
        openings = piece.count(b"[") + piece.count(b"{")
        self.members += openings + piece.count(b",")
        self._openings += openings
        self._quotes += piece.count(b'"')
        self._uncounted.append(piece)
        if (
            max(self.members, self._quotes // 4) > self._limits.members // _UNCOUNTED_SHARE
            or self._openings > self._limits.levels
            or self._may_have_long_number(piece)
        ):
            uncounted, self._uncounted = self._uncounted, None
            self.members = sum(map(self._separators, uncounted))
            for text in uncounted:
                self._count(text)

    def _separators(self, piece: bytes) -> int:
        return piece.count(self._separator) if self._separator else 0

    def _count(self, piece: bytes) -> None:
        """Count what is outside strings."""
        for begin in range(0, len(piece), _SLICE_BYTES):
            text = self._escape + piece[begin : begin + _SLICE_BYTES]
            text = text.replace(rb"\\", b"").replace(rb"\"", b"")
            self._escape = b"\\" if text.endswith(b"\\") else b""
            parts = text.removesuffix(b"\\").split(b'"')
            outside = b"".join(parts[self._in_string :: 2])
            self._in_string = (self._in_string + len(parts) - 1) % 2
            self.members += outside.count(b",") + outside.count(b"[") + outside.count(b"{")
            self._limit_members()
            self._limit_levels(outside.translate(None, _BUT_BRACKETS))
            self._limit_digits(self._run + outside)

    def _limit_members(self) -> None:
        if self.members > self._limits.members:
            most = self._limits.members
            raise BadRequest(
                f"The {self._where} has too many members; the limit is {most} members and items."
            )

    def _limit_levels(self, brackets: bytes) -> None:
        if brackets:
            levels = [*accumulate(map(_STEPS.__getitem__, brackets), initial=self._level)]
            self._level = levels[-1]
            if max(levels) > self._limits.levels:
                raise too_deep(self._where, self._limits.levels)

    def _limit_digits(self, text: bytes) -> None:
        most = self._limits.digits
        if self._may_have_long_number(text) and any(len(run[0]) > most for run in _DIGITS.finditer(text)):
            raise BadRequest(f"The {self._where} has a number of too many digits; the limit is {most}.")
        self._run = text[len(text.rstrip(b"0123456789")) :]

    def _may_have_long_number(self, text: bytes) -> bool:
        """Tell whether so many digits may be in a row, by a look at every few hundred bytes."""
        half = max(self._limits.digits // 2, 1)
        return any(text[begin : begin + half].isdigit() for begin in range(0, len(text), half))


def too_deep(where: str, most: int = MOST_LEVELS) -> BadRequest:
    """Return the problem of a value that is nested too deeply."""
    return BadRequest(f"The {where} is nested too deeply; the limit is {most} levels.")
