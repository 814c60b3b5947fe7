"""Whole numbers as clients write them."""

import re
from collections.abc import Callable

from .errors import invalid_argument

_WHOLE_NUMBER = re.compile(r"\s*[0-9]{1,18}\s*", re.ASCII)
_MOST = 2**31 - 1


def whole_number(text: str | None) -> int | None:
    """Return the number that a text is, of at most 18 digits; None if it is none."""
    return int(text) if text and _WHOLE_NUMBER.fullmatch(text) else None


def integer_argument(name: str, text: str | None, default: int) -> int:
    """Return the value of a numeric argument, or the default; raise InvalidArgument for no number."""
    number = whole_number(text) if text else default
    if number is None or number > _MOST:
        raise invalid_argument(f"Provided {name} not an integer or within integer range", name, str(text))
    return number


def parts_page(value_of: Callable[[str], str | None], most: int) -> tuple[int, int]:
    """Return the number of the part that a page begins after, and how many it may have."""
    marker = integer_argument("part-number-marker", value_of("part-number-marker"), 0)
    return marker, min(integer_argument("max-parts", value_of("max-parts"), most), most)
