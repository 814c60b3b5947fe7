"""The step that has a documented response show the items that a request is for."""

from contract_first.contract import Operation
from contract_first.mock.responses.exchange import Exchange
from contract_first.mock.stateful.seeded import SeededItems
from contract_first.recognition import Role


class ShowItems:
    """Puts the items of an operation's collection into its documented response."""

    def __init__(self, operation: Operation, items: SeededItems) -> None:
        self._name, self._items = operation.operation_id, items
        self._role: Role | None = None
        self._is_resolved = False

    async def __call__(self, exchange: Exchange) -> None:
        if not self._is_resolved:
            self._role, self._is_resolved = await self._items.role(self._name), True
        documented = exchange.documented
        if self._role is not None and documented is not None and documented.schema is not None:
            exchange.documented = await self._items.response(self._role, documented, exchange.places)
