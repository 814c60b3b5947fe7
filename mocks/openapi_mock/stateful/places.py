"""Where objects are: in a value, or in what a schema describes, in members, in arrays, in alternatives."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, TypeAlias

from openapi_contract.schemas import ANYTHING, Schema
from openapi_mock.responses.subjects import plain

Way: TypeAlias = tuple[str | int, ...]
"""What leads to an object: names of members, and `EACH`."""
Place: TypeAlias = tuple[Way, Schema]
EACH: Final = 0
"""Any element of an array; of a value, the first."""
ENVELOPES: Final = (
    *("data", "items", "result", "results", "records", "entries", "values", "content", "objects", "list"),
)
"""Members, in plain spelling, that an item or a list may be in."""
DEEPEST: Final = 2
"""Members in which an object may be."""
READ_ONLY = re.compile(r"(?i)\A\W*(output|read)[- ]only\b|[.(\[]\s*read[- ]only[.)\]]*\s*\Z")
"""Descriptions of what no client sets, where the schema of what is sent and shown is one, as Google's are."""


def places(schema: Schema, way: Way = ()) -> Iterator[Place]:
    """Yield the objects that a schema describes, with the way to each: itself, its members, elements.

    Of alternatives, those of the schema itself count: a member's may be any other object of the API.
    """
    parts, members = (schema.parts, schema.properties) if way else (schema.branches, schema.members)
    nodes = [part["items"] for part in parts if "items" in part] or [ANYTHING]
    is_object = "object" in schema.types and ("array" not in schema.types or bool(members))
    if "array" in schema.types and (nodes[0] is not ANYTHING or "object" not in schema.types):
        elements = map(schema.of, nodes)
        yield from (((*way, EACH), each) for each in elements if "object" in each.types)
    if is_object:
        yield way, schema
        for name, inner in members.items() if len(way) < DEEPEST else ():
            yield from places(inner, (*way, name))


def lists(schema: Schema) -> list[Place]:
    """Return the ways to arrays of objects, each with the schema of its elements."""
    return [(way[:-1], element) for way, element in places(schema) if is_each(way)]


def item_places(schema: Schema, resource: str) -> list[Place]:
    """Return where an item of a resource may be: itself, or named like the resource or as an envelope is.

    In an array, if that is the value, or has the name of the resource, as ``{"Invoices": [{}]}`` has.
    """
    named = singulars(plain(resource))
    ranked = [(rank, each) for each in places(schema) if (rank := _rank(each[0], named)) is not None]
    return [each for _, each in sorted(ranked, key=lambda pair: (_names_in(pair[1][0]), pair[0]))]


def _rank(way: Way, named: Collection[str]) -> int | None:
    """Return how likely an item is there that has one of these names: 0 most; None if it is not."""
    name = plain(name_at(way))
    if is_each(way):
        return 1 if not name or name in named else None
    if not name or name in named:
        return 1 if way else 0
    is_like = any(name.startswith(each) or name.endswith(each) for each in named)
    return 2 if is_like else 3 if name in ENVELOPES else None


def singulars(resource: str) -> set[str]:
    """Return what an item of a resource may be called, in plain spelling."""
    ends = {"ies": "y", "ses": "s", "xes": "x", "s": ""}
    return {resource} | {
        resource.removesuffix(end) + singular for end, singular in ends.items() if resource.endswith(end)
    }


def settable(schema: Schema) -> Iterator[str]:
    """Yield the names of the members that a request can set."""
    for name, member in schema.members.items():
        descriptions = (str(part.get("description", "")) for part in member.parts)
        if not (member.is_marked("readOnly") or any(map(READ_ONLY.search, descriptions))):
            yield name


def keys_in(body: Any) -> set[str]:
    """Return what is in the arrays of a body, as texts: keys of items, where they are to be deleted."""
    held = body.values() if isinstance(body, dict) else [body]
    keys = (key for each in held if isinstance(each, list) for key in each)
    return {str(key) for key in keys if isinstance(key, str | int)}


def is_each(way: Way) -> bool:
    """Tell whether a way leads to the elements of an array."""
    return way[-1:] == (EACH,)


def name_at(way: Way) -> str:
    """Return the name of the last member on a way; empty without any."""
    return next((each for each in reversed(way) if isinstance(each, str)), "")


def _names_in(way: Way) -> int:
    return sum(isinstance(each, str) for each in way)


def within(value: Any, way: Way) -> Any:
    """Return what is at a way into a value; None if nothing is."""
    for step in way:
        held = isinstance(value, list) and bool(value) if step == EACH else isinstance(value, dict)
        value = value[step] if held and (step == EACH or step in value) else None
    return value


def placed(base: Any, way: Sequence[str | int], value: Any) -> Any:
    """Return a value with another at a way into it: that itself where there is no way."""
    if not way:
        return value
    step, *rest = way
    inner = placed(within(base, (step,)), rest, value)
    return [inner] if step == EACH else {**(base if isinstance(base, dict) else {}), step: inner}
