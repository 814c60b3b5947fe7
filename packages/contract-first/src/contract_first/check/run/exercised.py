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
        declared = [parameter["name"] for parameter in operation.parameters if parameter["in"] == "header"]
        headers = {name.lower(): name for name in declared}
        names = {
            f"{place} {headers.get(name.lower(), name) if place == 'header' else name}"
            for place, part in parameters_of(case).items()
            for name in part
        }
        coverage.requested(names)
        coverage.responded(operation.response_key(status), status)
