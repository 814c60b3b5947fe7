"""Checks that the references of a document lead to what they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import pointers
from .anatomy import Place, document_place, walk

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_references(document: dict[str, Any], source: str) -> None:
    """Check every reference to a place in the document; schemas may recur, Reference Objects may not.

    Embedded resources and anchors are JSON Schema's own affair, and left to the schema compiler.

    Raises:
        ContractError: a reference leads nowhere, to something else, or in a circle; points at it.
    """
    root = document_place(document, source)
    places = {place.pointer: place for place in walk(root, schemas=False)}
    for place in walk(root):
        if place.reference is None:
            continue
        resource, fragment = place.target(place.reference)
        if place.kind != "schema":
            _check_reference_object(place, places)
        elif resource == root.base and (not fragment or fragment.startswith("/")):
            _check_schema(place, document, fragment)


def _check_reference_object(place: Place, places: Mapping[str, Place]) -> None:
    """Follow a reference to the end, which must be of the same kind."""
    seen = set()
    end = place
    while end.reference is not None:
        pointer = pointers.from_fragment(end.reference.removeprefix("#"))
        if pointer in seen:
            raise place.error(f"$ref {place.reference} leads in a circle.")
        seen.add(pointer)
        if pointer not in places or places[pointer].kind != place.kind:
            raise place.error(
                f"$ref {place.reference} leads to no {place.kind}: there is none at {pointer!r}."
            )
        end = places[pointer]


def _check_schema(place: Place, document: dict[str, Any], fragment: str) -> None:
    try:
        target = pointers.lookup(document, pointers.from_fragment(fragment))
    except KeyError as missing:
        raise place.error(f"$ref {place.reference} points at nothing: there is no {missing}.") from None
    if not isinstance(target, dict | bool):
        raise place.error(f"$ref {place.reference} does not lead to a schema.")
