"""Regular expressions of a contract, read as Python reads them, and by jsonschema-rs where Python cannot.

Nor can Python where it may backtrack without end: ``(a+)+`` takes it years for forty letters and a digit.

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

REPETITION = re.compile(r"[*+}|]")
REPEATED_GROUP = re.compile(r"\)[*+{]")


@lru_cache(maxsize=4096)
def may_backtrack(pattern: str) -> bool:
    """Tell whether a pattern repeats a group behind another repetition or choice, which may be in it."""
    inner = REPETITION.search(pattern)
    return inner is not None and REPEATED_GROUP.search(pattern, inner.end()) is not None


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
    if expression is None or may_backtrack(pattern):
        return ecma_matcher(pattern)
    search = expression.search
    return lambda text: search(text) is not None


def ecma_matcher(pattern: str) -> Callable[[str], bool]:
    """Return the same as jsonschema-rs reads it; ValueError if it is no regular expression."""
    is_valid: Callable[[str], bool] = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
    return is_valid
