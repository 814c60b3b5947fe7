"""The collections of a contract whose items are created, and read by what identifies them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from contract_first.contract import Operation
from contract_first.recognition import Collection, Recognition
from contract_first.recognition.collection import shape_of

WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
ACTIONS: Final = frozenset({"read", "update", "replace", "delete"})


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
    def segments(self) -> tuple[str, ...]:
        """The path of an item, without the names of its parameters."""
        return self.collection.item.segments

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
        at_item: dict[str, Operation] = {}
        above: dict[str, Operation] = {}
        for name, role in collection.roles.items():
            operation = by_id.get(name)
            if operation is None or collection.is_named or collection.is_single or role.is_many:
                continue
            if role.shape.segments == segments and role.action in ACTIONS:
                at_item.setdefault(operation.method, operation)
            elif role.key is None and role.shape.segments[: len(segments) - 1] == segments[:-1]:
                above.setdefault(role.action, operation)
        if "get" in at_item and "create" in above and len(shape_of(above["create"].path).names) < len(segments):
            yield StoredCollection(collection, above["create"], above.get("list"), at_item)
