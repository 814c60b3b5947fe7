"""Collections whose items no path leads to: a path that lists what it creates, or that shows one object."""

from collections.abc import Iterator

from contract_first.contract import Operation
from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.words import plain

from .collection import Collection, PathShape, resource_of, shape_of
from .paths import Methods, Paths
from .puts import CREATION
from .readings import OF_LIST, OF_SINGLE, Reading
from .ways import items, lists, settable


def list_at(paths: Paths, methods: Methods) -> Iterator[tuple[Operation, Reading]]:
    """Yield the readings of a path that lists what it creates."""
    put = methods.get("put")
    creating = put if put and CREATION.match(put.operation_id) else None
    post, get = methods.get("post", creating), methods.get("get")
    listed = paths.success(get) if post and get else None
    if post is None or get is None or listed is None:
        return
    bodies = list(paths.schemas.bodies(post))
    schemas = [*filter(None, [paths.success(post)]), *bodies]
    name = shape_of(post.path).segments[-1]
    created = [nested.schema for schema in schemas for nested in items(schema, name)]
    created += [element for body in bodies for _, element in lists(body)]
    for _, item in lists(listed):
        if any(item.component in schema.components or item.node == schema.node for schema in created):
            key = next((name for name in item.members if name in Meaning.IDENTIFIER), "")
            collection = _at_path(post.path, key, item)
            yield post, Reading(OF_LIST, "creates what its path lists", collection, "create")
            yield get, Reading(OF_LIST, "lists what its path creates", collection, "list")
            return


def single_at(paths: Paths, methods: Methods) -> Iterator[tuple[Operation, Reading]]:
    """Yield the readings of a path that shows an object, and changes it by members that it mostly shows."""
    actions = {"get": "read", "put": "replace", "patch": "update"}
    here = [(operation, actions[method]) for method, operation in methods.items() if method in actions]
    success = paths.success(methods["get"]) if "get" in methods and here[1:] else None
    if success:
        bodies = (body for operation, _ in here for body in paths.schemas.bodies(operation))
        members = {plain(name) for body in bodies for name in settable(body)}
        if 2 * len(members & set(map(plain, success.members))) > len(members):
            single = _at_path(methods["get"].path, "", success, is_single=True)
            single.is_callers = single.resource in Meaning.ME
            for operation, action in here:
                yield operation, Reading(OF_SINGLE, "one object, shown and changed", single, action)


def _at_path(path: str, key: str, schema: Schema, *, is_single: bool = False) -> Collection:
    """Return a collection whose items have no path but its own."""
    shape = shape_of(path)
    item = PathShape((*shape.segments, "{}"), (*shape.names, ""))
    return Collection(path, item, path, resource_of(shape), key, schema, is_single=is_single)
