"""The documented responses of all operations of a contract, each made once."""

from contract_first.contract import Operation
from contract_first.generation import Generator
from contract_first.mock.relations.links import Links
from contract_first.service.assembly import Assembly

from .documented import DocumentedResponses


class Documents:
    """The documented responses of a contract's operations; arguments as of `DocumentedResponses`."""

    def __init__(self, assembly: Assembly, generator: Generator, *, reports_examples: bool = False) -> None:
        self._assembly, self._generator, self._reports_examples = assembly, generator, reports_examples
        self._links = Links(assembly.contract.operations)
        self._by_operation: dict[str, DocumentedResponses] = {}

    def of(self, operation: Operation) -> DocumentedResponses:
        """Return the documented responses of an operation."""
        name = operation.operation_id
        if name not in self._by_operation:
            self._by_operation[name] = DocumentedResponses(
                operation,
                self._assembly,
                self._generator,
                self._links,
                reports_examples=self._reports_examples,
            )
        return self._by_operation[name]
