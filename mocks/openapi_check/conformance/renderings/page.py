"""A report as an HTML page that needs nothing else: no script, no font, no other file."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from openapi_check.conformance.report import OK, VIOLATED
from openapi_check.har_writer import phrase_of
from openapi_check.standalone_page import standalone_page

from .names import milliseconds, prefix_of, short, verdict
from .plot import decades, plot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openapi_check.conformance.report import Finding, Report, Tested

CLASSES = {OK: "ok", VIOLATED: "broken"}


def page(report: Report) -> str:
    """Return the page."""
    title = f"{report.subject.title} {report.subject.version}: contract check"
    style = (files(__package__) / "page.css").read_text("utf-8")
    return standalone_page(title, style, "\n".join(_parts(report)))


def _parts(report: Report) -> Iterator[str]:
    prefix = prefix_of(report.operations)
    yield _head(report)
    yield _matrix(report, prefix)
    if report.findings or report.troubles:
        yield "<h2>What is wrong</h2>"
    for number, finding in enumerate(report.findings, 1):
        yield _finding(number, finding, prefix)
    for trouble in report.troubles:
        name = escape(short(trouble.operation, prefix))
        told = f"<h3>{name} could not be tested: {escape(trouble.title)}</h3>{_pre(trouble.message)}"
        yield f"<article>{told}</article>"
    yield "<h2>What was tried</h2>"
    between = decades(tested.times for tested in report.operations.values())
    for number, (operation, tested) in enumerate(report.operations.items(), 1):
        yield _tested(short(operation, prefix), number, tested, between)


def _head(report: Report) -> str:
    subject = report.subject
    facts = {
        "URL": subject.url,
        "contract": f"{subject.title} {subject.version}, {subject.source}",
        "digest": subject.digest,
        "started": report.started.isoformat(" ", "seconds"),
        "ended": report.reason or report.end,
        "credentials": "none" if report.anonymous else "",
        "read only": "yes" if report.read_only else "",
        "waited for rate limits": f"{report.waited:.0f} s" if report.waited else "",
        **{f"left out: {check}": reason for check, reason in report.left_out.items()},
        **{f"note: {check}": "; ".join(notes) for check, notes in report.notes.items()},
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items() if fact)
    css = CLASSES.get(report.exit_code, "")
    return (
        f"<h1>{escape(subject.title)} {escape(subject.version)}: contract check</h1>\n"
        f'<p class="verdict {css}">{escape(verdict(report))}</p>\n<dl>{rows}</dl>'
    )


def _matrix(report: Report, prefix: str) -> str:
    head = "".join(f"<th><span>{escape(check)}</span></th>" for check in report.checks)
    rows = "\n".join(
        f'<tr><th scope="row"><a href="#operation-{number}">{_broken(short(operation, prefix))}</a></th>'
        f"{_numbers(tested)}{''.join(_cell(tested, check) for check in report.checks)}</tr>"
        for number, (operation, tested) in enumerate(report.operations.items(), 1)
    )
    numbers = "".join(f'<th class="number">{name}</th>' for name in ("requests", "p50", "p95"))
    below = f'<p class="about">Paths are below {escape(prefix)}.</p>' if prefix else ""
    return (
        '<h2>Operations and checks</h2>\n<div class="wide"><table class="matrix">'
        f"<thead><tr><th>operation</th>{numbers}{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{below}"
    )


def _broken(name: str) -> str:
    """Return a name that goes on in another line at a slash, where there is little room."""
    return escape(name).replace("/", "<wbr>/")


def _numbers(tested: Tested) -> str:
    times = tested.times
    shown = [milliseconds(times.quantile(share)) if times.total else "" for share in (0.5, 0.95)]
    return "".join(f'<td class="number">{value}</td>' for value in (f"{tested.total:,}", *shown))


def _cell(tested: Tested, check: str) -> str:
    tally = tested.checks.get(check)
    if tally is None:
        return '<td class="none">·</td>'
    told = f"{tally.passed:,} passed, {tally.failed:,} failed"
    css, mark = ("failed", "✗") if tally.failed else ("passed", "✓")
    return f'<td class="{css}" title="{escape(check)}: {told}">{mark}</td>'


def _finding(number: int, finding: Finding, prefix: str) -> str:
    seen = f", seen {finding.seen:,} times" if finding.seen > 1 else ""
    where = escape(short(finding.operation, prefix))
    status = f"HTTP {finding.status} {phrase_of(finding.status)}" if finding.status else ""
    answer = f'<p class="about">{status}</p>' * bool(status) + _pre(finding.answer)
    curl = f'<pre class="curl">{escape(finding.curl)}</pre>' if finding.curl else ""
    return (
        f"<article><h3>{number}. {where}: {escape(finding.title)}</h3>"
        f'<p class="about">{escape(finding.check)}, {escape(finding.phase)}{seen}</p>'
        f"{_pre(finding.message)}{answer}{curl}</article>"
    )


def _tested(name: str, number: int, tested: Tested, between: tuple[int, int]) -> str:
    failed = sum(tally.failed for tally in tested.checks.values())
    told = f'<small class="failed">{failed:,} failed</small>' if failed else ""
    requests = _chips(
        "Requests by phase", (f"{phase}: {count:,}" for phase, count in tested.requests.items())
    )
    statuses = _chips(
        "Answers",
        (f"{status} {phrase_of(status)}: {count:,}" for status, count in sorted(tested.statuses.items())),
    )
    checks = _chips(
        "Checks passed",
        (
            f"{check}: {tally.passed:,} of {tally.passed + tally.failed:,}"
            for check, tally in tested.checks.items()
        ),
    )
    picture = plot(tested.times, between) if tested.times.total else ""
    summary = f"<summary>{escape(name)}<small>{tested.total:,} requests</small>{told}</summary>"
    about = f'<p class="about">{escape(tested.operation_id)}</p>'
    return (
        f'<details id="operation-{number}"{" open" * bool(failed)}>{summary}{about}'
        f"{requests}{statuses}{picture}{checks}</details>"
    )


def _chips(title: str, texts: Iterable[str]) -> str:
    chips = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<h3>{title}</h3><ul class="chips">{chips}</ul>' if chips else ""


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if text else ""
