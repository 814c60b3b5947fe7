"""The collections of a contract whose items are created, and read by what identifies them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from contract_first.contract import Operation
from contract_first.recognition import Collection, Recognition

WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|_")


@dataclass
class StoredCollection:
    """The operations of a collection: of its own path, and by their methods those of an item's path.

    Attributes:
        above: what identifies the items above it, to which it belongs.
    """

    collection: Collection
    create: Operation
    list: Operation | None
    item: dict[str, Operation]
    above: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How many items it belongs to."""
        return len(self.collection.item.names) - 1

    def is_below(self, other: StoredCollection) -> bool:
        """Tell whether it belongs to an item of another collection."""
        return self.collection.item.segments[:-2] == other.collection.item.segments

    def key_of(self, thing: dict[str, Any]) -> str | None:
        """Return what identifies a thing in the item's path; None if no member does."""
        parameter = self.collection.item.names[-1]
        names = (parameter, WORD.split(parameter)[-1].lower(), "id")
        values = (self.collection.key_of(thing), *map(thing.get, names))
        return next((str(value) for value in values if isinstance(value, str | int)), None)


def collections(recognition: Recognition, operations: Iterable[Operation]) -> Iterator[StoredCollection]:
    """Yield the collections in which these operations can create things, and read them by an id."""
    by_id = {operation.operation_id: operation for operation in operations}
    for collection in recognition.collections.values():
        segments = collection.item.segments
        operations = [(by_id[name], role) for name, role in collection.roles.items() if name in by_id]
        paths: dict[tuple[str, ...], dict[str, Operation]] = {segments: {}, segments[:-1]: {}}
        for operation, role in operations:
            name = operation.method if role.shape.segments == segments else role.action
            if role.shape.segments in paths and not role.is_many:
                paths[role.shape.segments].setdefault(name, operation)
        at_item, above = paths[segments], paths[segments[:-1]]
        if "get" in at_item and "create" in above and not collection.is_named:
            yield StoredCollection(collection, above["create"], above.get("list"), at_item)
