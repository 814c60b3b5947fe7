"""Counts the operations, statuses and parameters of a contract that the requests of a run exercise."""

from typing import Any

from schemathesis import Case

from contract_first.check.checks.samples import parameters_of
from contract_first.check.reports.recorded import OperationCoverage
from contract_first.check.reports.report import Report
from contract_first.check.target import Target


class Exercised:
    """Counts into a report."""

    def __init__(self, target: Target, report: Report) -> None:
        self._operations = {operation.label: operation for operation in target.operations}
        report.coverage = [OperationCoverage.of(operation) for operation in target.operations]
        self._coverage = {coverage.name: coverage for coverage in report.coverage}

    def record(self, case: Case[Any], status: int) -> None:
        """Count a request, and the status of its response; 0 for none."""
        label = case.operation.label
        operation, coverage = self._operations.get(label), self._coverage.get(label)
        if operation is None or coverage is None or case.method.lower() != operation.method:
            return
        coverage.calls += 1
        coverage.responded(operation.response_key(status), status)
        names = {
            (place, _spelled(place, name)) for place, part in parameters_of(case).items() for name in part
        }
        for parameter in operation.parameters:
            place, name = parameter["in"], parameter["name"]
            coverage.parameters[f"{place} {name}"] += (place, _spelled(place, name)) in names


def _spelled(place: str, name: str) -> str:
    return name.lower() if place == "header" else name
