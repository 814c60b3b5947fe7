"""Reports a comparison as text, JSON, Markdown, HTML, JUnit XML, and annotations of GitHub Actions."""

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from xml.etree.ElementTree import tostring

from contract_first.results import TestCase, annotation, junit
from contract_first.terminal import printable

from .changes import Change
from .lines import MOST_NAMED, Line, lines, summary
from .rules import Severity

GITHUB = {Severity.BREAKING: "error", Severity.RISKY: "warning"}
PAGE = """<!doctype html><html lang=en><meta charset=utf-8><title>Changes of a contract</title><style>
body{font:15px/1.4 system-ui;margin:2em;color-scheme:light dark}
td,th{text-align:left;vertical-align:top;padding:.4em}
.breaking td:first-child{color:#c00}.risky td:first-child{color:#a60}.safe td:first-child{color:#080}</style>
"""


def as_json(changes: Sequence[Change]) -> str:
    """Return the changes as one JSON object: counts by severity, and a list."""
    counts = Counter(change.severity for change in changes)
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


def as_text(changes: Sequence[Change], *, is_whole: bool = False) -> str:
    """Return a summary, and the changes in lines: severity, rule, place and operations.

    Args:
        is_whole: whether all operations are listed, here and in the other formats.
    """
    return "\n".join([*summary(changes), *(_text(line, is_whole=is_whole) for line in lines(changes))])


def _text(line: Line, *, is_whole: bool) -> str:
    reach = line.reach(is_whole=is_whole)
    is_short = not is_whole and len(reach) <= MOST_NAMED
    operations = f"  ({', '.join(reach)})" if is_short else "".join(f"\n          {name}" for name in reach)
    place = f"  {line.place}" * bool(line.place)
    return f"{line.rule.severity:8}  {line.rule.name}{place}{operations}"


def as_markdown(changes: Sequence[Change], *, is_whole: bool = False) -> str:
    """Return the changes as Markdown, for a comment or a page."""
    counts, *sentences = summary(changes)
    text = [f"**{counts}**", "", *(f"- {sentence}" for sentence in sentences), ""]
    for line in lines(changes):
        operations = ", ".join(map(_code, line.reach(is_whole=is_whole)))
        place = _code(line.place) if line.place else line.rule.meaning
        text.append(f"- **{line.rule.severity}** {_code(line.rule.name)} {place} ({operations})")
    return "\n".join(text)


def as_html(changes: Sequence[Change], *, is_whole: bool = False) -> str:
    """Return the changes as a page that needs no other file."""
    counts, *sentences = summary(changes)
    rows = "".join(
        f"<tr class={line.rule.severity}><td>{line.rule.severity}<td><code>{line.rule.name}</code>"
        f"<br>{escape(line.rule.meaning)}<td>{'<br>'.join(map(escape, line.reach(is_whole=is_whole)))}"
        f"<td><code>{escape(line.place)}</code>"
        for line in lines(changes)
    )
    head = "<tr><th>Severity<th>Rule<th>Operations<th>Place"
    about = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"{PAGE}<h1>{counts}</h1>{about}<table>{head}{rows}</table>"


def as_junit(changes: Sequence[Change], failing: Sequence[Severity], *, is_whole: bool = False) -> str:
    """Return JUnit XML: a test for each line, which fails if it has one of the severities."""
    cases = (_case(line, failing, is_whole=is_whole) for line in lines(changes))
    return tostring(junit("contract diff", cases)[0], "unicode")


def _case(line: Line, failing: Sequence[Severity], *, is_whole: bool) -> TestCase:
    return TestCase(
        suite="contract diff",
        name=f"{line.rule.name} {line.place}",
        outcome="failure" if line.rule.severity in failing else "",
        message=f"{line.rule.severity}: {line.rule.meaning}",
        text=printable(line.pointer),
        rule=line.rule.name,
        classname=", ".join(line.reach(is_whole=is_whole)),
    )


def as_github(changes: Sequence[Change], *, is_whole: bool = False) -> str:
    """Return GitHub's workflow commands: one for each line that is not safe, and one that counts."""
    commands = [
        annotation(
            GITHUB[line.rule.severity],
            line.rule.name,
            f"{', '.join(line.reach(is_whole=is_whole))}: {line.place} ({line.rule.meaning})",
        )
        for line in lines(changes)
        if line.rule.severity in GITHUB
    ]
    return "\n".join([*commands, annotation("notice", "contract diff", "\n".join(summary(changes)))])


def _code(text: str) -> str:
    """Return a code span; a backtick in it would end it."""
    return f"`{text.replace('`', chr(39))}`"
