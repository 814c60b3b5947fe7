"""Collections whose items have one path, by their names in full, as Google's APIs have it."""

from collections.abc import Iterator
from typing import Final

from contract_first.contract import Operation

from .collection import Collection, PathShape, shape_of
from .paths import BY_METHOD, Paths, Segments

NAME: Final = "name"
"""The parameter and the member that have the name of an item in full, as Google's APIs have it."""


def collections_at(paths: Paths, segments: Segments) -> Iterator[Collection]:
    """Yield the collections whose items have one path, by their names in full.

    What is at that path is every collection's, whose items it shows as far as its schema has them.
    """
    here = [
        operation
        for operation in paths.of_shape[segments]
        if operation.method in BY_METHOD and paths.is_free(operation)
    ]
    shape = shape_of(next(iter(paths.at[segments].values())).path)
    if shape.names[-1] == NAME and here:
        for path in (*paths.below.get(segments[:-1], ()), *paths.below.get(segments, ())):
            # ``:pause`` is no resource
            is_resource = ":" not in path[-1] and (*path, "{}") not in paths.at
            if is_resource and (collection := _collection_at(paths, path, here, shape)):
                yield collection


def _collection_at(
    paths: Paths, path: Segments, here: list[Operation], shape: PathShape
) -> Collection | None:
    """Return the collection of a path, whose items have the path of what is here.

    A POST at the path creates them, or else a PUT that is here.
    """
    methods = paths.at[path]
    listed = paths.listed(methods)
    component = listed.component if listed else ""
    puts = ((put, paths.success(put)) for put in here if put.method == "put" and component)
    creators = (put for put, success in puts if success and component in success.components)
    creating = methods.get("post") or next(creators, None)
    if creating is None or not paths.is_free(creating):
        return None
    created = paths.success(creating)
    alike = [created, *paths.schemas.bodies(creating)] if listed else map(paths.success, here)
    item = listed or created
    if item and NAME in item.members and item.component in {schema.component for schema in alike if schema}:
        above = methods.get("post") or methods["get"]
        return Collection(above.path, shape, here[0].path, path[-1], NAME, item, is_named=True)
    return None
