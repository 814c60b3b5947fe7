"""Which operation of a contract a request belongs to, whoever answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openapi_service.problems import Problem
from openapi_service.response_validation import declared_response
from openapi_service.routing import PathTable

from .base_paths import BasePaths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openapi_contract import Contract


class Found(NamedTuple):
    """An operation: its operationId, and the path parameters as they were sent."""

    operation_id: str
    path_parameters: Mapping[str, bytes]


NOTHING = Found("", {})


class OperationTable:
    """The operations of a contract by method and path."""

    def __init__(self, contract: Contract) -> None:
        self._bases = BasePaths(contract)
        self._paths = PathTable(contract.operations)
        self._operations = {each.operation_id: each for each in contract.operations}

    def find(self, method: str, path: str) -> Found:
        """Return the operation of a request, `NOTHING` if it has none.

        Args:
            method: the HTTP method, upper case.
            path: percent-encoded, as it was sent.
        """
        found = NOTHING
        for within in self._bases.within(path):
            try:
                item, values = self._paths.find(within)
            except Problem:
                continue
            found = Found(item.operations.get(method, ""), values)
            if found.operation_id:
                break
        return found

    def documents(self, operation_id: str, status: int) -> bool:
        """Return whether an operation documents an answer of this status."""
        operation = self._operations.get(operation_id)
        return operation is not None and declared_response(operation, status) is not None
