"""What an operation may do with a collection: one row a reading, each with its score and its reason.

Of the readings of an operation the best counts: what its path says comes before what its schemas say. Those
from `OF_COLLECTION` up are made first, as the others ask what is created.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Final, NamedTuple

from contract_first.contract import Operation
from contract_first.vocabulary.members import named
from contract_first.vocabulary.words import plain

from .collection import Collection, only, shape_of
from .outcomes import outcome_of
from .paths import BY_METHOD, CONTENT, Paths, Segments
from .puts import CREATION, is_part
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
EDITING: Final = frozenset({"edit", "update"})
"""Segments below the path of an item at which POST changes it."""
COPYING: Final = frozenset({"copy", "clone", "duplicate"})
"""Segments below the path of an item at which POST creates another one like it."""
KINDS: Final = {"copy": "create", "folder": "list"}
"""Actions of a kind of their own, and what they are else."""


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


class Row(NamedTuple):
    """One reading that an operation may have.

    Attributes:
        place: where the collections are that it may be of.
        action_of: returns what an operation does with one: an action, or empty for nothing.
    """

    score: float
    reason: str
    place: str
    action_of: Callable[[Operation, Collection], str]


class Reader:
    """Reads the operations of a contract by the collections whose items have paths.

    Attributes:
        of_paths: the rows for operations at the path of an item or a collection.
        elsewhere: those for others.
        creating: the operations that create items at the path of their collection, by that.
    """

    def __init__(self, paths: Paths, collections: Iterable[Collection]) -> None:
        self._paths = paths
        self._schemas = paths.schemas
        self._collections = list(collections)
        self._by_item: dict[Segments, list[Collection]] = {}
        self._by_operation: dict[str, list[Collection]] = {}
        self._by_component: dict[str, list[Collection]] = {}
        for collection in self._collections:
            item = collection.item.segments
            path = shape_of(collection.path).segments if collection.is_named else item[:-1]
            self._by_item.setdefault(item, []).append(collection)
            for operation in paths.above(path).values():
                self._by_operation.setdefault(operation.operation_id, []).append(collection)
            for name in collection.schema.components:
                self._by_component.setdefault(name, []).append(collection)
        self.creating: dict[str, list[Operation]] = {}
        self.of_paths: tuple[Row, ...] = (
            Row(OF_ITEM, "path of an item", "item", self._on_item),
            Row(OF_COLLECTION, "path of the collection", "collection", self._on_collection),
        )
        self.elsewhere: tuple[Row, ...] = (
            Row(3.9, "path of an item, by another member", "item", self._by_another_member),
            Row(3.8, "shows or changes an item below its path", "item above", self._on_part),
            Row(3.7, "the file of an item", "item above", self._on_file),
            Row(3.6, "lists several collections of a folder", "item above", self._on_folder),
            Row(3.55, "changes an item, or its status", "item above", self._on_action),
            Row(3.5, "deletes the items of the keys in its body", "item beside", self._by_keys),
            Row(ELSEWHERE, "{verb} {component}", "component", self._by_component_of),
        )

    def readings(self, operation: Operation, rows: Iterable[Row]) -> Iterator[tuple[Operation, Reading]]:
        """Yield the possible readings of an operation, and of a list beside one that creates elsewhere."""
        segments = shape_of(operation.path).segments
        places: dict[str, Iterable[Collection]] = {
            "item": self._by_item.get(segments, ()),
            "item above": self._by_item.get(segments[:-1], ()),
            "item beside": self._by_item.get((*segments[:-1], "{}"), ()),
            "collection": self._by_operation.get(operation.operation_id, ()),
            "component": self._alike(operation, segments),
        }
        for row in rows:
            for collection in places[row.place]:
                if reading := _reading(operation, collection, row):
                    yield operation, reading
                    if row.score == ELSEWHERE and reading.action == "create":
                        yield from self._lists_beside(operation, reading)

    def _lists_beside(self, operation: Operation, creation: Reading) -> Iterator[tuple[Operation, Reading]]:
        """Yield the reading of the list at the path of an operation that creates, if there is one."""
        get = self._paths.at[shape_of(operation.path).segments].get("get")
        if get and not creation.kind and self._schemas.list_in(get, creation.collection) is not None:
            yield get, creation._replace(action="list", reason=f"a list beside {operation.label}")

    def _alike(self, operation: Operation, segments: Segments) -> Iterator[Collection]:
        """Yield the collections with the component that an operation returns."""
        if success := self._paths.success(operation):
            names = success.components | only(success).components | self._schemas.listed(operation)
            for collection in (it for name in sorted(names) for it in self._by_component.get(name, ())):
                if collection.schema.component in names or _is_resource(segments, collection):
                    yield collection

    def _on_item(self, operation: Operation, collection: Collection) -> str:
        action, segments = BY_METHOD.get(operation.method, ""), collection.item.segments
        if collection.is_named:
            return action
        methods = self._paths.at[segments]
        is_created = "post" in self._paths.above(segments[:-1])
        bodies = self._schemas.bodies(operation)
        if "patch" not in methods and is_part(operation, bodies, is_created_otherwise=is_created):
            action = "update"
        return action if methods[operation.method] is operation else ""

    def _on_collection(self, operation: Operation, collection: Collection) -> str:
        method, schemas = operation.method, self._schemas
        if method == "get" or (method == "post" and schemas.asks_for_keys(operation, collection)):
            return "list" if schemas.list_in(operation, collection) is not None else ""
        if method == "post" or (method == "put" and CREATION.match(operation.operation_id)):
            return "create"
        changes = plain(collection.head) in schemas.settable(operation, collection)
        return "delete" if method == "delete" else "update" if changes else ""

    def _by_another_member(self, operation: Operation, collection: Collection) -> str:
        parameter = shape_of(operation.path).names[-1]
        is_member = not collection.is_named and named(collection.schema.members, parameter) is not None
        return BY_METHOD.get(operation.method, "") if is_member else ""

    def _on_part(self, operation: Operation, whole: Collection) -> str:
        success = self._paths.success(operation)
        is_changed = self._paths.at[shape_of(operation.path).segments].keys() & {"put", "patch"}
        if success is None or not is_changed or not whole.is_seen_in(success):
            return ""
        return {"get": "read", "put": "update", "patch": "update"}.get(operation.method, "")

    def _on_action(self, operation: Operation, whole: Collection) -> str:
        is_edit = operation.method == "post" and shape_of(operation.path).segments[-1] in EDITING
        return "update" if is_edit or outcome_of(operation, whole) else ""

    def _on_file(self, operation: Operation, whole: Collection) -> str:
        takes_file = self._schemas.takes_file
        is_content = shape_of(operation.path).segments[-1] in CONTENT
        if not is_content or not any(map(takes_file, self.creating.get(whole.path, ()))):
            return ""
        return "download" if operation.method == "get" else "update" if takes_file(operation) else ""

    def _on_folder(self, operation: Operation, folder: Collection) -> str:
        children = self.children(operation)
        return "folder" if children[1:] and folder in children else ""

    def children(self, operation: Operation) -> list[Collection]:
        """Return the collections whose items an operation may list by their parent."""
        success = self._paths.success(operation) if operation.method == "get" else None
        elements = lists(success) if success else []
        components = frozenset().union(*(element.components for _, element in elements))
        return [
            collection
            for collection in self._collections
            if collection.path in self.creating
            and collection.schema.component
            and not collection.schema.components.isdisjoint(components)
            and "parent" in collection.schema.members
        ]

    def _by_keys(self, operation: Operation, _: Collection) -> str:
        is_removal = operation.method == "post" and shape_of(operation.path).segments[-1] in DELETING
        return "delete" if is_removal and any(map(has_keys, self._schemas.bodies(operation))) else ""

    def _by_component_of(self, operation: Operation, collection: Collection) -> str:
        segments, item, method = shape_of(operation.path).segments, collection.item.segments, operation.method
        is_post = method == "post"
        if not self._schemas.listed(operation).isdisjoint(collection.schema.components):
            is_page = is_post and segments[:-1] == item[:-1] and self._schemas.asks_for_page(operation)
            return "list" if method == "get" or is_page else ""
        if segments[: len(item)] == item and not segments[-1].endswith("s"):
            action = "copy" if is_post and segments[-1] in COPYING else "update"
            return action if method in {"post", "put", "patch"} else ""
        return "create" if is_post and _is_resource(segments, collection) else ""


def _reading(operation: Operation, collection: Collection, row: Row) -> Reading | None:
    """Return what an operation does with a collection by one row, None for nothing."""
    action = row.action_of(operation, collection) if collection.key or row.score >= OF_COLLECTION else ""
    if not action:
        return None
    segments, names = shape_of(operation.path)
    item = collection.item.segments
    score = row.score if collection.key else BY_PATHS
    if score == ELSEWHERE:
        score += A_SEGMENT * len(
            [*takewhile(lambda pair: pair[0] == pair[1], zip(item, segments, strict=False))]
        )
    is_one = segments[: len(item)] == item and action not in {"create", "list", "folder"}
    verb = "lists" if action == "list" else "returns"
    return Reading(
        score,
        row.reason.format(verb=verb, component=collection.schema.component or collection.resource),
        collection,
        KINDS.get(action, action),
        names[item.count("{}") - 1] if is_one else None,
        action if action in KINDS else "",
    )


def _is_resource(segments: Segments, collection: Collection) -> bool:
    return plain(segments[-1]) == plain(collection.resource)
