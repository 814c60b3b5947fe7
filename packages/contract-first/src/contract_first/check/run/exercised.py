"""Counts the operations, statuses and parameters of a contract that the requests of a run exercise."""

from collections.abc import Mapping
from typing import Any

from schemathesis import Case

from contract_first.check.reports.recorded import OperationCoverage
from contract_first.check.reports.report import Report
from contract_first.check.target import Target
from contract_first.contract import Operation


class Exercised:
    """Counts into a report, which may have the counts of an interrupted run."""

    def __init__(self, target: Target, report: Report) -> None:
        self._operations = {operation.label: operation for operation in target.operations}
        if not report.coverage:
            report.coverage = [_nothing(operation) for operation in target.operations]
        self._coverage = {coverage.name: coverage for coverage in report.coverage}

    def record(self, case: Case[Any], status: int) -> None:
        """Count a request, and the status of its response; 0 for none."""
        label = case.operation.label
        operation, coverage = self._operations.get(label), self._coverage.get(label)
        if operation is None or coverage is None or case.method.lower() != operation.method:
            return
        coverage.calls += 1
        code = operation.response_key(status)
        if code is not None:
            coverage.statuses[code] += 1
        elif status:
            coverage.undocumented[str(status)] = coverage.undocumented.get(str(status), 0) + 1
        fields = {name.lower(): value for name, value in (case.headers or {}).items()}
        holders: dict[str, Mapping[str, Any]] = {
            "path": case.path_parameters or {},
            "query": case.query or {},
            "header": fields,
            "cookie": case.cookies or {},
        }
        for parameter in operation.parameters:
            place, name = parameter["in"], parameter["name"]
            if (name.lower() if place == "header" else name) in holders.get(place, {}):
                coverage.parameters[f"{place} {name}"] += 1


def _nothing(operation: Operation) -> OperationCoverage:
    return OperationCoverage(
        operation=operation.operation_id,
        method=operation.method.upper(),
        path=operation.path,
        statuses=dict.fromkeys(operation.responses, 0),
        parameters={f"{parameter['in']} {parameter['name']}": 0 for parameter in operation.parameters},
        values={},
    )
