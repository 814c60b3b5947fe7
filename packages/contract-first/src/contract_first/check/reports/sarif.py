"""A report as SARIF, with the lines of the operations in the contract."""

from contract_first.contract import Contract
from contract_first.contract.document.defects import Diagnostic
from contract_first.contract.document.sarif import Level, Result, as_sarif
from contract_first.contract.reading.reading import with_lines

from .report import WHOLE_API, Finding, Report
from .words import words_of

LEVELS: dict[str, Level] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def sarif(report: Report, contract: Contract) -> bytes:
    """Return the findings; those that do not fail the run are notes."""
    pointers = {operation.label: contract.origin(operation.pointer) for operation in contract.operations}
    places = [
        Diagnostic(contract.source, 0, finding.pointer or pointers.get(finding.operation, ""), "")
        for finding in report.findings
    ]
    lines = {place.pointer: place.line for place in with_lines(places)}
    results = [
        Result(
            rule=finding.check,
            level=LEVELS.get(finding.severity, "error") if report.fails(finding) else "note",
            message=_message(finding),
            source=report.subject.source,
            line=lines.get(place.pointer, 0),
            subject=finding.operation or WHOLE_API,
            identity=f"{finding.check} {finding.title} {finding.operation}",
        )
        for finding, place in zip(report.findings, places, strict=True)
    ]
    checks = dict.fromkeys(finding.check for finding in report.findings)
    return as_sarif(results, {check: words_of(check).expected or words_of(check).name for check in checks})


def _message(finding: Finding) -> str:
    sentences = [f"{label}: {text}" for label, text in finding.sentences().items() if text]
    return "\n".join(
        [f"{finding.heading}, in {', '.join(finding.operations) or finding.operation}", *sentences]
    )
