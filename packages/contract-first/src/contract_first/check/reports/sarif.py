"""Findings as SARIF 2.1.0 (OASIS), which code scanning reads, with the lines of the contract."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Literal, NamedTuple

import msgspec

from contract_first.contract import Contract
from contract_first.contract.document.defects import Diagnostic
from contract_first.contract.reading.reading import with_lines

from .report import WHOLE_API, Report
from .words import words_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
Level = Literal["error", "warning", "note"]


class Result(NamedTuple):
    """What is wrong at a place.

    Attributes:
        rule: its name.
        source: file or URL.
        line: from 1; 0 where it is not known.
        subject: what it is about, such as an operation or a pointer.
        identity: the same for the same result in another run; empty for `subject` and `rule`.
        suppression: why it is known and may stay; None where it is not known.
    """

    rule: str
    level: Level
    message: str
    source: str
    line: int = 0
    subject: str = ""
    identity: str = ""
    suppression: str | None = None


def as_sarif(results: Iterable[Result], rules: Mapping[str, str]) -> bytes:
    """Return a SARIF log of one run.

    Args:
        rules: what each rule expects, by name.
    """
    driver = {
        "name": "contract-first",
        "version": version("contract-first"),
        "rules": [{"id": name, "shortDescription": {"text": text}} for name, text in rules.items()],
    }
    run = {"tool": {"driver": driver}, "results": [_result(result) for result in results]}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def _result(result: Result) -> dict[str, Any]:
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": result.source.replace("\\", "/")},
            "region": {"startLine": max(1, result.line)},
        },
        "logicalLocations": [{"fullyQualifiedName": result.subject}],
    }
    identity = result.identity or f"{result.rule} {result.subject}"
    # code scanning closes what is suppressed, and opens it again once that is over
    suppression = {"kind": "external", "status": "accepted", "justification": result.suppression}
    suppressions = [] if result.suppression is None else [suppression]
    return {
        "suppressions": suppressions,
        "ruleId": result.rule,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [place],
        "partialFingerprints": {"contractFirst/v1": identity},
    }


LEVELS: dict[str, Level] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def sarif(report: Report, contract: Contract) -> bytes:
    """Return the findings; those that do not fail the run are notes, those that are known are suppressed."""
    findings = [*report.findings, *report.known_findings]
    pointers = {operation.label: contract.origin(operation.pointer) for operation in contract.operations}
    places = [
        Diagnostic(contract.source, 0, finding.pointer or pointers.get(finding.operation, ""), "")
        for finding in findings
    ]
    lines = {place.pointer: place.line for place in with_lines(places)}
    results = [
        Result(
            rule=finding.check,
            level=LEVELS.get(finding.severity, "error") if report.fails(finding) else "note",
            message=str(finding),
            source=report.subject.source,
            line=lines.get(place.pointer, 0),
            subject=finding.operation or WHOLE_API,
            identity=f"{finding.check} {finding.title} {finding.operation}",
            suppression=finding.reason if finding in report.known_findings else None,
        )
        for finding, place in zip(findings, places, strict=True)
    ]
    checks = dict.fromkeys(finding.check for finding in findings)
    return as_sarif(results, {check: words_of(check).expected or words_of(check).name for check in checks})
