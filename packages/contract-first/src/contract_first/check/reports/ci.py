"""A report for a CI: as JUnit XML, as SARIF with the lines of the contract, and as annotations of GitHub."""

from collections.abc import Iterator
from xml.etree.ElementTree import tostring

from contract_first.contract import Contract
from contract_first.contract.document.defects import Diagnostic
from contract_first.contract.reading.reading import with_lines
from contract_first.results import Level, Result, TestCase, annotation, as_sarif
from contract_first.results import junit as suites

from .report import WHOLE_API, Finding, Report
from .words import words_of

LEVELS: dict[str, Level] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def junit(report: Report) -> bytes:
    """Return JUnit XML: a suite for each operation, a test for each check."""
    root = suites(f"{report.subject.title} {report.subject.version}", _cases(report))
    root.set("time", f"{report.seconds:.3f}")
    document: bytes = tostring(root, "utf-8", xml_declaration=True)
    return document


def _cases(report: Report) -> Iterator[TestCase]:
    for operation, tested in report.operations.items():
        name = operation or WHOLE_API
        for check in tested.checks:
            findings = [
                finding
                for finding in report.findings
                if finding.check == check and finding.concerns(operation)
            ]
            titles = "; ".join(dict.fromkeys(finding.title for finding in findings))
            text = "\n\n".join(_failure(finding, operation) for finding in findings)
            fails = any(map(report.fails, findings))
            yield TestCase(name, check, "failure", titles, text, check) if fails else TestCase(name, check)
        if not tested.checks:
            yield TestCase(name, "any check", "skipped", "no request was sent")
        yield from _errors(report, name, {operation})
    elsewhere = {trouble.operation for trouble in report.troubles} - report.operations.keys()
    yield from _errors(report, WHOLE_API, elsewhere)
    for check, reason in report.left_out.items():
        yield TestCase("left out", check, "skipped", reason)
    for check in report.cut_short:
        yield TestCase("cut short", check, "skipped", "; ".join(report.notes.get(check, ["cut short"])))


def _errors(report: Report, suite: str, operations: set[str]) -> Iterator[TestCase]:
    for trouble in report.troubles:
        if trouble.operation in operations:
            yield TestCase(suite, trouble.title, "error", trouble.title, trouble.message)


def _failure(finding: Finding, operation: str) -> str:
    """Return a finding at length where it was seen first, elsewhere where that is."""
    if operation != finding.operation:
        return f"{finding.title}\n\nas in {finding.operation or WHOLE_API}"
    message = "\n".join([finding.message, *map(str, finding.examples)])
    return "\n\n".join(filter(None, (finding.title, message, finding.response, finding.curl)))


def workflow_commands(report: Report) -> Iterator[str]:
    """Yield GitHub's workflow commands: a line for each finding, and one for the conclusion."""
    for finding in report.findings:
        where = finding.operation or WHOLE_API
        others = f"also {', '.join(finding.operations[1:])}" if finding.operations[1:] else ""
        texts = (finding.title, finding.message, others, *map(str, finding.examples), finding.curl)
        kind = "error" if report.fails(finding) else "warning"
        yield annotation(kind, f"{where}: {finding.check}", "\n".join(filter(None, texts)))
    for trouble in report.troubles:
        yield annotation("error", f"{trouble.operation or WHOLE_API}: {trouble.title}", trouble.message)
    yield annotation("notice" if not report.exit_code else "error", "contract check", report.conclusion())


def sarif(report: Report, contract: Contract) -> bytes:
    """Return the findings; those that do not fail the run are notes, those that are known are suppressed."""
    findings = [*report.findings, *report.known_findings]
    violated = [(finding, place) for finding in findings for place in finding.all_violated]
    pointers = {operation.label: contract.origin(operation.pointer) for operation in contract.operations}
    origins = [finding.pointer or pointers.get(place.operation, "") for finding, place in violated]
    diagnostics = with_lines(Diagnostic(contract.source, 0, pointer, "") for pointer in origins)
    lines = {diagnostic.pointer: diagnostic.line for diagnostic in diagnostics}
    results = [
        Result(
            rule=finding.check,
            level=LEVELS.get(finding.severity, "error") if report.fails(finding) else "note",
            message=f"{finding}\nHere: {place.message}"
            if place.message not in ("", finding.message)
            else str(finding),
            source=report.subject.source,
            line=lines.get(pointer, 0),
            subject=place.operation or WHOLE_API,
            identity=f"{finding.check} {place}",
            suppression=finding.reason if finding in report.known_findings else None,
        )
        for (finding, place), pointer in zip(violated, origins, strict=True)
    ]
    checks = dict.fromkeys(finding.check for finding in findings)
    return as_sarif(results, {check: words_of(check).expected or words_of(check).name for check in checks})
