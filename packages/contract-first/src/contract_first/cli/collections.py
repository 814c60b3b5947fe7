"""What ``contract show --collections`` prints: what is recognised in a contract, how surely, and why."""

from itertools import chain
from pathlib import Path

from contract_first.contract import Contract, ContractError, Operation
from contract_first.recognition import BY_PATHS, Collection, Corrections, Reading, recognize

from . import mock_file
from .checking import configuration
from .commands import failure


def collections_of(contract: Contract) -> list[str]:
    """Return lines on the collections of a contract and on its operations, as files here correct them."""
    try:
        recognition = recognize(contract, _corrections(), least=BY_PATHS)
    except ContractError as error:
        raise failure(error) from None
    lines = {path: [_heading(collection)] for path, collection in recognition.collections.items()}
    without: list[str] = []
    for operation in contract.operations:
        if readings := recognition.readings.get(operation.operation_id):
            lines[readings[0].collection.path].append(_line(operation, *readings))
        else:
            without.append(f"{operation.label}: no collection")
    return [*chain(*lines.values()), *without]


def _corrections() -> Corrections:
    """Return those of the project's file in the current folder, else those of the mock's."""
    files = [path for name in (configuration.NAME, mock_file.NAME) if (path := Path(name)).is_file()]
    return next((table for table in map(Corrections.read, files) if table.lines), Corrections())


def _heading(collection: Collection) -> str:
    key = f"by {collection.key_name}" if collection.key else "no key"
    score = f" ({collection.score:.1f}: {', '.join(collection.reasons)})" if collection.reasons else ""
    stored = "stored with --stateful" if collection.is_stored else "filled by no operation"
    use = "for checks alone" if collection.score == BY_PATHS else stored
    return f"{collection.path}: {'one object' if collection.is_single else key}{score}; {use}"


def _line(operation: Operation, best: Reading, *others: Reading) -> str:
    acts = (
        f"{it.action} of {it.collection.path} ({it.score:.2f}, {it.reason})"
        for it in others
        if (it.collection.path, it.action) != (best.collection.path, best.action)
    )
    return (
        f"  {operation.label}: {best.action} {best.score:.2f}, {best.reason}; next best: {next(acts, 'none')}"
    )
