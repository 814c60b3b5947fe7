"""A report for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from scanner_contract.comparison.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from .coverage import OperationCoverage, Share
    from .report import Finding, Report

MOST_FINDINGS = 30


def show(report: Report, console: Console) -> None:
    """Print what was found and what was exercised."""
    console.print(_coverage(report))
    if report.findings:
        console.print(_findings(report))
    for line in summary(report):
        console.print(Text(printable(line)))


def summary(report: Report) -> Iterator[str]:
    """Yield what there is to say in a few lines."""
    yield f"{report.exchanges} exchanges, {report.judged} judged by {report.title} {report.version}."
    yield f"{report.broken_requests} requests and {report.broken_responses} answers break the contract."
    for reason, count in report.unjudged.items():
        yield f"Not judged {times(count)}: {reason}."
    for host, count in report.left_out.items():
        yield f"Left out {times(count)}, as it is not this API: {printable(host)}."
    yield "Exercised: " + ", ".join(f"{share} {name}" for name, share in report.shares.items()) + "."


def times(count: int) -> str:
    """Return how often, in words."""
    return "once" if count == 1 else f"{count} times"


def _coverage(report: Report) -> Table:
    prefix = report.prefix
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"operation (below {printable(prefix)})" if prefix else "operation", overflow="fold")
    table.add_column("calls", justify="right")
    table.add_column("statuses")
    for heading in ("parameters", "enum values"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in report.coverage:
        shares = each.shares
        table.add_row(
            Text(f"{each.method} {printable(each.path.removeprefix(prefix))}", "" if each.calls else "dim"),
            str(each.calls),
            _statuses(each),
            _share(shares["parameters"]),
            _share(shares["enum values"]),
        )
    return table


def _statuses(operation: OperationCoverage) -> Text:
    seen = [status for status, count in operation.statuses.items() if count]
    text = Text(" ".join(seen))
    text.append("".join(f" {status}!" for status in operation.undocumented), "red")
    text.append(f" of {len(operation.statuses)}", "dim")
    return text


def _share(share: Share) -> Text:
    return Text(f"{share.exercised}/{share.total}" if share.total else "", "" if share.exercised else "dim")


def _findings(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="What breaks the contract", title_justify="left")
    table.add_column("times", justify="right")
    for heading in ("side", "where", "rule", "first seen"):
        table.add_column(heading, overflow="fold")
    for each in report.findings[:MOST_FINDINGS]:
        table.add_row(*_row(each))
    left = len(report.findings) - MOST_FINDINGS
    if left > 0:
        table.caption = f"... and {left} more"
    return table


def _row(finding: Finding) -> Iterator[Text]:
    yield Text(str(finding.count))
    yield Text(finding.side)
    yield Text(printable(f"{finding.part} {finding.where}".rstrip()))
    yield Text(printable(f"{finding.rule}: {finding.detail}"))
    first = finding.examples[0]
    yield Text(printable(f"#{first.number} {first.method} {first.url} -> {first.status}"))
