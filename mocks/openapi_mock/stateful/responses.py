"""The fallback of a mock that remembers: what is stored responds, where an operation has a collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openapi_contract import Operation
from openapi_mock.responses import ContractResponses
from openapi_mock.responses.operation import ItemResponder
from openapi_service.assembly import Assembly

from .memory import Catalog, Memory
from .operation import StatefulOperation


@dataclass(eq=False, kw_only=True)
class StatefulResponses(ContractResponses):
    """The fallback of a mock that remembers.

    Attributes:
        catalog: of the contract that is served.
        origin: returns the URL of the API as who makes the current request reaches it.
    """

    memory: Memory
    catalog: Catalog
    origin: Callable[[], str]

    def item_responder(self, operation: Operation, assembly: Assembly) -> ItemResponder | None:  # noqa: ARG002 -- as its base does
        """Return what responds to an operation from stored items; None where it has no collection."""
        role = self.catalog.roles.get(operation.operation_id)
        if role is None:
            return None
        return StatefulOperation(operation, role, self.catalog, self.memory, self.origin)
