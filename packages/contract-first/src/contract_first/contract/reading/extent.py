"""Bounds the extent of a document: its objects, each counted as often as it is referred to."""

from collections.abc import Iterable, Sequence

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import FIELDS, Location, walk
from contract_first.contract.document.errors import SPLIT, ContractError
from contract_first.contract.document.parsing import CONTAINERS
from contract_first.contract.document.references import MAX_REFERENCES

MAX_OBJECTS = 800_000
"""Operations, parameters, responses, schemas and so on.

Microsoft Graph's beta has 484,000, and 641,000 once each error of its operations is described.
"""
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


def check_extent(locations: Sequence[Location]) -> None:
    """Refuse a document of too many objects, counted as if each reference were its target.

    Args:
        locations: the objects of the document, itself the first.

    Raises:
        ContractError: it has more, or one of them has too many members; points at these.
    """
    dynamic = sum(
        1 for location in locations if isinstance(location.node, dict) and "$dynamicRef" in location.node
    )
    resources = (
        len({location.base for location in locations}) if dynamic else 0
    )  # each is asked for its anchor
    weight = CONVERTED if locations[0].kind == "swagger" else 1
    if weight * _size(locations, locations[0], {}, 0) + dynamic * resources > MAX_OBJECTS:
        raise too_large(locations[0])


def _size(locations: Iterable[Location], root: Location, sizes: dict[str, int], depth: int) -> int:
    """Return the number of objects at locations, up to a depth of references.

    Schemas below others count where they stand, and not again where references lead to them.
    """
    size = 0
    for location in locations:
        _check_members(location)
        reference = None if location.kind == "schema" else location.reference
        weight = max(REFERENCE, _size_of_target(location, reference, root, sizes, depth)) if reference else 1
        size += weight + len(location.pointer) // LONG + _size_of_servers(location)
        if size > MAX_OBJECTS:
            raise too_large(root)
    return size


def too_large(root: Location) -> ContractError:
    """Return the error of a document of too many objects."""
    return root.error(
        f"has more than {MAX_OBJECTS} operations, parameters, responses, schemas and so on, "
        "with what is shared counted as often as it is referred to, and each of Swagger 2.0 twice. "
        f"{SPLIT} Or have an overlay remove the others."
    )


def _check_members(location: Location) -> None:
    if location.kind == "example" or not isinstance(location.node, dict):
        return
    for name, value in location.node.items():
        if not isinstance(value, CONTAINERS) or len(value) <= MAX_MEMBERS:
            continue
        if name not in SECTIONS.get(location.kind, ()) and name not in VALUES and not name.startswith("x-"):
            pointer = pointers.join(location.pointer, name)
            raise ContractError(location.source, pointer, f"has more than {MAX_MEMBERS} members.")


def _size_of_servers(location: Location) -> int:
    """Return the number of segments of the URLs of servers: requests are routed below each."""
    if not isinstance(location.node, dict) or "servers" not in location.node:
        return 0
    listed = location.node["servers"] if isinstance(location.node["servers"], list) else ()
    urls = [str(server.get("url")) for server in listed if isinstance(server, dict)]
    if any(len(url) > MAX_MEMBERS for url in urls):
        raise location.error(f"has a server whose URL has more than {MAX_MEMBERS} characters.")
    return sum(1 + url.count("/") for url in urls)


def _size_of_target(
    location: Location, reference: str, root: Location, sizes: dict[str, int], depth: int
) -> int:
    if reference not in sizes:
        sizes[reference] = 0  # of one that leads to itself
        pointer = pointers.from_fragment(reference.removeprefix("#"))
        try:
            node = pointers.lookup(root.node, pointer)
        except KeyError:
            return 0
        if depth < MAX_REFERENCES:
            target = Location(location.kind, node, pointer, location.base, location.source)
            sizes[reference] = _size(walk(target, schemas=False), root, sizes, depth + 1)
    return sizes[reference]
