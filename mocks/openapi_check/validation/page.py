"""A report as a page that needs nothing else: findings, and the contract as a heat map."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from openapi_check.standalone_page import standalone_page

from .report import COULD_NOT_RUN, OK, VIOLATIONS
from .terminal import summary, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .coverage import OperationCoverage, Share
    from .report import Finding, Report

KINDS = {OK: "ok", VIOLATIONS: "broken", COULD_NOT_RUN: ""}
HEATS = {0: "never", 1: "once", 2: "2 to 9 times", 3: "10 to 99 times", 4: "more often"}


def page(report: Report) -> str:
    """Return the page."""
    style = (files(__package__) / "page.css").read_text("utf-8")
    title = f"{report.title} {report.version}: traffic and contract"
    body = "\n".join([f"<h1>{escape(title)}</h1>", *_parts(report)])
    return standalone_page(title, style, body)


def _parts(report: Report) -> Iterator[str]:
    lines = list(summary(report))
    yield f'<p class="verdict {KINDS[report.exit_code()]}">{escape(" ".join(lines[:2]))}</p>'
    yield "".join(f'<p class="about">{escape(line)}</p>' for line in lines[2:-1])
    yield f'<ul class="shares">{"".join(_tile(*each) for each in report.shares.items())}</ul>'
    yield f"<h2>Operations and statuses</h2>{_heat_map(report)}{_legend()}"
    if report.findings:
        yield "<h2>What breaks the contract</h2>"
        yield from map(_finding, report.findings)
    if report.more_findings:
        yield f'<p class="about">... and {report.more_findings} violations of further kinds.</p>'
    yield "<h2>Parameters and values</h2>"
    for number, each in enumerate(report.coverage):
        yield _operation(number, each)


def _tile(name: str, share: Share) -> str:
    meter = f'<meter min="0" max="{max(share.total, 1)}" value="{share.exercised}"></meter>'
    return f"<li><b>{share}</b>{escape(name)} exercised{meter}</li>"


def _heat_map(report: Report) -> str:
    statuses = sorted({status for each in report.coverage for status in (*each.statuses, *each.undocumented)})
    head = "".join(f"<th>{escape(status)}</th>" for status in statuses)
    prefix = report.prefix
    rows = "\n".join(_row(number, each, statuses, prefix) for number, each in enumerate(report.coverage))
    below = f'<p class="about">Paths are below {escape(prefix)}.</p>' if prefix else ""
    numbers = '<th class="number">calls</th><th class="number">parameters</th><th class="number">values</th>'
    return (
        f'<div class="wide"><table><thead><tr><th>operation</th>{numbers}{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{below}"
    )


def _row(number: int, operation: OperationCoverage, statuses: list[str], prefix: str) -> str:
    shares = operation.shares
    numbers = (str(operation.calls), *(_short(shares[each]) for each in ("parameters", "enum values")))
    cells = "".join(f'<td class="number">{each}</td>' for each in numbers)
    cells += "".join(_cell(operation, status) for status in statuses)
    path = escape(operation.path.removeprefix(prefix)).replace("/", "<wbr>/")
    name = f"{escape(operation.method)} {path}"
    return f'<tr><th scope="row"><a href="#operation-{number}">{name}</a></th>{cells}</tr>'


def _cell(operation: OperationCoverage, status: str) -> str:
    if status in operation.undocumented:
        return f'<td class="wrong" title="not in the contract">{operation.undocumented[status]}!</td>'
    if status not in operation.statuses:
        return "<td></td>"
    count = operation.statuses[status]
    return f'<td class="h{_heat(count)}">{count or "-"}</td>'


def _legend() -> str:
    entries = "".join(f'<li><i class="h{heat}"></i>{text}</li>' for heat, text in HEATS.items())
    return f'<ul class="legend">{entries}<li><i class="wrong"></i>not in the contract</li></ul>'


def _finding(finding: Finding) -> str:
    where = f"{finding.side}: {finding.part} {finding.where}".rstrip()
    examples = "".join(
        f"<li><code>#{each.number} {escape(each.method)} {escape(each.url)}</code> &rarr; {each.status}</li>"
        for each in finding.examples
    )
    return (
        f"<article><h3>{escape(where)} &mdash; {escape(finding.rule)}</h3><p>{escape(finding.detail)}</p>"
        f'<p class="about">{times(finding.count)}; {escape(finding.operation)} '
        f"<code>{escape(finding.pointer)}</code></p>"
        f'<ul class="examples">{examples}</ul></article>'
    )


def _operation(number: int, operation: OperationCoverage) -> str:
    """Write an operation; a link to what is inside opens it, one to the whole would not."""
    name = escape(f"{operation.method} {operation.path}")
    shares = operation.shares
    counted = {"parameters": shares["parameters"], "values": shares["enum values"]}
    about = ", ".join(f"{_short(share)} {name}" for name, share in counted.items() if share.total)
    chips = _chips("Parameters", operation.parameters.items())
    for place, values in operation.values.items():
        chips += _chips(place, values.items())
    return (
        f"<details><summary>{name}<small>{about}</small></summary>"
        f'<p class="about" id="operation-{number}">{escape(operation.operation)}</p>{chips}</details>'
    )


def _chips(title: str, counts: Iterable[tuple[str, int]]) -> str:
    chips = "".join(f'<li class="h{_heat(count)}">{escape(text)}: {count}</li>' for text, count in counts)
    return f'<h3>{escape(title)}</h3><ul class="chips">{chips}</ul>' if chips else ""


def _short(share: Share) -> str:
    return f"{share.exercised}/{share.total}" if share.total else ""


def _heat(count: int) -> int:
    return sum(count >= least for least in (1, 2, 10, 100))
