"""What tests exercised of their contracts, added up over the processes of a run."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

import msgspec

from contract_first.check.reports.recorded import OperationCoverage, Share, shares

COUNTED = ("operations", "statuses", "parameters")
MOST_LISTED = 20
"""Operations of which the report lists what no test exercised."""


class ContractCoverage:
    """Operations, statuses and parameters that tests exercised, by contract."""

    def __init__(self) -> None:
        self._contracts: dict[str, dict[str, OperationCoverage]] = {}

    def add(self, contract: str, operations: Iterable[OperationCoverage]) -> None:
        """Add the counts of a contract's operations to those that are there."""
        counts = self._contracts.setdefault(contract, {})
        for operation in operations:
            if (before := counts.get(operation.operation)) is None:
                counts[operation.operation] = deepcopy(operation)  # which tests go on to count in
            else:
                before.calls += operation.calls
                _add(before.statuses, operation.statuses)
                _add(before.parameters, operation.parameters)

    def operations(self, contract: str) -> list[OperationCoverage]:
        """Return the counts of each operation of a contract, by its path or URL."""
        return list(self._contracts.get(contract, {}).values())

    @property
    def percent(self) -> float:
        """The share of all that is counted, of all contracts; 0 if no test used a contract."""
        every = [share for contract in self._contracts for share in self._shares(contract).values()]
        total = sum(share.total for share in every)
        return 100 * sum(share.exercised for share in every) / total if total else 0

    def to_builtins(self) -> dict[str, Any]:
        """Return the counts as dictionaries, lists, texts and numbers."""
        return {contract: msgspec.to_builtins(self.operations(contract)) for contract in self._contracts}

    def add_builtins(self, counts: dict[str, Any]) -> None:
        """Add what `to_builtins` of another process returned."""
        for contract, operations in counts.items():
            self.add(contract, msgspec.convert(operations, list[OperationCoverage]))

    def report(self, *, with_missing: bool) -> Iterator[str]:
        """Yield a line for each contract, and for each operation that lacks something if ``with_missing``."""
        for contract in self._contracts:
            counted = ", ".join(
                f"{share.exercised} of {share.total} {name}" for name, share in self._shares(contract).items()
            )
            yield f"{contract}: {counted}"
            if with_missing:
                yield from _limited([line for item in self.operations(contract) for line in _missing(item)])

    def _shares(self, contract: str) -> dict[str, Share]:
        every = shares(self.operations(contract))
        return {name: every[name] for name in COUNTED}


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


def _missing(operation: OperationCoverage) -> Iterator[str]:
    """Yield what no test exercised of an operation."""
    if not operation.calls:
        yield f"  {operation.name}: no test calls it"
        return
    parts = {"not responded": operation.statuses, "not sent": operation.parameters}
    lacking = [
        f"{words}: {', '.join(names)}"
        for words, counts in parts.items()
        if (names := [name for name, count in counts.items() if not count])
    ]
    if lacking:
        yield f"  {operation.name}: {'; '.join(lacking)}"


def _limited(lines: list[str]) -> Iterator[str]:
    yield from lines[:MOST_LISTED]
    if (more := len(lines) - MOST_LISTED) > 0:
        yield f"  ... {more} more operations"
