"""Operations at paths of no collection: below and beside items, or anywhere with their component."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from contract_first.contract import Operation
from contract_first.vocabulary.members import named
from contract_first.vocabulary.words import plain

from .collection import Collection, PathShape, common, only, shape_of
from .draft import BY_METHOD, CONTENT, Draft
from .marks import error_of
from .ways import has_keys, lists

DELETING: Final = frozenset({"delete", "remove", "batch-delete", "bulk-delete"})
"""Segments below the path of a collection at which POST deletes several items."""
COPYING: Final = frozenset({"copy", "clone", "duplicate"})
"""Segments below the path of an item at which POST creates another one like it."""


class OtherPaths:
    """Assigns such operations to the collections of a draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def place(self) -> None:
        """Assign the operations at paths of no collection to those that are there."""
        by_component: dict[str, list[Collection]] = {}
        for collection in self._draft.collections.values():
            for name in collection.schema.components:
                by_component.setdefault(name, []).append(collection)
        by_item = {collection.item.segments: collection for collection in self._draft.collections.values()}
        elsewhere = self._draft.marks.keys() - self._draft.assigned()
        for operation in self._draft.contract.operations:
            is_placed = operation.operation_id not in elsewhere or any(
                place(operation, by_item)
                for place in (
                    self._place_same,
                    self._place_part,
                    self._place_content,
                    self._place_children,
                    self._place_removal,
                )
            )
            if not is_placed:
                if "role" in self._draft.marks[operation.operation_id]:
                    self._place_marked(operation)
                else:
                    self._place_by_component(operation, by_component)

    def _place_marked(self, operation: Operation) -> None:
        """Assign an operation as its mark says."""
        mark, names = self._draft.marks[operation.operation_id], shape_of(operation.path).names
        path, action = mark["path"], mark["role"]
        if path not in self._draft.collections:
            there = ", ".join(self._draft.collections) or "none"
            raise error_of(operation, self._draft.contract, f"{path} is no collection; there are: {there}")
        key = names[-1] if names and action not in {"create", "list"} else None
        self._draft.assign(self._draft.collections[path], operation, action, key)

    def _place_by_component(self, operation: Operation, by_component: Mapping[str, list[Collection]]) -> None:
        """Assign an operation by the component that it returns."""
        shape, success = shape_of(operation.path), self._draft.success(operation)
        if success is None:
            return
        listed = {element.component for _, element in lists(success)}
        components = success.components | only(success).components | listed
        possible = [
            collection for component in sorted(components) for collection in by_component.get(component, ())
        ]
        for collection in sorted(
            possible, key=lambda candidate: -common(candidate.item.segments, shape.segments)
        ):
            is_named = plain(shape.segments[-1]) == plain(collection.resource)
            is_list = not listed.isdisjoint(collection.schema.components)
            if (collection.schema.component in components or is_named) and self._place(
                operation, shape, collection, is_list=is_list
            ):
                return

    def _place_part(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation below an item's path if it shows or changes the item; tell whether it does."""
        shape, success = shape_of(operation.path), self._draft.success(operation)
        whole = by_item.get(shape.segments[:-1])
        action = {"get": "read", "put": "update", "patch": "update"}.get(operation.method)
        is_changed = not self._draft.at[shape.segments].keys().isdisjoint({"put", "patch"})
        if (
            whole is None
            or success is None
            or action is None
            or not (is_changed and whole.is_seen_in(success))
        ):
            return False
        self._draft.assign(whole, operation, action, shape.names[-1])
        return True

    def _place_same(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation on an item by another member than its key; tell whether it is one."""
        shape = shape_of(operation.path)
        whole = by_item.get(shape.segments)
        is_same = (
            whole is not None
            and not whole.is_named
            and operation.method in BY_METHOD
            and self._draft.is_here(operation)
            and named(whole.schema.members, shape.names[-1]) is not None
        )
        if whole is not None and is_same:
            self._draft.assign(whole, operation, BY_METHOD[operation.method], shape.names[-1])
        return is_same

    def _place_content(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation that sends or shows the file of an item; tell whether it does."""
        shape, takes_file = shape_of(operation.path), self._draft.schemas.takes_file
        whole = by_item.get(shape.segments[:-1])
        creating = (
            [] if whole is None else [name for name, role in whole.roles.items() if role.action == "create"]
        )
        if (
            whole is None
            or shape.segments[-1] not in CONTENT
            or not any(map(takes_file, filter(None, map(self._draft.contract.operation, creating))))
            or not (operation.method == "get" or takes_file(operation))
        ):
            return False
        self._draft.assign(
            whole, operation, "download" if operation.method == "get" else "update", shape.names[-1]
        )
        return True

    def _place_children(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign an operation that lists what several collections have in a folder; tell whether it does."""
        shape, success = shape_of(operation.path), self._draft.success(operation)
        whole = by_item.get(shape.segments[:-1])
        if operation.method != "get" or whole is None or success is None:
            return False
        components = frozenset().union(*(element.components for _, element in lists(success)))
        children = [
            collection
            for collection in self._draft.collections.values()
            if collection.schema.component
            and not collection.schema.components.isdisjoint(components)
            and "parent" in collection.schema.members
            and collection.has("create")
        ]
        if whole not in children or not children[1:]:
            return False
        self._draft.assign(whole, operation, "list", None)
        name = operation.operation_id
        whole.roles[name] = replace(whole.roles[name], is_of_folder=True)
        for collection in children:
            collection.folder = "/".join(whole.item.segments)
        return True

    def _place_removal(self, operation: Operation, by_item: Mapping[tuple[str, ...], Collection]) -> bool:
        """Assign a POST that deletes the items of the keys in its body; tell whether it does."""
        *above, action = shape_of(operation.path).segments
        whole = by_item.get((*above, "{}"))
        has_several = any(map(has_keys, self._draft.schemas.bodies(operation)))
        if whole is None or operation.method != "post" or action not in DELETING or not has_several:
            return False
        self._draft.assign(whole, operation, "delete", None)
        return True

    def _place(
        self, operation: Operation, shape: PathShape, collection: Collection, *, is_list: bool
    ) -> bool:
        """Assign an operation that returns a collection's component; return whether it does."""
        item, segments = collection.item.segments, shape.segments
        if is_list:
            is_asked_for = operation.method == "post" and self._draft.schemas.asks_for_page(operation)
            is_listed = operation.method == "get" or (is_asked_for and segments[:-1] == item[:-1])
            if is_listed:
                self._draft.assign(collection, operation, "list", None)
            return is_listed
        if operation.method not in {"post", "put", "patch"}:
            return False
        if segments[: len(item)] == item and not segments[-1].endswith("s"):
            names = {prefix: name for name, prefix in shape.prefixes()}
            is_copy = operation.method == "post" and segments[-1] in COPYING
            self._draft.assign(
                collection, operation, "create" if is_copy else "update", names["/".join(item)]
            )
            if is_copy:
                role = collection.roles[operation.operation_id]
                collection.roles[operation.operation_id] = replace(role, is_copy=True)
            return True
        if operation.method == "post" and plain(segments[-1]) == plain(collection.resource):
            self._draft.assign(collection, operation, "create", None)
            beside = self._draft.at.get(segments, {}).get("get")
            if beside is not None and self._draft.schemas.list_in(beside, collection) is not None:
                self._draft.assign(collection, beside, "list", None)
            return True
        return False
