"""Reports a comparison as JSON, Markdown, HTML, JUnit XML, and annotations of GitHub Actions."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape
from xml.etree.ElementTree import tostring

from contract_first.results import TestCase, annotation, junit
from contract_first.terminal import printable

from .changes import Change
from .rules import Severity

GITHUB = {Severity.BREAKING: "error", Severity.RISKY: "warning"}
PAGE = """<!doctype html><html lang=en><meta charset=utf-8><title>Changes of a contract</title><style>
body{font:15px/1.4 system-ui;margin:2em;color-scheme:light dark}
td,th{text-align:left;vertical-align:top;padding:.4em}
.breaking td:first-child{color:#c00}.risky td:first-child{color:#a60}.safe td:first-child{color:#080}</style>
"""
MOST_NAMED = 3
"""Operations that are named; others are counted."""


def as_json(changes: Sequence[Change]) -> str:
    """Return the changes as one JSON object: counts by severity, and a list."""
    counts = count(changes)
    report = {
        **{severity.value: counts[severity] for severity in Severity},
        "changes": [
            {
                "severity": change.severity.value,
                "rule": change.difference.rule.name,
                "side": change.difference.rule.side.value,
                "meaning": change.difference.rule.meaning,
                "operations": change.operations,
                "where": change.difference.where,
                "pointer": change.difference.pointer,
                "detail": change.difference.detail,
            }
            for change in changes
        ],
    }
    return json.dumps(report, indent=2)


def as_markdown(changes: Sequence[Change]) -> str:
    """Return the changes as Markdown, by operation, for a comment or a page."""
    lines = [f"**{summary(changes)}**"]
    for operations, group in by_operations(changes):
        lines += ["", "### " + ", ".join(named(operations, _code)), ""]
        lines += [
            f"- **{change.severity}** {_code(change.difference.rule.name)} {_described(change)}"
            for change in group
        ]
    return "\n".join(lines)


def as_html(changes: Sequence[Change]) -> str:
    """Return the changes as a page that needs no other file."""
    rows = "".join(
        f"<tr class={change.severity.value}><td>{change.severity.value}<td><code>{rule.name}</code>"
        f"<br>{escape(rule.meaning)}<td>{'<br>'.join(map(escape, named(change.operations)))}"
        f"<td><code>{escape(_place(change))}</code>"
        for change in changes
        for rule in [change.difference.rule]
    )
    head = "<tr><th>Severity<th>Rule<th>Operations<th>Place"
    return f"{PAGE}<h1>{summary(changes)}</h1><table>{head}{rows}</table>"


def as_junit(changes: Sequence[Change], failing: Sequence[Severity]) -> str:
    """Return JUnit XML: a test for each change, which fails if it has one of the severities."""
    return tostring(junit("contract diff", (_case(change, failing) for change in changes))[0], "unicode")


def _case(change: Change, failing: Sequence[Severity]) -> TestCase:
    rule = change.difference.rule
    return TestCase(
        suite="contract diff",
        name=f"{rule.name} {_place(change)}",
        outcome="failure" if change.severity in failing else "",
        message=f"{change.severity}: {rule.meaning}",
        text=printable(change.difference.pointer),
        rule=rule.name,
        classname=", ".join(named(change.operations)),
    )


def as_github(changes: Sequence[Change]) -> str:
    """Return GitHub's workflow commands: a line for each change that is not safe, and one that counts."""
    lines = [
        annotation(
            GITHUB[change.severity],
            change.difference.rule.name,
            f"{', '.join(named(change.operations))}: {_place(change)} ({change.difference.rule.meaning})",
        )
        for change in changes
        if change.severity in GITHUB
    ]
    return "\n".join([*lines, annotation("notice", "contract diff", summary(changes))])


def _place(change: Change) -> str:
    return ": ".join(filter(None, (change.difference.where, change.difference.detail)))


def _described(change: Change) -> str:
    where, detail = change.difference.where, change.difference.detail
    return ": ".join(_code(text) for text in (where, detail) if text) or change.difference.rule.meaning


def _code(text: str) -> str:
    """Return a code span; a backtick in it would end it."""
    return f"`{text.replace('`', chr(39))}`"


def summary(changes: Iterable[Change]) -> str:
    """Return the number of changes of each severity in words."""
    counts = count(changes)
    if not counts:
        return "No changes."
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity)


def count(changes: Iterable[Change]) -> Counter[Severity]:
    """Return how many changes there are of each severity."""
    return Counter(change.severity for change in changes)


def by_operations(changes: Iterable[Change]) -> list[tuple[tuple[str, ...], list[Change]]]:
    """Group changes by the operations that share them, in the order of the worst of each group."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        groups.setdefault(change.operations, []).append(change)
    return list(groups.items())


def named(operations: Sequence[str], spelled: Callable[[str], str] = str) -> list[str]:
    """Return the first names of operations, and the number of the others."""
    names, more = [spelled(operation) for operation in operations[:MOST_NAMED]], len(operations) - MOST_NAMED
    return [*names, f"and {more} more"] if more > 0 else names
