"""The documented responses of all operations of a contract, each made once."""

from functools import partial

from contract_first.contract import Operation
from contract_first.generation import Generator
from contract_first.mock.shape.links import Links
from contract_first.service.assembly import Assembly

from .documented import DocumentedResponses


class Documents:
    """The documented responses of a contract's operations; arguments as of `DocumentedResponses`."""

    def __init__(self, assembly: Assembly, generator: Generator, *, reports_examples: bool = False) -> None:
        self.contract = assembly.contract
        links = Links(self.contract.operations)
        self._make = partial(
            DocumentedResponses,
            assembly=assembly,
            generator=generator,
            links=links,
            reports_examples=reports_examples,
        )
        self._by_operation: dict[str, DocumentedResponses] = {}

    def of(self, operation: Operation) -> DocumentedResponses:
        """Return the documented responses of an operation."""
        name = operation.operation_id
        if name not in self._by_operation:
            self._by_operation[name] = self._make(operation)
        return self._by_operation[name]
