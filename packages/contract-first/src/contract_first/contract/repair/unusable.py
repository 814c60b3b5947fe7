"""Finds schemas that are valid but unusable, such as those with repeated alternatives."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from jsonschema_rs import Draft202012Validator

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import ALTERNATIVES, Location, is_of_30, map_subschemas
from contract_first.contract.document.defects import Action, Flaw
from contract_first.contract.document.patterns import ecma_matcher, is_small

from .enumerated import enum_flaws

ANNOTATIONS = frozenset({"title", "description", "example", "examples", "deprecated", "externalDocs", "xml"})
MOST_STEPS = 100_000
"""Schemas, and members that these require, that one value is validated by."""
MOST_ON_THE_WAY = 20 * MOST_STEPS
"""Schemas that lead to these: a violation names all on the way to it."""
LISTS = ("allOf", *ALTERNATIVES)
SINGLE = ("not", "if", "then", "else")
COMPOSING = frozenset((*LISTS, "not", "if"))
NULL_30 = {"type": "string", "nullable": True, "enum": [None]}
URI_REFERENCE = Draft202012Validator({"format": "uri-reference"}, validate_formats=True)
PATH_NAME = re.compile(r"\{[^{}]*\}")
OF_INTEREST = COMPOSING | {"pattern", "patternProperties", "enum", "$id", "additionalProperties", "nullable"}
"""Keywords without which a schema has none of these flaws."""
UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})
"""Keywords that evaluate the keywords beside them again."""
MOST_PATTERNS = 2_000
"""Different ones of a document, of which 152 are the most that is known."""
MOST_LARGE = 32
"""Of these, those that take up to 12 MB and 50 ms to compile; 13 are the most that is known."""
MOST_FAILURES = 50
"""Patterns that are invalid or too large, which may take as long to find out."""
MOST_PARTS = 1_000
"""Schemas of an ``allOf`` that are compared with each other."""
MOST_COMPARED = 100_000
"""Of all of them."""


def unusable_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    """Yield parts of a document that are valid and that no validator can use.

    These are patterns that are no regular expressions, schemas that lead to so many others that no value is
    ever validated, and what no value conforms to: a ``oneOf`` that lists the same schema twice, since what
    conforms to one does to both, an ``allOf`` in which one schema forbids what another requires, and an
    ``enum`` of values of another type. And ``nullable`` says nothing in JSON Schema 2020-12.
    """
    composed: list[Location] = []
    nullable: list[Location] = []
    patterns, meanings = _Patterns(), _Meanings()
    document = locations[0].node
    is_30 = is_of_30(document)
    for location in locations:
        if (
            location.kind == "schema"
            and isinstance(location.node, dict)
            and not OF_INTEREST.isdisjoint(location.node)
        ):
            yield from patterns.flaws(location)
            yield from _repeated(location, document, meanings)
            yield from enum_flaws(location)
            yield from _uncompiled(location)
            yield from _discriminator(location, document)
            if not COMPOSING.isdisjoint(location.node) or location.node.get("additionalProperties") is False:
                composed.append(location)
            if not is_30 and location.node.get("nullable") is True:
                nullable.append(location)
    yield from _endless(document)
    yield from _repeated_paths(document)
    yield from _nullable(nullable, "is of OpenAPI 3.0", {"type": "null"})
    pointers_of = {id(location.node): location.pointer for location in composed}
    nodes = [location.node for location in composed]
    yield from _multiplied(nodes, pointers_of, document)
    yield from _closed(nodes, pointers_of, document)


def _endless(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield each component whose reference leads back to itself, so that it says nothing of a value."""
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        seen, target = set[int](), schema
        while isinstance(target, dict) and "$ref" in target and id(target) not in seen:
            seen.add(id(target))
            target = _referenced(document, target["$ref"])
        if target is schema and seen:
            yield Flaw(pointers.join("/components/schemas", name, "$ref"), "leads back to itself.")


def _repeated_paths(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield each path that differs from an earlier one in the names of parameters alone."""
    first: dict[str, str] = {}
    for path in document.get("paths", {}):
        if (other := first.setdefault(PATH_NAME.sub("{}", path), path)) != path:
            yield Flaw(pointers.join("/paths", path), f"is the same path as {other}.", fix=lambda: "accepted")


def _uncompiled(location: Location) -> Iterator[Flaw]:
    """Yield the defects that OpenAPI's schema allows, and JSON Schema's does not."""
    if not URI_REFERENCE.is_valid(location.node.get("$id")):
        yield Flaw(pointers.join(location.pointer, "$id"), "is not a URI reference.")
    for name in LISTS:
        if location.node.get(name) == []:
            yield Flaw(pointers.join(location.pointer, name), "is empty; expected a schema.")


def _discriminator(location: Location, document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield a discriminator by which an alternative has another value than those that it lists itself.

    Then none conforms to both. Without it, the values that they list tell alternatives apart.
    """
    discriminator = location.node.get("discriminator")
    name = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
    if not isinstance(name, str) or not isinstance(discriminator.get("mapping", {}), dict):
        return
    branches = [branch for keyword in ALTERNATIVES for branch in location.node.get(keyword, ())]
    for reference in (branch.get("$ref") for branch in branches if isinstance(branch, dict)):
        component = str(reference).rpartition("/")[2]
        mapping = discriminator.get("mapping", {}).items()
        meant = {component, *(value for value, target in mapping if target in {reference, component})}
        listed = _listed(_referenced(document, reference), name, document)
        if listed and meant.isdisjoint(listed):
            reason = f"has none of the values of {name!r} for {component}; they tell alternatives apart."
            yield Flaw(pointers.join(location.pointer, "discriminator"), reason)
            return


def _listed(schema: Any, name: str, document: Mapping[str, Any]) -> list[str]:
    """Return the texts that a schema lists for a property."""
    parts = _parts(schema, document, MOST_PARTS) if isinstance(schema, dict) else []
    named = (part["properties"][name] for part in parts if name in part.get("properties", {}))
    inner = [part for node in named if isinstance(node, dict) for part in _parts(node, document, MOST_PARTS)]
    values = (value for part in inner for value in (*part.get("enum", ()), part.get("const")))
    return [value for value in values if isinstance(value, str)]


def typeless_flaws(locations: Sequence[Location]) -> Iterator[Flaw]:
    """Yield each ``nullable`` of 3.0 without a type, which has no effect (3.0.3, section 4.7.24).

    Many authors mean it. What it becomes is validated once, since this comes first.
    """
    if is_of_30(locations[0].node):
        schemas = (place for place in locations if place.kind == "schema" and isinstance(place.node, dict))
        nullable = (schema for schema in schemas if schema.node.get("nullable") is True)
        composed = (schema for schema in nullable if not schema.node.keys().isdisjoint(LISTS))
        typeless = [schema for schema in composed if schema.node.keys().isdisjoint(("type", "$ref"))]
        yield from _nullable(typeless, "has no type beside it", NULL_30)


def _nullable(locations: Sequence[Location], state: str, null: dict[str, Any]) -> Iterator[Flaw]:
    """Yield one flaw for the ``nullable`` of all these schemas."""
    if locations:
        reason = f"{state} ({len(locations)} in all); read as the type null."
        fix = partial(_allow_null, [location.node for location in locations], null)
        yield Flaw(pointers.join(locations[0].pointer, "nullable"), reason, fix=fix)


def _allow_null(nodes: Sequence[dict[str, Any]], null: dict[str, Any]) -> Action:
    """Allow null as the document's version spells it."""
    for node in nodes:
        del node["nullable"]
        if "type" in node:
            types = [node["type"]] if isinstance(node["type"], str) else node["type"]
            node["type"] = [*types, *(() if "null" in types else ("null",))]
        elif composed := {name: node[name] for name in ("$ref", *LISTS) if name in node}:
            if not composed.keys().isdisjoint(ALTERNATIVES) and "discriminator" in node:
                composed["discriminator"] = node["discriminator"]  # null has none of its members
            for name in composed:
                del node[name]
            node["anyOf"] = [composed, dict(null)]
    return "repaired"


def _multiplied(
    nodes: Sequence[dict[str, Any]], pointers_of: Mapping[int, str], document: Mapping[str, Any]
) -> Iterator[Flaw]:
    """Yield keywords that reach too many schemas, each counted as often as it is reached."""
    steps: dict[int, int] = {}
    ways: dict[int, int] = {}
    opened: dict[int, dict[str, list[dict[str, Any]]]] = {}
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        if id(node) not in steps:
            steps[id(node)] = 1  # of one that leads to itself
            opened[id(node)] = beside = _beside(node, document)
            below = (schema for listed in beside.values() for schema in listed)
            pending += [node, *(schema for schema in below if id(schema) not in steps)]
            continue
        if id(node) not in opened:
            continue
        beside, times = opened.pop(id(node)), 1 if UNEVALUATED.isdisjoint(node) else 2
        counts = _sums(beside, ways)
        required = node["required"] if isinstance(node.get("required"), list) else ()
        steps[id(node)] = 1 + len(required) + times * sum(_sums(beside, steps).values())
        ways[id(node)] = steps[id(node)] + times * sum(counts.values())
        too_many = steps[id(node)] > MOST_STEPS or ways[id(node)] > MOST_ON_THE_WAY
        if too_many and id(node) in pointers_of:
            steps[id(node)] = ways[id(node)] = 1
            most = max(counts, key=lambda name: counts[name])
            reason = f"leads to more than {MOST_STEPS} schemas for one value, or through too many on the way."
            yield Flaw(pointers.join(pointers_of[id(node)], most), reason)


def _sums(beside: Mapping[str, list[dict[str, Any]]], numbers: Mapping[int, int]) -> dict[str, int]:
    """Return the sum of the schemas' numbers, by keyword; a schema without one counts 1."""
    return {name: sum(numbers.get(id(schema), 1) for schema in listed) for name, listed in beside.items()}


def _beside(node: dict[str, Any], document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the schemas that apply to the same value as a schema, by keyword."""
    schemas = {name: node[name] for name in LISTS if isinstance(node.get(name), list)}
    schemas |= {name: [node[name]] for name in SINGLE if name in node}
    beside = {name: [_target(document, schema) for schema in listed] for name, listed in schemas.items()}
    if "$ref" in node:
        beside["$ref"] = [_referenced(document, node["$ref"])]
    return {
        name: [schema for schema in listed if isinstance(schema, dict)] for name, listed in beside.items()
    }


class _Patterns:
    """The patterns of a document, each compiled once."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._large, self._failures = MOST_LARGE, MOST_FAILURES

    def flaws(self, location: Location) -> Iterator[Flaw]:
        """Yield the flaws of the patterns of a schema."""
        names = location.node.get("patternProperties", ())
        patterns: dict[tuple[str, ...], str] = {("patternProperties", name): name for name in names}
        if isinstance(location.node.get("pattern"), str):
            patterns["pattern",] = location.node["pattern"]
        for keys, pattern in patterns.items():
            if pattern not in self._reasons:
                self._reasons[pattern] = self._reason(pattern)
            if self._reasons[pattern]:
                yield Flaw(pointers.join(location.pointer, *keys), self._reasons[pattern])

    def _reason(self, pattern: str) -> str:
        """Return the defect of a pattern in a sentence; empty if it has none."""
        if len(self._reasons) >= MOST_PATTERNS:  # those too that are none: to find out takes as long
            return f"is one of more than {MOST_PATTERNS} patterns."
        if is_small(pattern):
            return ""
        if not self._large or not self._failures:
            most = MOST_LARGE if not self._large else MOST_FAILURES
            return f"is one of more than {most} patterns that are large or no regular expressions."
        if _is_valid(pattern):
            self._large -= 1
            return ""
        self._failures -= 1
        return "is not a regular expression."


def _is_valid(pattern: str) -> bool:
    try:
        ecma_matcher(pattern)
    except ValueError:
        return False
    return True


def _repeated(location: Location, document: Mapping[str, Any], meanings: "_Meanings") -> Iterator[Flaw]:
    """Yield alternatives of a ``oneOf`` that are equivalent to an earlier one.

    Those that allow anything stay: who writes two of them means that nothing conforms.
    """
    branches = location.node.get("oneOf")
    if isinstance(branches, list) and len(branches) > 1:
        seen = set[Any]()
        for index, branch in enumerate(branches):
            schema = _target(document, branch)
            meaning, pointer = meanings.of(schema), pointers.join(location.pointer, "oneOf", index)
            if meaning in seen and schema is True:
                reason = "allows anything, as another alternative does: no value conforms to one alone."
                yield Flaw(pointer, reason, fix=lambda: "accepted")
            elif meaning in seen:
                yield Flaw(pointer, "is the same as another alternative.")
            seen.add(meaning)


def _target(document: Mapping[str, Any], schema: Any) -> Any:
    """Return the target of a bare reference into the document, and any other schema unchanged."""
    reference = schema.get("$ref") if isinstance(schema, dict) and len(schema) == 1 else None
    target = _referenced(document, reference)
    return schema if target is None else target


def _referenced(document: Mapping[str, Any], reference: Any) -> Any:
    """Return the target of a reference into the document; None for any other."""
    if isinstance(reference, str) and reference.startswith("#/"):
        with suppress(KeyError):
            return pointers.lookup(document, pointers.from_fragment(reference[1:]))
    return None


class _Meanings:
    """The meanings of a document's schemas, each worked out once."""

    def __init__(self) -> None:
        self._meanings: dict[int, str] = {}
        self._names: dict[str, str] = {}

    def of(self, schema: Any) -> Any:
        """Return a meaning, the same for schemas that differ in annotations only."""
        if not isinstance(schema, dict):
            return schema
        if id(schema) not in self._meanings:
            keywords = {name: value for name, value in schema.items() if name not in ANNOTATIONS}
            named = map_subschemas(keywords, lambda _, schema: self.of(schema))
            text = json.dumps(named, sort_keys=True, default=str)
            self._meanings[id(schema)] = self._names.setdefault(text, f"#{len(self._names)}")
        return self._meanings[id(schema)]


def _closed(
    nodes: Sequence[dict[str, Any]], pointers_of: Mapping[int, str], document: Mapping[str, Any]
) -> Iterator[Flaw]:
    """Yield ``additionalProperties: false`` where it forbids what another schema of an ``allOf`` requires."""
    closed = {
        id(node)
        for node in nodes
        if node.get("additionalProperties") is False and "patternProperties" not in node
    }
    left = MOST_COMPARED
    for node in nodes:
        parts = _parts(node, document, min(left, MOST_PARTS)) if closed and "allOf" in node else []
        left -= len(parts)
        required = dict.fromkeys(name for part in parts for name in part.get("required", ()))
        for part in parts:
            if id(part) not in closed:
                continue
            forbidden = next((name for name in required if name not in part.get("properties", {})), None)
            if forbidden is not None:
                closed.remove(id(part))
                reason = f"forbids {forbidden!r}, which an allOf requires: no value conforms to both."
                yield Flaw(pointers.join(pointers_of[id(part)], "additionalProperties"), reason)


def _parts(node: dict[str, Any], document: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
    """Return a schema and those that its ``$ref`` and ``allOf`` lead to."""
    parts: dict[int, dict[str, Any]] = {}
    pending = [node]
    while pending and len(parts) < most:
        part = pending.pop()
        if id(part) not in parts:
            parts[id(part)] = part
            targets = [_target(document, schema) for schema in part.get("allOf", ())]
            reference = _referenced(document, part.get("$ref"))
            pending += [schema for schema in (reference, *targets) if isinstance(schema, dict)]
    return list(parts.values())
