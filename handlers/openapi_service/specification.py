"""The effective contract as Connexion's Specification: OpenAPI 3.1 as it is, not downgraded to 3.0.

Stock Connexion refuses 3.1 (spec-first/connexion#1396), and works types and defaults out of a schema's top
level alone (#1569, #2031). Here the document has been validated when it was loaded, schemas are compiled by
:mod:`.schemas`, and Connexion asks only for paths, methods and operationIds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connexion.operations import OpenAPIOperation
from connexion.spec import OpenAPISpecification

if TYPE_CHECKING:
    from openapi_contract import Contract, Operation


class ContractOperation(OpenAPIOperation):
    """An operation that Connexion routes to; its parameters and bodies are read by the binding."""

    contract_operation: Operation

    @classmethod
    def from_spec(
        cls, spec: ContractSpecification, *args: Any, path: str, method: str, resolver: Any, **kwargs: Any
    ) -> ContractOperation:
        """Make the operation at a path and method; the resolver finds its function at once."""
        found = spec.operations[path, method]
        operation = cls(
            method,
            path,
            {"operationId": found.operation_id, "responses": {}},
            *args,
            resolver=resolver,
            **kwargs,
        )
        operation.contract_operation = found
        return operation


class ContractSpecification(OpenAPISpecification):
    """A loaded contract, unchanged."""

    operation_cls = ContractOperation

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.operations = {(each.path, each.method): each for each in contract.operations}
        self._raw_spec = self._spec = contract.document
        self._base_uri = ""

    @property
    def base_path(self) -> str:
        """Paths of the contract are whole; servers say where it is deployed, not how it is bound."""
        return ""

    @base_path.setter
    def base_path(self, base_path: str) -> None:
        """Connexion sets what it has just read."""
