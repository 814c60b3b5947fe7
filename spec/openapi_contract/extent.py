"""How large a document is for what reads it: its objects, each as often as references lead to it."""

from __future__ import annotations

from . import pointers
from .anatomy import FIELDS, Place, walk
from .errors import ContractError
from .references import MAX_REFERENCES

MAX_OBJECTS = 300_000
"""Operations, parameters, responses and so on; a schema is one, with all that is below it."""
MAX_MEMBERS = 10_000
"""Of one field of an object: parameters, media types, examples, servers, characters of a server's URL ..."""
HOLDERS = frozenset({"schema", "example", "components"})
"""Objects that may have more."""


def check_extent(root: Place) -> None:
    """Refuse a document of too many objects, counted as if what references lead to stood in their places.

    Raises:
        ContractError: it has more, or one of them has too many members; points at these.
    """
    _size(root, root, {}, 0)


def _size(start: Place, root: Place, sizes: dict[str, int], depth: int) -> int:
    """Return how many objects a place is; where references lead on and on, the rest is not counted."""
    size = 0
    for place in walk(start, schemas=False):
        size += 1
        _check_members(place)
        if place.kind != "schema" and (place.reference or "").startswith("#/"):
            size += _size_of_target(place, root, sizes, depth)
        if size > MAX_OBJECTS:
            raise root.error(
                f"has more than {MAX_OBJECTS} operations, parameters, responses and so on, "
                "with what is shared counted as often as it is referred to."
            )
    return size


def _check_members(place: Place) -> None:
    if place.kind in HOLDERS or not isinstance(place.node, dict):
        return
    exempt = {"example", *(FIELDS["openapi"] if place.kind == "openapi" else ())}
    for name, value in place.node.items():
        is_large = isinstance(value, dict | list) and len(value) > MAX_MEMBERS
        if is_large and name not in exempt and not name.startswith("x-"):
            pointer = pointers.join(place.pointer, name)
            raise ContractError(place.source, pointer, f"has more than {MAX_MEMBERS} members.")
    servers = place.node.get("servers")
    for each in servers if isinstance(servers, list) else ():
        if isinstance(each, dict) and len(str(each.get("url"))) > MAX_MEMBERS:
            raise place.error(f"has a server whose URL has more than {MAX_MEMBERS} characters.")


def _size_of_target(place: Place, root: Place, sizes: dict[str, int], depth: int) -> int:
    pointer = pointers.from_fragment((place.reference or "")[1:])
    if pointer not in sizes:
        sizes[pointer] = 0  # of one that leads to itself
        try:
            node = pointers.lookup(root.node, pointer)
        except KeyError:
            return 0
        if depth < MAX_REFERENCES:
            target = Place(place.kind, node, pointer, place.base, place.source)
            sizes[pointer] = _size(target, root, sizes, depth + 1)
    return sizes[pointer]
