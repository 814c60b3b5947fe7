"""What a document says itself of collections: ``x-mock-collection`` of a Path Item or an Operation."""

from typing import Any, Final

from contract_first.contract import Contract, ContractError, Operation

from .collection import ROLES

EXTENSION: Final = "x-mock-collection"


def mark_of(operation: Operation, contract: Contract) -> Any:
    """Return the mark of an operation in the document: False, or an object; raises ContractError."""
    path_item = contract.resolve(contract.paths[operation.path])
    mark = operation.definition.get(EXTENSION, path_item.get(EXTENSION, {}))
    if mark is not False and (
        not isinstance(mark, dict)
        or not mark.keys() <= {"path", "role", "key"}
        or mark.get("role", ROLES[0]) not in ROLES
        or ("role" in mark) != ("path" in mark)
    ):
        expected = f"expected false, {{key: ...}}, or {{path: ..., role: {' | '.join(ROLES)}}}"
        raise error_of(operation, contract, expected)
    return mark


def error_of(operation: Operation, contract: Contract, reason: str) -> ContractError:
    """Return the error for a mark of an operation that cannot be right."""
    return ContractError(contract.source, operation.pointer, f"{EXTENSION}: {reason}.")
