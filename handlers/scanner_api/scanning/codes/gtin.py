"""Global Trade Item Numbers: check digits, and the one form that products are compared in."""

import re
from typing import Final

from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.upc import Upc

LENGTHS: Final = (8, 12, 13, 14)
UPC_E_LENGTHS: Final = (6, 7, 8)
"""Scanners can be set to cut the number system digit and the check digit off."""
_SEPARATORS: Final = re.compile("[ \u00a0\u2010\u2011\u2013-]")
"""Spaces, hyphens and the characters that word processors make of them."""


class GtinError(ValueError):
    """A text that is not a GTIN; the message says why."""


def normalise(text: str) -> str:
    """Return the 14 digits of a GTIN-8, -12, -13 or -14; spaces and hyphens in it are ignored.

    Raises:
        GtinError: the text has other characters, another length, or a wrong check digit.
    """
    digits = without_separators(text)
    if not is_digits(digits) or len(digits) not in LENGTHS:
        raise GtinError("A GTIN has 8, 12, 13 or 14 digits.")
    expected = gs1_standard_check_digit(digits[:-1])
    if int(digits[-1]) != expected:
        raise GtinError(f"The check digit of GTIN-{len(digits)} {digits} should be {expected}.")
    return digits.zfill(14)


def expanded_upc_e(digits: str) -> str:
    """Return the 14 digits of a UPC-E of 8 digits, or fewer with the ends cut off; empty if it is none."""
    if not is_digits(digits) or len(digits) not in UPC_E_LENGTHS:
        return ""
    try:
        return Upc.parse(digits).as_upc_a().zfill(14)
    except ParseError:
        return ""


def without_separators(text: str) -> str:
    """Return the text without spaces and hyphens."""
    return _SEPARATORS.sub("", text)


def is_digits(text: str) -> bool:
    """Tell whether the text is ASCII digits alone; other alphabets' digits are no GTIN."""
    return text.isascii() and text.isdecimal()
