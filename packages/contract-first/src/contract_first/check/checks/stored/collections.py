"""The collections of a contract: paths to which things are posted, and where each is read by its id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from contract_first.contract import Operation

ITEM: Final = re.compile(r"(.*)/\{([^{}/]+)\}")
"""The path of an item: that of its collection, and a parameter."""
WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|_")


@dataclass
class PathCollection:
    """The operations of a path to which things are posted, and of the path of one, by their methods.

    Attributes:
        parameter: of the item's path, the last one.
        above: values of the parameters before it: of what the collection belongs to.
    """

    create: Operation
    parameter: str = ""
    list: Operation | None = None
    item: dict[str, Operation] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many things it belongs to."""
        return self.create.path.count("{")

    def key_of(self, thing: dict[str, Any]) -> str | None:
        """Return what identifies a thing in the item's path; None if no member does."""
        last = WORD.split(self.parameter)[-1].lower()
        values = (thing.get(name) for name in (self.parameter, last, "id"))
        return next((str(value) for value in values if isinstance(value, str | int)), None)


def collections(operations: Iterable[Operation]) -> Iterator[PathCollection]:
    """Yield the collections of a contract: what can be created there, and read by an id."""
    operations = list(operations)
    collections = {
        operation.path: PathCollection(operation)
        for operation in operations
        if operation.method == "post" and not operation.path.endswith("}")
    }
    for operation in operations:
        if operation.method == "get" and operation.path in collections:
            collections[operation.path].list = operation
        elif (match := ITEM.fullmatch(operation.path)) and match[1] in collections:
            collections[match[1]].parameter = match[2]
            collections[match[1]].item[operation.method] = operation
    yield from (collection for collection in collections.values() if "get" in collection.item)
