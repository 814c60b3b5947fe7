"""A report for a CI: as JUnit XML, and as annotations of GitHub Actions."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from contract_first.terminal import annotation

from .report import WHOLE_API, Finding, Report, Tested, Trouble

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def junit(report: Report) -> bytes:
    """Return JUnit XML: a suite for each operation, a test for each check."""
    root = Element("testsuites", name=_xml_text(f"{report.subject.title} {report.subject.version}"))
    for operation, tested in report.operations.items():
        _suite(root, operation, tested, report)
    if elsewhere := [trouble for trouble in report.troubles if trouble.operation not in report.operations]:
        _errors(SubElement(root, "testsuite", name=WHOLE_API), elsewhere)
    cut_short = {check: "; ".join(report.notes.get(check, ["cut short"])) for check in report.cut_short}
    _skipped(root, "left out", report.left_out)
    _skipped(root, "cut short", cut_short)
    for suite in [root, *root]:
        suite.set("tests", str(len(suite.findall(".//testcase"))))
        suite.set("failures", str(len(suite.findall(".//failure"))))
        suite.set("errors", str(len(suite.findall(".//error"))))
        suite.set("skipped", str(len(suite.findall(".//skipped"))))
    root.set("time", f"{report.seconds:.3f}")
    document: bytes = tostring(root, "utf-8", xml_declaration=True)
    return document


def workflow_commands(report: Report) -> Iterator[str]:
    """Yield GitHub's workflow commands: a line for each finding, and one for the conclusion."""
    for finding in report.findings:
        where = finding.operation or WHOLE_API
        others = f"also {', '.join(finding.operations[1:])}" if finding.operations[1:] else ""
        text = "\n".join(
            filter(None, (finding.title, finding.message, others, *_examples(finding), finding.curl))
        )
        yield annotation("error" if report.fails(finding) else "warning", f"{where}: {finding.check}", text)
    for trouble in report.troubles:
        yield annotation("error", f"{trouble.operation or WHOLE_API}: {trouble.title}", trouble.message)
    yield annotation("notice" if not report.exit_code else "error", "contract check", report.conclusion())


def _suite(root: Element, operation: str, tested: Tested, report: Report) -> None:
    suite = SubElement(root, "testsuite", name=_xml_text(operation or WHOLE_API))
    for check in tested.checks:
        case = _case(suite, check)
        findings = [
            finding for finding in report.findings if finding.check == check and finding.concerns(operation)
        ]
        if findings:
            titles = "; ".join(dict.fromkeys(finding.title for finding in findings))
            failure = SubElement(case, "failure", message=_xml_text(titles), type=check)
            failure.text = _xml_text("\n\n".join(_failure(finding, operation) for finding in findings))
    if not tested.checks:
        SubElement(_case(suite, "any check"), "skipped", message="no request was sent")
    _errors(suite, [trouble for trouble in report.troubles if trouble.operation == operation])


def _skipped(root: Element, name: str, checks: dict[str, str]) -> None:
    if checks:
        suite = SubElement(root, "testsuite", name=name)
        for check, reason in checks.items():
            SubElement(_case(suite, check), "skipped", message=_xml_text(reason))


def _errors(suite: Element, troubles: list[Trouble]) -> None:
    for trouble in troubles:
        error = SubElement(_case(suite, trouble.title), "error", message=_xml_text(trouble.title))
        error.text = _xml_text(trouble.message)


def _failure(finding: Finding, operation: str) -> str:
    """Return a finding at length where it was seen first, elsewhere where that is."""
    if operation != finding.operation:
        return f"{finding.title}\n\nas in {finding.operation or WHOLE_API}"
    message = "\n".join([finding.message, *_examples(finding)])
    return "\n\n".join(filter(None, (finding.title, message, finding.response, finding.curl)))


def _examples(finding: Finding) -> list[str]:
    return [str(example) for example in finding.examples]


def _case(suite: Element, name: str) -> Element:
    return SubElement(suite, "testcase", classname=suite.get("name", ""), name=_xml_text(name))


def _xml_text(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)
