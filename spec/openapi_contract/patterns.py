"""Regular expressions of a contract, read as Python reads them, and by jsonschema-rs where Python cannot.

They only *should* be regular expressions of ECMA-262 (JSON Schema 2020-12, section 6.4), so a contract may
hold others: those are left out.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import jsonschema_rs

from . import pointers
from .anatomy import document_place, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .contract import Contract

MOST_REPORTED = 3


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
        return _ecma_matcher(pattern)
    search = expression.search
    return lambda text: search(text) is not None


def _ecma_matcher(pattern: str) -> Callable[[str], bool]:
    is_valid: Callable[[str], bool] = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
    return is_valid


def without_invalid_patterns(contract: Contract, report: Callable[[str], None]) -> Contract:
    """Return a contract without the patterns that are no regular expressions.

    Args:
        contract: any.
        report: called with a sentence that says where they were, if there were any.
    """
    found = list(_invalid(contract))
    if not found:
        return contract
    document = deepcopy(contract.document)
    for pointer in reversed(found):  # what is below another goes first
        *parents, last = pointers.split(pointer)
        del pointers.descend(document, parents)[last]
    more = f" and {len(found) - MOST_REPORTED} more" if len(found) > MOST_REPORTED else ""
    report(f"Not a regular expression, and left out: {', '.join(found[:MOST_REPORTED])}{more}.")
    return replace(contract, document=document)


def _invalid(contract: Contract) -> Iterator[str]:
    """Yield the pointers of patterns that are no regular expressions."""
    for place in walk(document_place(contract.document, contract.source)):
        if place.kind == "schema" and isinstance(place.node, dict):
            pattern = place.node.get("pattern")
            if isinstance(pattern, str) and not _is_valid(pattern):
                yield pointers.join(place.pointer, "pattern")
            for each in place.node.get("patternProperties", ()):
                if not _is_valid(each):
                    yield pointers.join(place.pointer, "patternProperties", each)


def _is_valid(pattern: str) -> bool:
    try:
        _ecma_matcher(pattern)
    except ValueError:
        return False
    return True
