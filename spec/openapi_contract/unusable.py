"""Leave out of a contract what keeps a schema from being used: invalid patterns, repeated alternatives."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import pointers
from .anatomy import document_place, map_subschemas, walk
from .patterns import ecma_matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .anatomy import Place
    from .contract import Contract

MOST_REPORTED = 3
ANNOTATIONS = frozenset({"title", "description", "example", "examples", "deprecated", "externalDocs", "xml"})


def without_unusable(contract: Contract, report: Callable[[str], None]) -> Contract:
    """Return a contract without patterns that are no regular expressions, and without repeated alternatives.

    To a ``oneOf`` that lists the same schema twice no value conforms: whatever does to one does to both.

    Args:
        contract: any.
        report: called with a sentence that says where they were, if there were any.
    """
    places = walk(document_place(contract.document, contract.source))
    schemas = (each for each in places if each.kind == "schema" and isinstance(each.node, dict))
    found = [each for place in schemas for each in (*_invalid(place), *_repeated(place, contract))]
    if not found:
        return contract
    document = deepcopy(contract.document)
    for _, pointer in reversed(found):  # what is below another goes first, and what stands behind it
        *parents, last = pointers.split(pointer)
        parent = pointers.descend(document, parents)
        del parent[int(last) if isinstance(parent, list) else last]
    for what in dict.fromkeys(what for what, _ in found):
        where = [pointer for each, pointer in found if each == what]
        more = f" and {len(where) - MOST_REPORTED} more" if len(where) > MOST_REPORTED else ""
        report(f"{what}, and left out: {', '.join(where[:MOST_REPORTED])}{more}.")
    return replace(contract, document=document)


def _invalid(place: Place) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with patterns that are no regular expressions, and their pointers."""
    pattern = place.node.get("pattern")
    if isinstance(pattern, str) and not _is_valid(pattern):
        yield "Not a regular expression", pointers.join(place.pointer, "pattern")
    for each in place.node.get("patternProperties", ()):
        if not _is_valid(each):
            yield "Not a regular expression", pointers.join(place.pointer, "patternProperties", each)


def _is_valid(pattern: str) -> bool:
    try:
        ecma_matcher(pattern)
    except ValueError:
        return False
    return True


def _repeated(place: Place, contract: Contract) -> Iterator[tuple[str, str]]:
    """Yield the same for alternatives of a ``oneOf`` that mean what one before them means."""
    branches = place.node.get("oneOf")
    if isinstance(branches, list) and len(branches) > 1:
        seen = set[str]()
        for index, branch in enumerate(branches):
            meaning = json.dumps(_meaning(_target(contract, branch)), sort_keys=True, default=str)
            if meaning in seen:
                yield "The same as another alternative", pointers.join(place.pointer, "oneOf", index)
            seen.add(meaning)


def _target(contract: Contract, schema: Any) -> Any:
    """Return what a bare reference into the document means, and any other schema as it is."""
    reference = schema.get("$ref") if isinstance(schema, dict) and len(schema) == 1 else None
    if isinstance(reference, str) and reference.startswith("#/"):
        with suppress(KeyError):
            return pointers.lookup(contract.document, pointers.from_fragment(reference[1:]))
    return schema


def _meaning(schema: Any) -> Any:
    """Return a schema without its annotations."""
    if not isinstance(schema, dict):
        return schema
    kept = {name: each for name, each in schema.items() if name not in ANNOTATIONS}
    return map_subschemas(kept, lambda _, each: _meaning(each))
