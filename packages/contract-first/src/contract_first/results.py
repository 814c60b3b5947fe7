"""Results of a command as tools read them: SARIF 2.1.0 (OASIS), JUnit XML, annotations of GitHub Actions."""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Literal, NamedTuple
from xml.etree.ElementTree import Element, SubElement

import msgspec

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""
COUNTS = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
"""The attributes of a suite, and the elements that they count."""
IN_MESSAGES = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
IN_PROPERTIES = {**IN_MESSAGES, ord(":"): "%3A", ord(","): "%2C"}
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
    run = {"tool": {"driver": driver}, "results": [_sarif_result(result) for result in results]}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def _sarif_result(result: Result) -> dict[str, Any]:
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


class TestCase(NamedTuple):
    """A test in JUnit XML.

    Attributes:
        outcome: element that says how it ended; empty where it passed.
        message: of the outcome, in a line.
        text: of the outcome, at length.
        rule: that failed.
        classname: empty for the name of the suite.
    """

    suite: str
    name: str
    outcome: Literal["", "failure", "error", "skipped"] = ""
    message: str = ""
    text: str | None = None
    rule: str | None = None
    classname: str = ""


def junit(name: str, cases: Iterable[TestCase]) -> Element:
    """Return the suites of test cases, in the order of their first cases, as JUnit XML with its counts."""
    root, suites = Element("testsuites", name=xml_text(name)), dict[str, Element]()
    for case in cases:
        if case.suite not in suites:
            suites[case.suite] = SubElement(root, "testsuite", name=xml_text(case.suite))
        names = {"classname": xml_text(case.classname or case.suite), "name": xml_text(case.name)}
        element = SubElement(suites[case.suite], "testcase", names)
        if case.outcome:
            outcome = SubElement(element, case.outcome, message=xml_text(case.message))
            outcome.text = case.text and xml_text(case.text)
            if case.rule:
                outcome.set("type", case.rule)
    for suite in [root, *root]:
        for attribute, tag in COUNTS.items():
            suite.set(attribute, str(len(suite.findall(f".//{tag}"))))
    return root


def xml_text(text: str) -> str:
    """Return a text with what XML cannot write replaced."""
    return FORBIDDEN.sub("\ufffd", text)


def annotation(kind: str, title: str, message: str) -> str:
    """Return the line by which GitHub Actions annotates a run: a notice, a warning or an error."""
    return f"::{kind} title={title.translate(IN_PROPERTIES)}::{message.translate(IN_MESSAGES)}"
