"""Collections whose items have one path, by their names in full, as Google's APIs have it."""

from collections.abc import Iterator
from typing import Final

from contract_first.contract import Operation

from .collection import Collection, PathShape, shape_of
from .paths import BY_METHOD, Methods, Paths, Segments
from .readings import OF_COLLECTION, OF_ITEM, Reading

NAME: Final = "name"
"""The parameter and the member that have the name of an item in full, as Google's APIs have it."""


def readings_of(paths: Paths, segments: Segments) -> Iterator[tuple[Operation, Reading]]:
    """Yield the readings of operations by collections whose items have one path, by their names in full.

    What is at that path is every collection's, whose items it shows as far as its schema has them.
    """
    shape = shape_of(next(iter(paths.at[segments].values())).path)
    if shape.names[-1] != NAME:
        return
    here = [
        operation
        for operation in paths.of_shape[segments]
        if operation.method in BY_METHOD and paths.is_free(operation)
    ]
    for path in (*paths.below.get(segments[:-1], ()), *paths.below.get(segments, ())):
        # ``:pause`` is no resource
        if ":" not in path[-1] and (*path, "{}") not in paths.at:
            yield from _readings_at(paths, path, here, shape)


def _readings_at(
    paths: Paths, path: Segments, here: list[Operation], shape: PathShape
) -> Iterator[tuple[Operation, Reading]]:
    """Yield the readings by the collection of a path, whose items have the path of what is here.

    A POST at the path creates them, or else a PUT that is here.
    """
    methods: Methods = paths.at[path]
    listed = paths.listed(methods)
    component = listed.component if listed else ""
    puts = ((put, paths.success(put)) for put in here if put.method == "put" and component)
    creators = (put for put, success in puts if success and component in success.components)
    creating = methods.get("post") or next(creators, None)
    if creating is None or not paths.is_free(creating):
        return
    created = paths.success(creating)
    alike = [created, *paths.schemas.bodies(creating)] if listed else map(paths.success, here)
    item = listed or created
    components = {schema.component for schema in alike if schema}
    if item and NAME in item.members and item.component in components:
        above = methods.get("post") or methods["get"]
        named = Collection(above.path, shape, here[0].path, path[-1], NAME, item, is_named=True)
        reason = "a collection whose items have names in full"
        if creating is above:
            yield creating, Reading(OF_COLLECTION, reason, named, "create")
        if listed:
            yield methods["get"], Reading(OF_COLLECTION, reason, named, "list")
        for operation in here:
            key = shape_of(operation.path).names[-1]
            reason = "path of an item, by its name in full"
            yield operation, Reading(OF_ITEM, reason, named, BY_METHOD[operation.method], key)
