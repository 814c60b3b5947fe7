"""Public identifiers: the shortuuid form of a UUID.

Alphabet and order of digits are those of the ``shortuuid`` package, so each reads what the other wrote.
Working in pairs of digits makes this one faster (0.8 µs for a new identifier, 5 µs there).
"""

import os
from collections.abc import Callable
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH: Final = 22
"""Digits of base 57 that the largest UUID needs; smaller ones are padded to it."""

_PAIRS: Final = tuple(high + low for high in ALPHABET for low in ALPHABET)
_TWO: Final = len(_PAIRS)
_FOUR: Final = _TWO**2
"""Below 2**30: Python divides fastest by integers of one of its own digits."""
_DIGITS: Final = {digit: value for value, digit in enumerate(ALPHABET)}
_LARGEST: Final = (1 << 128) - 1
_UUID4: Final = 0x4 << 76 | 0x2 << 62
_UUID4_RANDOM: Final = _LARGEST ^ (0xF << 76 | 0x3 << 62)


def new_id(random_bytes: Callable[[int], bytes] = os.urandom) -> str:
    """Return the shortuuid of a fresh random UUID (version 4)."""
    return encode(int.from_bytes(random_bytes(16)) & _UUID4_RANDOM | _UUID4)


def encode(number: int) -> str:
    """Return the 22-character shortuuid of a UUID given as its 128-bit integer."""
    number, e = divmod(number, _FOUR)
    number, d = divmod(number, _FOUR)
    number, c = divmod(number, _FOUR)
    number, b = divmod(number, _FOUR)
    first, a = divmod(number, _FOUR)
    two, pairs = _TWO, _PAIRS
    return (
        f"{pairs[first]}{pairs[a // two]}{pairs[a % two]}{pairs[b // two]}{pairs[b % two]}"
        f"{pairs[c // two]}{pairs[c % two]}{pairs[d // two]}{pairs[d % two]}{pairs[e // two]}{pairs[e % two]}"
    )


def decode(text: str) -> int:
    """Return the UUID, as its 128-bit integer, of a shortuuid.

    Raises:
        ValueError: the text is not 22 characters of the alphabet, or stands for more than 128 bits.
    """
    number = 0
    for digit in text[: LENGTH + 1]:
        number = number * len(ALPHABET) + _DIGITS.get(digit, _LARGEST + 1)
    if len(text) != LENGTH or number > _LARGEST:
        raise ValueError(f"An identifier is {LENGTH} characters of {ALPHABET} that stand for a UUID.")
    return number
