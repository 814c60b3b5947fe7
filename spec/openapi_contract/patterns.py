"""Regular expressions of a contract, read as Python reads them, and by jsonschema-rs where Python cannot.

They only *should* be regular expressions of ECMA-262 (JSON Schema 2020-12, section 6.4), so a contract may
hold others: those are left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Callable


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern as Python compiles it, None where it cannot."""
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found in a text; ValueError if it is no regular expression."""
    return matcher(pattern)(text)


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a pattern is found in a text; ValueError if it is no regular expression."""
    expression = compiled(pattern)
    if expression is None:
        return ecma_matcher(pattern)
    search = expression.search
    return lambda text: search(text) is not None


def ecma_matcher(pattern: str) -> Callable[[str], bool]:
    """Return the same as jsonschema-rs reads it; ValueError if it is no regular expression."""
    is_valid: Callable[[str], bool] = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
    return is_valid
