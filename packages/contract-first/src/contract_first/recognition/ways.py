"""The way to an object in a value or a schema, through members and arrays."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from contract_first.contract.schemas.schema import ANYTHING, Schema
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.words import plain, singulars

Way: TypeAlias = tuple[str | int, ...]
"""The way to an object: names of members, and `EACH`."""
EACH: Final = 0
"""Any element of an array; of a value, the first."""
DEEPEST: Final = 2
"""Members in which an object may be."""
READ_ONLY = re.compile(r"(?i)\A\W*(output|read)[- ]only\b|[.(\[]\s*read[- ]only[.)\]]*\s*\Z")
"""Descriptions of what no client sets, where requests and responses have the same schema, as Google's do."""


class Nested(NamedTuple):
    """An object that a schema describes: its own schema, and the way to it."""

    way: Way
    schema: Schema


def objects(schema: Schema, way: Way = ()) -> Iterator[Nested]:
    """Yield the objects that a schema describes: itself, its members, elements.

    Alternatives count of the schema itself alone: a member's may be any other object of the API.
    """
    parts, members = (schema.parts, schema.properties) if way else (schema.branches, schema.members)
    nodes = [part["items"] for part in parts if "items" in part] or [ANYTHING]
    is_object = "object" in schema.types and ("array" not in schema.types or bool(members))
    if "array" in schema.types and (nodes[0] is not ANYTHING or "object" not in schema.types):
        elements = map(schema.of, nodes)
        yield from (Nested((*way, EACH), element) for element in elements if "object" in element.types)
    if is_object:
        yield Nested(way, schema)
        for name, inner in members.items() if len(way) < DEEPEST else ():
            yield from objects(inner, (*way, name))


def lists(schema: Schema) -> list[Nested]:
    """Return the ways to arrays of objects, each with the schema of its elements."""
    return [Nested(way[:-1], element) for way, element in objects(schema) if is_each(way)]


def items(schema: Schema, resource: str) -> list[Nested]:
    """Return possible items of a resource: the value itself, or a member named like it or an envelope.

    In an array, if that is the value, or has the name of the resource, as ``{"Invoices": [{}]}`` has.
    """
    names = singulars(plain(resource))
    ranked = [(rank, nested) for nested in objects(schema) if (rank := _rank(nested.way, names)) is not None]
    return [nested for _, nested in sorted(ranked, key=lambda pair: (_names_in(pair[1].way), pair[0]))]


def _rank(way: Way, names: Collection[str]) -> int | None:
    """Return how likely an item is there that has one of these names: 0 most; None if it is not."""
    name = plain(name_at(way))
    if is_each(way):
        return 1 if not name or name in names else None
    if not name or name in names:
        return 1 if way else 0
    is_like = any(name.startswith(item) or name.endswith(item) for item in names)
    return 2 if is_like else 3 if name in Meaning.ENVELOPE else None


def settable(schema: Schema) -> Iterator[str]:
    """Yield the names of the members that a request can set."""
    for name, member in schema.members.items():
        descriptions = (str(part.get("description", "")) for part in member.parts)
        if not (member.is_marked("readOnly") or any(map(READ_ONLY.search, descriptions))):
            yield name


def keys_in(body: Any) -> set[str]:
    """Return the keys of items that a body lists in arrays, as texts."""
    values = body.values() if isinstance(body, dict) else [body]
    keys = (key for value in values if isinstance(value, list) for key in value)
    return {str(key) for key in keys if isinstance(key, str | int)}


def has_keys(body: Schema) -> bool:
    """Tell whether a body may list the keys of items in an array, as `keys_in` has them."""
    arrays = (member.items for member in body.members.values() if "array" in member.types)
    return any(not (items.types & {"object", "array"}) for items in arrays)


def are_patches(nested: Nested) -> bool:
    """Tell whether an array's elements are operations of JSON Patch, such as AWS's ``patchOperations``."""
    return is_each(nested.way) and nested.schema.members.keys() >= {"op", "path"}


def is_each(way: Way) -> bool:
    """Tell whether a way leads to the elements of an array."""
    return way[-1:] == (EACH,)


def name_at(way: Way) -> str:
    """Return the name of the last member on a way; empty without any."""
    return next((step for step in reversed(way) if isinstance(step, str)), "")


def _names_in(way: Way) -> int:
    return sum(isinstance(step, str) for step in way)


def within(value: Any, way: Way) -> Any:
    """Return the part of a value that a way leads to; None if there is none."""
    for step in way:
        if step == EACH:
            value = value[0] if isinstance(value, list) and value else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def placed(base: Any, way: Sequence[str | int], value: Any) -> Any:
    """Return a value with another one where a way leads to; the other one itself for the empty way."""
    if not way:
        return value
    step, *rest = way
    inner = placed(within(base, (step,)), rest, value)
    return [inner] if step == EACH else {**(base if isinstance(base, dict) else {}), step: inner}
