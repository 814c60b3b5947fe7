"""Recorded traffic as a check's report: for JUnit XML and annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .report import Finding, Report, Subject, Tally

if TYPE_CHECKING:
    from openapi_check.validation.report import Finding as JudgedFinding
    from openapi_check.validation.report import Report as JudgedReport
    from openapi_contract import Contract

RECORDED = "recorded"
"""What is told as the phase of traffic that was not ours."""


def as_checked(judged: JudgedReport, contract: Contract, source: str) -> Report:
    """Return what was found in recorded traffic as a check's report, for its JUnit XML and annotations."""
    subject = Subject(
        url=source,
        source=contract.source,
        title=contract.document["info"]["title"],
        version=contract.version,
        digest=contract.digest,
    )
    report = Report(subject=subject, end="complete")
    for each in judged.coverage:
        tested = report.tested(f"{each.method} {each.path}")
        tested.operation_id, tested.requests = each.operation, {RECORDED: each.calls}
        tested.checks = {side: Tally(passed=each.calls) for side in ("request", "response") if each.calls}
    names = {tested.operation_id: operation for operation, tested in report.operations.items()}
    for finding in judged.findings:
        report.findings.append(_finding(finding, names.get(finding.operation, "")))
        tally = report.tested(report.findings[-1].operation).tally(finding.side)
        # one message may break several promises, so these are at least the ones that broke none
        tally.passed, tally.failed = max(0, tally.passed - finding.count), tally.failed + finding.count
    return report


def _finding(judged: JudgedFinding, operation: str) -> Finding:
    seen = [f"#{each.number} {each.method} {each.url} -> {each.status}" for each in judged.examples]
    return Finding(
        operation=operation,
        check=judged.side,
        title=f"{judged.part} {judged.where}: {judged.rule}".replace(" :", ":"),
        message="\n".join([judged.detail, *seen]),
        phase=RECORDED,
        status=judged.examples[0].status if judged.examples else 0,
        seen=judged.count,
    )
