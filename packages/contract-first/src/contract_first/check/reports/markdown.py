"""A report as Markdown, for a job's summary: findings, then operations, then what was left out."""

from collections.abc import Iterator

from .report import Finding, Report, short, times
from .words import words_of

MARKUP = frozenset(r"\`*_[]<>#|&~")
MOST_PLACES = 10
"""Operations of a finding; JSON and HTML have all."""


def markdown(report: Report) -> str:
    """Return the report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    prefix = report.prefix
    yield f"## {_text(report.subject.title)} {_text(report.subject.version)}"
    yield ""
    yield f"**{_text(report.conclusion())}**"
    for number, finding in enumerate(report.by_cost(), 1):
        yield from _finding(number, finding, prefix)
    for trouble in report.troubles:
        yield f"\n- {_text(short(trouble.operation, prefix))} could not be tested: {_text(trouble.title)}"
    for finding in report.known_findings:
        reason = f": {_text(finding.reason)}" * bool(finding.reason)
        yield f"\n- known: {_text(finding.heading)}, {_text(finding.places(prefix, MOST_PLACES))}{reason}"
    for gone in report.gone:
        yield f"\n- gone, and to be removed from the baseline: {_text(gone)}"
    yield "\n| operation | requests | failed |\n| --- | ---: | --- |"
    for operation, tested in report.operations.items():
        failed = [words_of(check).name for check, outcomes in tested.checks.items() if outcomes.failed]
        yield f"| {_text(short(operation, prefix))} | {tested.total:,} | {', '.join(failed)} |"
    yield ""
    for about in filter(None, (report.about_coverage(), report.about_phases())):
        yield f"{_text(about)}\n"
    for operation, reason in report.excluded.items():
        yield f"- {_text(short(operation, prefix))} excluded: {_text(reason)}"
    for check, reason in report.left_out.items():
        yield f"- {words_of(check).name} left out: {_text(reason)}"
    for check, notes in report.notes.items():
        yield f"- {words_of(check).name}: {_text('; '.join(notes))}"


def _finding(number: int, finding: Finding, prefix: str) -> Iterator[str]:
    yield f"\n### {number}. {_text(finding.heading)}\n"
    seen = f", seen {times(finding.seen)}" if finding.seen > 1 else ""
    yield f"{finding.severity}{seen}: {_text(finding.places(prefix, MOST_PLACES))}"
    yield ""
    for label, text in finding.sentences().items():
        yield f"- {label}: {_text(' '.join(text.split()))}"
    if finding.curl:
        yield f"\n    {' '.join(finding.curl.splitlines())}"


def _text(text: str) -> str:
    """Return a text in which nothing is markup."""
    return "".join(f"&#{ord(character)};" if character in MARKUP else character for character in text)
