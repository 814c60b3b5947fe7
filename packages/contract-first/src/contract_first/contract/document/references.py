"""Validates the references of a document."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from . import pointers
from .anatomy import FIELDS, Location
from .defects import Action, Flaw

RULE = "$ref"
SUFFIX = re.compile(r"\.(json|ya?ml)$")
MAX_REFERENCES = 20
"""Reference Objects that lead from one to the next; whatever reads a document follows them all."""


def reference_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    """Yield the flaws of references within the document; schemas may recur, Reference Objects may not.

    Embedded resources and their anchors are JSON Schema's own affair, and left to the schema compiler.
    """
    root = locations[0]
    anchors: set[str] | None = None
    outer = (location for location in locations if not location.is_inner and location.kind != "schema")
    objects = {location.pointer: location for location in outer}
    for location in locations:
        if location.reference is None:
            continue
        resource, fragment = location.target(location.reference)
        reason = ""
        if location.kind != "schema":
            reason = _of_reference_object(location, objects)
        elif resource == root.base:
            reason = _of_schema(root.node, fragment)
        if reason and location.kind == "schema":
            anchors = set(_anchors(locations)) if anchors is None else anchors
            reason = "" if fragment in anchors else reason
        if reason:
            yield _flaw(location, root.node, reason)


def _flaw(location: Location, document: dict[str, Any], reason: str) -> Flaw:
    """Return the flaw of a reference; its fix redirects to a namesake, or else puts a blank in its place."""
    namesake = _namesake(location, document)
    fix = partial(_fix, location, document) if location.kind in BLANKS else None
    if namesake:
        reason = f"{reason[:-1]}; expected {namesake}."
        fix = partial(_redirect, location.node, namesake)
    message = f"$ref {location.reference} {reason}"
    return Flaw(location.pointer, message, RULE, location.reference or "", fix)


def _of_reference_object(location: Location, locations: Mapping[str, Location]) -> str:
    """Follow a reference to its last target, which must be of the same kind; return the defect, if any."""
    seen = set[str]()
    end = location
    while end.reference is not None:
        pointer = pointers.from_fragment(end.reference.removeprefix("#"))
        if pointer in seen or len(seen) >= MAX_REFERENCES:
            return "is circular." if pointer in seen else f"leads on more than {MAX_REFERENCES} times."
        seen.add(pointer)
        target = locations.get(pointer)
        if target is None or target.kind != location.kind:
            return f"leads to no {location.kind}: there is none at {pointer!r}."
        end = target
    return ""


def _anchors(locations: Sequence[Location]) -> Iterator[str]:
    for location in locations:
        if location.kind == "schema" and isinstance(location.node, dict):
            named = (location.node.get(keyword) for keyword in ("$anchor", "$dynamicAnchor"))
            yield from (anchor for anchor in named if isinstance(anchor, str))


def _of_schema(document: dict[str, Any], fragment: str) -> str:
    if fragment and not fragment.startswith("/"):
        return f"leads nowhere: there is no anchor {fragment!r}."
    try:
        target = pointers.lookup(document, pointers.from_fragment(fragment))
    except KeyError as missing:
        return f"leads nowhere: there is no {missing}."
    return "" if isinstance(target, dict | bool) and fragment else "does not lead to a schema."


SECTIONS = {shape.strip("{}"): section for section, shape in FIELDS["components"].items()}
"""Sections of the components, by kind."""


def name_in(reference: str | None) -> str:
    """Return the last name in a reference; that of a file without its suffix."""
    return SUFFIX.sub("", str(reference).replace("\\", "/").rpartition("/")[2])


def _namesake(location: Location, document: Mapping[str, Any]) -> str:
    """Return a reference to the component of the same kind and name, empty if there is none.

    Half-converted documents say ``#/definitions/Pet`` of a schema, as Swagger 2.0 does.
    """
    section, name = SECTIONS.get(location.kind, ""), name_in(location.reference)
    target = f"#/components/{section}/{name}"
    key, *below = pointers.split(pointers.from_fragment(f"/{name}"))
    is_there = not below and key in document.get("components", {}).get(section, {})
    return target if is_there and target != location.reference else ""


def _redirect(node: dict[str, Any], reference: str) -> Action:
    node["$ref"] = reference
    return "repaired"


BLANKS: dict[str, dict[str, Any]] = {"schema": {}, "response": {"description": ""}, "requestBody": {}}
"""Replacements of objects whose references lead nowhere and that cannot be left out."""


def _fix(location: Location, document: dict[str, Any]) -> Action:
    """Replace a reference by the content of its target, if that has one; else leave it out."""
    reference = location.node.pop("$ref")
    if location.kind == "schema":
        return "left out"
    location.node.clear()
    location.node.update(BLANKS[location.kind])
    try:
        target = pointers.lookup(document, pointers.from_fragment(reference.removeprefix("#")))
    except KeyError:
        target = None
    if isinstance(target, dict) and isinstance(target.get("content"), dict):
        shared = ("description", "content")
        location.node.update(deepcopy({name: target[name] for name in shared if name in target}))
        return "repaired"
    location.node.setdefault("content", {})
    return "left out"
