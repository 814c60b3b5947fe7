"""How large a document is for what reads it: its objects, each as often as references lead to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import pointers
from .anatomy import FIELDS, Place, walk
from .errors import ContractError
from .parsing import CONTAINERS
from .references import MAX_REFERENCES

MAX_OBJECTS = 320_000
"""Operations, parameters, responses, schemas and so on; 285,000 are the most that is known."""
CONVERTED = 2
"""Objects that one of Swagger 2.0 counts for, before and after conversion; 62,000 are the most known."""
MAX_MEMBERS = 10_000
"""Of one field of an object: parameters, properties, values of an enum, characters of a server's URL ...

Among known schemas, 1,406 are the most."""
LONG = 500
"""Characters of a pointer for which an object counts once more."""
REFERENCE = 2
"""Objects that a reference counts for at least: it is looked at, and followed."""
SECTIONS = {
    "openapi": FIELDS["openapi"].keys(),
    "swagger": FIELDS["swagger"].keys(),
    "components": FIELDS["components"].keys() - {"securitySchemes"},
}
"""Fields of objects that may have more."""
VALUES = frozenset({"example", "default", "const"})
"""Fields that may have more, as they hold any JSON."""


def check_extent(places: Sequence[Place]) -> None:
    """Refuse a document of too many objects, counted as if what references lead to stood in their places.

    Args:
        places: the objects of the document, itself the first.

    Raises:
        ContractError: it has more, or one of them has too many members; points at these.
    """
    dynamic = sum(1 for place in places if isinstance(place.node, dict) and "$dynamicRef" in place.node)
    resources = len({place.base for place in places}) if dynamic else 0  # each is asked for its anchor
    weight = CONVERTED if places[0].kind == "swagger" else 1
    if weight * _size(places, places[0], {}, 0) + dynamic * resources > MAX_OBJECTS:
        raise too_large(places[0])


def _size(places: Iterable[Place], root: Place, sizes: dict[str, int], depth: int) -> int:
    """Return how many objects places are; where references lead on and on, the rest is not counted.

    Schemas below others count where they stand, and not again where references lead to them.
    """
    size = 0
    for place in places:
        _check_members(place)
        reference = None if place.kind == "schema" else place.reference
        own = max(REFERENCE, _size_of_target(place, reference, root, sizes, depth)) if reference else 1
        size += own + len(place.pointer) // LONG + _size_of_servers(place)
        if size > MAX_OBJECTS:
            raise too_large(root)
    return size


def too_large(root: Place) -> ContractError:
    """Return the error of a document of too many objects."""
    return root.error(
        f"has more than {MAX_OBJECTS} operations, parameters, responses, schemas and so on, "
        "with what is shared counted as often as it is referred to, and each of Swagger 2.0 twice."
    )


def _check_members(place: Place) -> None:
    if place.kind == "example" or not isinstance(place.node, dict):
        return
    for name, value in place.node.items():
        if not isinstance(value, CONTAINERS) or len(value) <= MAX_MEMBERS:
            continue
        if name not in SECTIONS.get(place.kind, ()) and name not in VALUES and not name.startswith("x-"):
            pointer = pointers.join(place.pointer, name)
            raise ContractError(place.source, pointer, f"has more than {MAX_MEMBERS} members.")


def _size_of_servers(place: Place) -> int:
    """Return how many segments the URLs of servers have: requests are looked for below each."""
    if not isinstance(place.node, dict) or "servers" not in place.node:
        return 0
    listed = place.node["servers"] if isinstance(place.node["servers"], list) else ()
    urls = [str(each.get("url")) for each in listed if isinstance(each, dict)]
    if any(len(url) > MAX_MEMBERS for url in urls):
        raise place.error(f"has a server whose URL has more than {MAX_MEMBERS} characters.")
    return sum(1 + url.count("/") for url in urls)


def _size_of_target(place: Place, reference: str, root: Place, sizes: dict[str, int], depth: int) -> int:
    if reference not in sizes:
        sizes[reference] = 0  # of one that leads to itself
        pointer = pointers.from_fragment(reference.removeprefix("#"))
        try:
            node = pointers.lookup(root.node, pointer)
        except KeyError:
            return 0
        if depth < MAX_REFERENCES:
            target = Place(place.kind, node, pointer, place.base, place.source)
            sizes[reference] = _size(walk(target, schemas=False), root, sizes, depth + 1)
    return sizes[reference]
