"""Finds what is valid and keeps a schema from being used: invalid patterns, repeated alternatives."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from . import pointers
from .anatomy import map_subschemas, walk
from .defects import Flaw
from .patterns import ecma_matcher

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .anatomy import Place

ANNOTATIONS = frozenset({"title", "description", "example", "examples", "deprecated", "externalDocs", "xml"})


def unusable_flaws(root: Place) -> Iterator[Flaw]:
    """Yield patterns that are no regular expressions, and repeated alternatives; a document may have them.

    To a ``oneOf`` that lists the same schema twice no value conforms: whatever does to one does to both.
    """
    for place in walk(root):
        if place.kind == "schema" and isinstance(place.node, dict):
            for reason, pointer in (*_invalid(place), *_repeated(place, root.node)):
                yield Flaw(pointer, reason)


def _invalid(place: Place) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with patterns that are no regular expressions, and their pointers."""
    pattern = place.node.get("pattern")
    if isinstance(pattern, str) and not _is_valid(pattern):
        yield "is not a regular expression.", pointers.join(place.pointer, "pattern")
    for each in place.node.get("patternProperties", ()):
        if not _is_valid(each):
            yield "is not a regular expression.", pointers.join(place.pointer, "patternProperties", each)


def _is_valid(pattern: str) -> bool:
    try:
        ecma_matcher(pattern)
    except ValueError:
        return False
    return True


def _repeated(place: Place, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the same for alternatives of a ``oneOf`` that mean what one before them means."""
    branches = place.node.get("oneOf")
    if isinstance(branches, list) and len(branches) > 1:
        seen = set[str]()
        for index, branch in enumerate(branches):
            meaning = json.dumps(_meaning(_target(document, branch)), sort_keys=True, default=str)
            if meaning in seen:
                yield "is the same as another alternative.", pointers.join(place.pointer, "oneOf", index)
            seen.add(meaning)


def _target(document: Mapping[str, Any], schema: Any) -> Any:
    """Return what a bare reference into the document means, and any other schema as it is."""
    reference = schema.get("$ref") if isinstance(schema, dict) and len(schema) == 1 else None
    if isinstance(reference, str) and reference.startswith("#/"):
        with suppress(KeyError):
            return pointers.lookup(document, pointers.from_fragment(reference[1:]))
    return schema


def _meaning(schema: Any) -> Any:
    """Return a schema without its annotations."""
    if not isinstance(schema, dict):
        return schema
    kept = {name: each for name, each in schema.items() if name not in ANNOTATIONS}
    return map_subschemas(kept, lambda _, each: _meaning(each))
