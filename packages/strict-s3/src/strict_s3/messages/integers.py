"""Whole numbers as clients write them."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from .errors import invalid_argument

_WHOLE_NUMBER = re.compile(r"\s*[0-9]{1,18}\s*", re.ASCII)
_MOST = 2**31 - 1
MAX_PARTS = 1000
"""How many parts one request lists at most."""
T = TypeVar("T")


def whole_number(text: str | None) -> int | None:
    """Return the number that a text is, of at most 18 digits; None if it is none."""
    return int(text) if text and _WHOLE_NUMBER.fullmatch(text) else None


def integer_argument(name: str, text: str | None, default: int) -> int:
    """Return the value of a numeric argument, or the default; raise InvalidArgument for no number."""
    number = whole_number(text) if text else default
    if number is None or number > _MOST:
        raise invalid_argument(f"Provided {name} not an integer or within integer range", name, str(text))
    return number


def parts_page(
    value_of: Callable[[str], str | None], parts: Iterable[tuple[int, T]]
) -> tuple[list[tuple[int, T]], dict[str, int]]:
    """Return a page of parts by their numbers, and the elements that say which it is.

    Args:
        value_of: returns the value of an argument by its name.
        parts: of an upload or an object, in the order of their numbers.
    """
    marker = integer_argument("part-number-marker", value_of("part-number-marker"), 0)
    most = min(integer_argument("max-parts", value_of("max-parts"), MAX_PARTS), MAX_PARTS)
    rest = [part for part in parts if part[0] > marker]
    page = rest[:most]
    return page, {
        "PartNumberMarker": marker,
        "NextPartNumberMarker": page[-1][0] if page else 0,
        "MaxParts": most,
        "IsTruncated": len(rest) > len(page) > 0,
    }
