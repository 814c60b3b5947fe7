"""Regular expressions of a contract, read as Python reads them, and by jsonschema-rs where Python cannot.

Nor can Python where it may backtrack without end: ``(a+)+`` takes it years for forty letters and a digit.

They only *should* be regular expressions of ECMA-262 (JSON Schema 2020-12, section 6.4), so a contract may
hold others: those are left out.
"""

import math
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

import jsonschema_rs

REPETITION = re.compile(r"[*+}|]")
REPEATED_GROUP = re.compile(r"\)[*+{]")
MOST_STEPS = 1_000_000
SMALL = jsonschema_rs.FancyRegexOptions(size_limit=256 * 1024)
"""Limits the bytes of a compiled pattern."""


@lru_cache(maxsize=4096)
def longest_text(pattern: str) -> float:
    """Return the length of text up to which Python searches in bounded time; mostly infinite.

    A group that is repeated may be left in as many ways as it has branches, at each character, where another
    repetition or a choice is in it; whether it is in it is not looked at.
    """
    inner = REPETITION.search(pattern)
    if inner is None or REPEATED_GROUP.search(pattern, inner.end()) is None:
        return math.inf
    return math.log(MOST_STEPS, 2 + pattern.count("|"))


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
    """Return a function that searches a text for a pattern; ValueError if it is no regular expression."""
    expression = compiled(pattern)
    if expression is None:
        return ecma_matcher(pattern)
    search, longest = expression.search, longest_text(pattern)
    if longest < math.inf:
        with suppress(ValueError):
            of_long = ecma_matcher(pattern)
            return lambda text: search(text) is not None if len(text) <= longest else of_long(text)
    return lambda text: search(text) is not None


@lru_cache(maxsize=4096)
def is_small(pattern: str) -> bool:
    """Tell whether jsonschema-rs compiles a pattern, within a small size."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=SMALL)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def ecma_matcher(pattern: str) -> Callable[[str], bool]:
    """Return the same by jsonschema-rs; ValueError if it is no regular expression."""
    is_valid: Callable[[str], bool] = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
    return is_valid
