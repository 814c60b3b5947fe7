"""A contract without the patterns that cannot be read: they only *should* be regular expressions."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from openapi_contract import Contract, pointers
from openapi_contract.anatomy import document_place, walk

from .patterns import is_readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_TOLD = 3


def readable(contract: Contract, tell: Callable[[str], None]) -> Contract:
    """Return a contract without the patterns that cannot be read; ``tell`` hears where they were."""
    found = list(_unreadable(contract))
    if not found:
        return contract
    document = deepcopy(contract.document)
    for pointer in reversed(found):  # what is below another goes first
        *parents, last = pointers.split(pointer)
        del pointers.descend(document, parents)[last]
    more = f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    tell(f"Not a regular expression, and left out: {', '.join(found[:MOST_TOLD])}{more}.")
    return Contract(document, contract.source)


def _unreadable(contract: Contract) -> Iterator[str]:
    for place in walk(document_place(contract.document, contract.source)):
        if place.kind == "schema" and isinstance(place.node, dict):
            pattern = place.node.get("pattern")
            if isinstance(pattern, str) and not is_readable(pattern):
                yield pointers.join(place.pointer, "pattern")
            for each in place.node.get("patternProperties", ()):
                if not is_readable(each):
                    yield pointers.join(place.pointer, "patternProperties", each)
