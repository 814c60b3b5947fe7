"""The fallback of a stateful mock: operations with a collection respond from stored items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from contract_first.contract import Operation
from contract_first.mock.responses import ContractResponses
from contract_first.mock.responses.documented import DocumentedResponse
from contract_first.mock.responses.mock_operation import Arguments, ItemResponder, Respond
from contract_first.service.assembly import Assembly
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered

from .memory import Catalog, Memory
from .stored_operation import StatefulOperation


@dataclass(eq=False, kw_only=True)
class StatefulResponses(ContractResponses):
    """The fallback of a mock that remembers.

    Attributes:
        catalog: of the contract that is served.
    """

    response_headers: ClassVar = (*ContractResponses.response_headers, "Link")

    memory: Memory
    catalog: Catalog

    def item_responder(self, operation: Operation, assembly: Assembly) -> ItemResponder | None:  # noqa: ARG002 -- as its base does
        """Return the responder from stored items; None for an operation without a collection."""
        roles = self.catalog.roles.get(operation.operation_id, ())
        responders = [
            StatefulOperation(operation, role, self.catalog, self.memory, self.origin) for role in roles
        ]
        return _ByName(responders) if len(responders) > 1 else next(iter(responders), None)


class _ByName:
    """Serves one operation from the item of a name, in the collection that has it."""

    def __init__(self, operations: list[StatefulOperation]) -> None:
        self._operations = operations

    async def __call__(
        self, arguments: Arguments, request: Request, respond: Respond
    ) -> tuple[DocumentedResponse, Rendered]:
        having = [operation for operation in self._operations if await operation.has(arguments)]
        return await (having or self._operations)[0](arguments, request, respond)
