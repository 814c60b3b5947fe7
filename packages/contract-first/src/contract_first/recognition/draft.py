"""The collections of a contract as far as they are recognised, and what is known of its operations."""

from collections.abc import Mapping
from typing import Any, Final

from contract_first.contract import Contract, Operation
from contract_first.contract.schemas.schema import Schema

from .collection import Collection, shape_of
from .keys import linked
from .marks import mark_of
from .roles import assign
from .schemas import OperationSchemas
from .ways import lists

ACTIONS = ("read", "update", "replace", "update", "delete")
BY_METHOD: Final = dict(zip(("get", "patch", "put", "post", "delete"), ACTIONS, strict=True))
"""What an operation does at the path of an item."""
CONTENT: Final = frozenset({"content", "contents", "download", "file", "media", "raw"})
"""Segments below the path of an item at which its file is."""
Methods = Mapping[str, Operation]


class Draft:
    """The recognition of one contract's collections.

    Attributes:
        success: returns the schema of an operation's success.
        at: the operations of each shape of a path, by their methods.
        marks: what the document says itself of an operation, by operationId.
        linked: which member a Link Object takes for a parameter, by operationId and the parameter's name.
        collections: those that are recognised, by their paths.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.schemas = OperationSchemas(contract)
        self.success = self.schemas.success
        self.at: dict[tuple[str, ...], dict[str, Operation]] = {}
        self.marks: dict[str, Any] = {}
        self.collections: dict[str, Collection] = {}
        for operation in contract.operations:
            mark = mark_of(operation, contract)
            if mark is not False:
                self.marks[operation.operation_id] = mark
                methods = self.at.setdefault(shape_of(operation.path).segments, {})
                methods.setdefault(operation.method, operation)
        self.linked = dict(linked(contract))

    def assign(self, collection: Collection, operation: Operation, action: str, key: str | None) -> None:
        """Give an operation a role; the arguments are those of `roles.assign`."""
        assign(self.schemas, collection, operation, action, key)

    def assigned(self) -> set[str]:
        """Return the operationIds that have a role."""
        return {name for collection in self.collections.values() for name in collection.roles}

    def is_here(self, operation: Operation) -> bool:
        """Tell whether the document does not say that an operation is of no collection, or of another."""
        return "role" not in self.marks.get(operation.operation_id, {"role": None})

    def listed(self, methods: Methods) -> Schema | None:
        """Return the schema of the items that a path lists; None where it lists nothing."""
        success = self.success(methods["get"]) if "get" in methods else None
        return next((element for _, element in lists(success)), None) if success else None
