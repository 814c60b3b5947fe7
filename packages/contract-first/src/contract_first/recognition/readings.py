"""What an operation may do with a collection: one row a reading, each with its score and its reason.

Of the readings of an operation the best counts: what its path says comes before what its schemas say. Those
from `OF_COLLECTION` up are made first, as the others ask what is created.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from contract_first.contract import Operation
from contract_first.vocabulary.members import named
from contract_first.vocabulary.words import plain

from .collection import Collection, PathShape, common, only, shape_of
from .paths import BY_METHOD, CONTENT, Paths
from .ways import has_keys, lists

MARKED: Final = 20.0
OF_ITEM: Final = 6.0
OF_COLLECTION: Final = 5.0
ELSEWHERE: Final = 3.0
A_SEGMENT: Final = 0.01
"""What a reading elsewhere gains by each segment that its path has in common with the item's."""
OF_LIST: Final = 2.5
OF_SINGLE: Final = 2.0
BY_PATHS: Final = 1.0
DELETING: Final = frozenset({"delete", "remove", "batch-delete", "bulk-delete"})
"""Segments below the path of a collection at which POST deletes several items."""
COPYING: Final = frozenset({"copy", "clone", "duplicate"})
"""Segments below the path of an item at which POST creates another one like it."""


class Reading(NamedTuple):
    """What an operation may do.

    Attributes:
        reason: why it may, in words.
        action: as a role has it.
        key: name of the path parameter that identifies the item, if there is one.
        kind: ``copy`` or ``folder`` for a role of this kind, else empty.
    """

    score: float
    reason: str
    collection: Collection
    action: str
    key: str | None = None
    kind: str = ""


class Elsewhere:
    """Reads the operations at paths of no collection: below and beside items, or with their component.

    Args:
        creating: the operations that create items, by the collection's path.
    """

    def __init__(
        self, paths: Paths, collections: Iterable[Collection], creating: Mapping[str, list[Operation]]
    ) -> None:
        self._paths = paths
        self._schemas = paths.schemas
        self._creating = creating
        self._collections = list(collections)
        self._by_item = {collection.item.segments: collection for collection in self._collections}
        self._by_component: dict[str, list[Collection]] = {}
        for collection in self._collections:
            for name in collection.schema.components:
                self._by_component.setdefault(name, []).append(collection)

    def readings(self, operation: Operation) -> Iterator[Reading]:
        """Yield the possible readings of an operation."""
        shape = shape_of(operation.path)
        last = shape.names[-1] if shape.names else None
        above, here = (self._by_item.get(path) for path in (shape.segments[:-1], shape.segments))
        below = self._by_item.get((*shape.segments[:-1], "{}"))
        if here and (action := self._by_another_member(operation, here, shape)):
            yield Reading(3.9, f"path of an item, by its {last}", here, action, last)
        if above and (action := self._on_part(operation, above, shape)):
            yield Reading(3.8, "shows or changes an item below its path", above, action, last)
        if above and (action := self._on_file(operation, above, shape)):
            yield Reading(3.7, "the file of an item", above, action, last)
        if above and self._children(operation, above)[1:]:
            yield Reading(3.6, "lists several collections of a folder", above, "list", kind="folder")
        if below and self._removes(operation, shape):
            yield Reading(3.5, "deletes the items of the keys in its body", below, "delete")
        yield from self._by_schema(operation, shape)

    def _by_another_member(self, operation: Operation, here: Collection, shape: PathShape) -> str:
        is_member = not here.is_named and named(here.schema.members, shape.names[-1]) is not None
        return BY_METHOD.get(operation.method, "") if is_member else ""

    def _on_part(self, operation: Operation, whole: Collection, shape: PathShape) -> str:
        success = self._paths.success(operation)
        is_changed = not self._paths.at[shape.segments].keys().isdisjoint({"put", "patch"})
        is_part = is_changed and success is not None and whole.is_seen_in(success)
        return {"get": "read", "put": "update", "patch": "update"}.get(operation.method, "") * is_part

    def _on_file(self, operation: Operation, whole: Collection, shape: PathShape) -> str:
        takes_file = self._schemas.takes_file
        if shape.segments[-1] in CONTENT and any(map(takes_file, self._creating.get(whole.path, ()))):
            return "download" if operation.method == "get" else "update" * takes_file(operation)
        return ""

    def _children(self, operation: Operation, folder: Collection) -> list[Collection]:
        """Return the collections whose items an operation lists by their parent, which is an item of one."""
        success = self._paths.success(operation)
        if operation.method != "get" or success is None:
            return []
        components = frozenset().union(*(element.components for _, element in lists(success)))
        children = [
            collection
            for collection in self._collections
            if collection.schema.component
            and not collection.schema.components.isdisjoint(components)
            and "parent" in collection.schema.members
            and collection.path in self._creating
        ]
        return children if folder in children else []

    def folders(self, reading: Reading, operation: Operation) -> None:
        """Give the collections that a folder has the shape of its path."""
        for collection in self._children(operation, reading.collection):
            collection.folder = "/".join(reading.collection.item.segments)

    def _removes(self, operation: Operation, shape: PathShape) -> bool:
        is_removal = operation.method == "post" and shape.segments[-1] in DELETING
        return is_removal and any(map(has_keys, self._schemas.bodies(operation)))

    def _by_schema(self, operation: Operation, shape: PathShape) -> Iterator[Reading]:
        """Yield the readings by the component that an operation returns."""
        success = self._paths.success(operation)
        if success is None:
            return
        listed = {element.component for _, element in lists(success)}
        components = success.components | only(success).components | listed
        possible = (it for name in sorted(components) for it in self._by_component.get(name, ()))
        for collection in possible:
            segments = collection.item.segments
            score = ELSEWHERE + A_SEGMENT * common(segments, shape.segments)
            is_resource = plain(shape.segments[-1]) == plain(collection.resource)
            if collection.schema.component not in components and not is_resource:
                continue
            name = collection.schema.component or collection.resource
            if not listed.isdisjoint(collection.schema.components):
                if operation.method == "get":
                    yield Reading(score, f"lists {name}", collection, "list")
                elif shape.segments[:-1] == segments[:-1] and self._asks_for_page(operation):
                    yield Reading(score, f"lists {name}, as its body asks for a page", collection, "list")
            elif operation.method not in {"post", "put", "patch"}:
                continue
            elif shape.segments[: len(segments)] == segments and not shape.segments[-1].endswith("s"):
                key = shape.names[collection.item.segments.count("{}") - 1]
                is_copy = operation.method == "post" and shape.segments[-1] in COPYING
                action, kind = ("create", "copy") if is_copy else ("update", "")
                yield Reading(score, f"returns {name} below an item", collection, action, key, kind)
            elif operation.method == "post" and is_resource:
                yield Reading(score, f"returns {name}, at a path of this name", collection, "create")

    def _asks_for_page(self, operation: Operation) -> bool:
        return operation.method == "post" and self._schemas.asks_for_page(operation)

    def beside(self, reading: Reading, operation: Operation) -> Iterator[tuple[Operation, Reading]]:
        """Yield the list at the path of an operation that creates items elsewhere, with its reading."""
        get = self._paths.at.get(shape_of(operation.path).segments, {}).get("get")
        is_creating = reading.action == "create" and not reading.kind and reading.score < OF_COLLECTION
        if is_creating and get and self._schemas.list_in(get, reading.collection) is not None:
            reason = f"a list beside {operation.label}"
            yield get, reading._replace(action="list", reason=reason)
