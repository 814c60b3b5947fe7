"""Leave out what stands as a pattern in a contract and is no regular expression."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from . import pointers
from .anatomy import document_place, walk
from .patterns import ecma_matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .contract import Contract

MOST_REPORTED = 3


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
        ecma_matcher(pattern)
    except ValueError:
        return False
    return True
