"""What ``contract show --collections`` prints: what is recognised in a contract, how surely, and why."""

from collections.abc import Iterator
from pathlib import Path

from contract_first.contract import Contract, ContractError, Operation
from contract_first.recognition import BY_PATHS, Collection, Corrections, Reading, recognize

from . import mock_file
from .checking import configuration
from .commands import failure


def collections_of(contract: Contract) -> Iterator[str]:
    """Yield lines on the collections of a contract and on its operations, as files here correct them."""
    try:
        recognition = recognize(contract, _corrections(), least=BY_PATHS)
    except ContractError as error:
        raise failure(error) from None
    lines: dict[str, list[str]] = {path: [] for path in recognition.collections}
    without: list[str] = []
    for operation in contract.operations:
        readings = recognition.readings.get(operation.operation_id, [])
        if readings:
            best, *others = readings
            lines[best.collection.path].append(f"  {_line(operation, best, others)}")
        else:
            without.append(f"{operation.label}: no collection")
    for path, operations in lines.items():
        yield from (_heading(recognition.collections[path]), *operations)
    yield from without


def _corrections() -> Corrections:
    """Return those of the project's file in the current folder, else those of the mock's."""
    files = [path for name in (configuration.NAME, mock_file.NAME) if (path := Path(name)).is_file()]
    tables = (Corrections.read(path) for path in files)
    return next((table for table in tables if table.lines), Corrections())


def _heading(collection: Collection) -> str:
    key = f"by {collection.key_name}" if collection.key else "no key"
    score = f" ({collection.score:.1f}: {', '.join(collection.reasons)})" if collection.reasons else ""
    stored = "stored with --stateful" if collection.is_stored else "filled by no operation"
    use = "for checks alone" if collection.score == BY_PATHS else stored
    return f"{collection.path}: {'one object' if collection.is_single else key}{score}; {use}"


def _line(operation: Operation, best: Reading, others: list[Reading]) -> str:
    acts = ((it, f"{it.action} of {it.collection.path} ({it.score:.2f}, {it.reason})") for it in others)
    here = best.collection, best.action
    other = next((text for it, text in acts if (it.collection, it.action) != here), "none")
    return f"{operation.label}: {best.action} {best.score:.2f}, {best.reason}; next best: {other}"
