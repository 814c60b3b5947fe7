"""Checks that the references of a document lead to what they should."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from . import pointers
from .anatomy import FIELDS, Place
from .defects import Action, Flaw

RULE = "$ref"
SUFFIX = re.compile(r"\.(json|ya?ml)$")
MAX_REFERENCES = 20
"""Reference Objects that lead from one to the next; whatever reads a document follows them all."""


def reference_flaws(places: Sequence[Place]) -> Iterator[Flaw]:
    """Yield the flaws of references to places in the document; schemas may recur, Reference Objects may not.

    Embedded resources and their anchors are JSON Schema's own affair, and left to the schema compiler.
    """
    root = places[0]
    anchors: set[str] | None = None
    objects = {each.pointer: each for each in places if not each.is_inner and each.kind != "schema"}
    for place in places:
        if place.reference is None:
            continue
        resource, fragment = place.target(place.reference)
        reason = ""
        if place.kind != "schema":
            reason = _of_reference_object(place, objects)
        elif resource == root.base:
            reason = _of_schema(root.node, fragment)
        if reason and place.kind == "schema":
            anchors = set(_anchors(places)) if anchors is None else anchors
            reason = "" if fragment in anchors else reason
        if reason:
            namesake = _namesake(place, root.node)
            fix = partial(_fix, place, root.node) if place.kind in BLANKS else None
            if namesake:
                reason, fix = f"{reason[:-1]}; expected {namesake}.", partial(_redirect, place.node, namesake)
            yield Flaw(place.pointer, f"$ref {place.reference} {reason}", RULE, place.reference, fix)


def _of_reference_object(place: Place, places: Mapping[str, Place]) -> str:
    """Follow a reference to the end, which must be of the same kind; return what is wrong, if anything."""
    seen = set[str]()
    end = place
    while end.reference is not None:
        pointer = pointers.from_fragment(end.reference.removeprefix("#"))
        if pointer in seen or len(seen) >= MAX_REFERENCES:
            return "is circular." if pointer in seen else f"leads on more than {MAX_REFERENCES} times."
        seen.add(pointer)
        target = places.get(pointer)
        if target is None or target.kind != place.kind:
            return f"leads to no {place.kind}: there is none at {pointer!r}."
        end = target
    return ""


def _anchors(places: Sequence[Place]) -> Iterator[str]:
    for place in places:
        if place.kind == "schema" and isinstance(place.node, dict):
            named = (place.node.get(keyword) for keyword in ("$anchor", "$dynamicAnchor"))
            yield from (each for each in named if isinstance(each, str))


def _of_schema(document: dict[str, Any], fragment: str) -> str:
    if fragment and not fragment.startswith("/"):
        return f"leads nowhere: there is no anchor {fragment!r}."
    try:
        target = pointers.lookup(document, pointers.from_fragment(fragment))
    except KeyError as missing:
        return f"leads nowhere: there is no {missing}."
    return "" if isinstance(target, dict | bool) and fragment else "does not lead to a schema."


SECTIONS = {shape.strip("{}"): section for section, shape in FIELDS["components"].items()}
"""Where the components of a kind are."""


def name_in(reference: str | None) -> str:
    """Return the name at the end of a reference, that of a file without its suffix."""
    return SUFFIX.sub("", str(reference).replace("\\", "/").rpartition("/")[2])


def _namesake(place: Place, document: Mapping[str, Any]) -> str:
    """Return the reference to the component of the kind and name that are meant, empty if there is none.

    Half-converted documents say ``#/definitions/Pet`` of a schema, as Swagger 2.0 does.
    """
    section, name = SECTIONS.get(place.kind, ""), name_in(place.reference)
    target = f"#/components/{section}/{name}"
    key, *below = pointers.split(pointers.from_fragment(f"/{name}"))
    is_there = not below and key in document.get("components", {}).get(section, {})
    return target if is_there and target != place.reference else ""


def _redirect(node: dict[str, Any], reference: str) -> Action:
    node["$ref"] = reference
    return "repaired"


BLANKS: dict[str, dict[str, Any]] = {"schema": {}, "response": {"description": ""}, "requestBody": {}}
"""What stands for objects whose references lead nowhere, where they cannot simply be left out."""


def _fix(place: Place, document: dict[str, Any]) -> Action:
    """Take the content of what a reference leads to, if it has one as the place would; else leave it out."""
    reference = place.node.pop("$ref")
    if place.kind == "schema":
        return "left out"
    place.node.clear()
    place.node.update(BLANKS[place.kind])
    try:
        target = pointers.lookup(document, pointers.from_fragment(reference.removeprefix("#")))
    except KeyError:
        target = None
    if isinstance(target, dict) and isinstance(target.get("content"), dict):
        shared = ("description", "content")
        place.node.update(deepcopy({name: target[name] for name in shared if name in target}))
        return "repaired"
    place.node.setdefault("content", {})
    return "left out"
