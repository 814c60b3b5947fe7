"""The collections of a contract whose items are created, and read by what identifies them."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from schemathesis import Case

from contract_first.check.checks.samples import RequestSamples
from contract_first.contract import Operation
from contract_first.recognition import Collection, Recognition
from contract_first.recognition.collection import shape_of
from contract_first.vocabulary.words import words_of

IDEMPOTENCY_KEY: Final = "idempotency-key"


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

    def is_below(self, other: "StoredCollection") -> bool:
        """Tell whether it belongs to an item of another collection."""
        return self.collection.item.segments[:-2] == other.collection.item.segments

    def key_of(self, thing: dict[str, Any]) -> str | None:
        """Return what identifies a thing in the item's path; None if no member does."""
        parameter = shape_of(self.item["get"].path).names[-1]
        names = (parameter, *words_of(parameter)[-1:], "id")
        values = (self.collection.key_of(thing), *map(thing.get, names))
        return next((str(value) for value in values if isinstance(value, str | int)), None)

    def case(self, samples: RequestSamples, operation: Operation, key: str | None = None) -> Case[Any]:
        """Return a request of an operation, for the item of this key."""
        keys = (*self.above, *(() if key is None else (key,)))
        path = dict(zip(shape_of(operation.path).names, keys, strict=False))
        case = samples.draw(operation, **{name: quote(value, safe="") for name, value in path.items()})
        for name in [name for name in case.headers if name.lower() == IDEMPOTENCY_KEY]:
            case.headers[name] = str(uuid.uuid4())
        return case


def collections(recognition: Recognition, operations: Iterable[Operation]) -> Iterator[StoredCollection]:
    """Yield the collections in which these operations can create things, and read them by an id."""
    at: dict[tuple[str, ...], dict[str, Operation]] = {}
    for operation in operations:
        at.setdefault(shape_of(operation.path).segments, {}).setdefault(operation.method, operation)
    for collection in recognition.collections.values():
        item = at.get(collection.item.segments, {})
        above = at.get(collection.item.segments[:-1], {})
        if "get" in item and "post" in above and not collection.is_named:
            yield StoredCollection(collection, above["post"], above.get("get"), item)
