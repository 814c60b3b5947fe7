"""Validates the references of a document."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cached_property, partial
from typing import Any

from . import pointers
from .anatomy import FIELDS, REFERENCES, Location
from .defects import Action, Flaw
from .errors import ContractError

RULE, DYNAMIC = REFERENCES
META_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
"""A resource that is nowhere in a document, and known to all validators."""
SUFFIX = re.compile(r"\.(json|ya?ml)$")
MAX_REFERENCES = 20
"""Reference Objects that lead from one to the next; whatever reads a document follows them all."""


def reference_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    """Yield the flaws of references within the document; schemas may recur, Reference Objects may not.

    Embedded resources and their anchors are JSON Schema's own affair, and left to the schema compiler.
    """
    targets = _Targets(locations)
    for location in locations:
        for keyword, reference in _references(location):
            if reason := targets.defect(location, keyword, reference):
                yield _flaw(location, keyword, reference, targets.document, reason)


class _Targets:
    """What references of a document may lead to."""

    def __init__(self, locations: Sequence[Location]) -> None:
        self.document = locations[0].node
        self._locations = locations
        self._base = locations[0].base
        self._resources = {META_SCHEMA, *(location.base for location in locations)}
        outer = (location for location in locations if not location.is_inner and location.kind != "schema")
        self._objects = {location.pointer: location for location in outer}

    def defect(self, location: Location, keyword: str, reference: str) -> str:
        """Return why a reference leads nowhere, empty if it does not."""
        if location.kind != "schema":
            return _of_reference_object(location, self._objects)
        resource, fragment = _target(location, reference)
        if resource == self._base:
            reason = _of_schema(self.document, fragment)
            return "" if reason and fragment in self._anchors else reason
        is_unknown = resource not in self._resources and keyword == DYNAMIC
        return "leads to nothing in the document." if is_unknown else ""

    @cached_property
    def _anchors(self) -> set[str]:
        """The anchors of all schemas: looked for once a reference needs one."""
        return set(_anchors(self._locations))


def _references(location: Location) -> Iterator[tuple[str, str]]:
    """Yield each keyword of an object that refers, and its reference."""
    if location.reference is not None:
        yield RULE, location.reference
    if location.kind == "schema" and isinstance(location.node, dict):
        dynamic = location.node.get(DYNAMIC)
        if isinstance(dynamic, str):
            yield DYNAMIC, dynamic


def _target(location: Location, reference: str) -> tuple[str, str]:
    try:
        return location.target(reference)
    except ContractError:  # it is no URI
        return "", ""


def _flaw(location: Location, keyword: str, reference: str, document: dict[str, Any], reason: str) -> Flaw:
    """Return the flaw of a reference; its fix redirects to a namesake, or else puts a blank in its place."""
    namesake = _namesake(location.kind, reference, document)
    fix = partial(_fix, location, keyword, document) if location.kind in BLANKS else None
    if namesake:
        reason = f"{reason[:-1]}; expected {namesake}."
        fix = partial(_redirect, location.node, keyword, namesake)
    return Flaw(location.pointer, f"{keyword} {reference} {reason}", RULE, reference, fix)


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


def _namesake(kind: str, reference: str, document: Mapping[str, Any]) -> str:
    """Return a reference to the component of the same kind and name, empty if there is none.

    Half-converted documents say ``#/definitions/Pet`` of a schema, as Swagger 2.0 does.
    """
    section, name = SECTIONS.get(kind, ""), name_in(reference)
    target = f"#/components/{section}/{name}"
    key, *below = pointers.split(pointers.from_fragment(f"/{name}"))
    is_there = not below and key in document.get("components", {}).get(section, {})
    return target if is_there and target != reference else ""


def _redirect(node: dict[str, Any], keyword: str, reference: str) -> Action:
    node[keyword] = reference
    return "repaired"


BLANKS: dict[str, dict[str, Any]] = {"schema": {}, "response": {"description": ""}, "requestBody": {}}
"""Replacements of objects whose references lead nowhere and that cannot be left out."""


def _fix(location: Location, keyword: str, document: dict[str, Any]) -> Action:
    """Replace a reference by the content of its target, if that has one; else leave it out."""
    reference = location.node.pop(keyword)
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
