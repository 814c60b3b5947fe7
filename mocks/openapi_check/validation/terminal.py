"""A report for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from openapi_contract.comparison.findings import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from .coverage import OperationCoverage, Share
    from .report import Finding, Report

MOST_FINDINGS = 30
OTHER_COLUMNS = 33
"""Beside that of the operations: less would leave no room for statuses."""


def show(report: Report, console: Console) -> None:
    """Print what was found and what was exercised."""
    console.print(_coverage(report, console.width))
    if report.findings:
        console.print("\nWhat breaks the contract", style="bold")
        console.print(_findings(report))
    console.print()
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


def _coverage(report: Report, width: int) -> Table:
    prefix = report.prefix
    names = [f"{each.method} {printable(each.path.removeprefix(prefix))}" for each in report.coverage]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column(
        f"operation (below {printable(prefix)})" if prefix else "operation",
        overflow="fold",
        no_wrap=max(map(len, names), default=0) + OTHER_COLUMNS <= width,
    )
    for heading in ("calls", "params", "values"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(" statuses", overflow="fold")
    for name, each in zip(names, report.coverage, strict=True):
        shares = each.shares
        table.add_row(
            Text(name, "" if each.calls else "dim"),
            str(each.calls),
            _share(shares["parameters"]),
            _share(shares["enum values"]),
            Padding(_statuses(each), (0, 0, 0, 1)),
        )
    return table


def _statuses(operation: OperationCoverage) -> Text:
    seen = [Text(status) for status, count in operation.statuses.items() if count]
    wrong = [Text(f"{status}!", "red") for status in operation.undocumented]
    share = Text(str(_share(operation.shares["statuses"])), "dim")
    return Text(" ").join([share, *seen, *wrong])


def _share(share: Share) -> Text:
    return Text(f"{share.exercised}/{share.total}" if share.total else "", "" if share.exercised else "dim")


def _findings(report: Report) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for each in report.findings[:MOST_FINDINGS]:
        table.add_row(f"{each.count}x", _told(each))
    left = len(report.findings) - MOST_FINDINGS
    if left > 0:
        table.add_row("", f"... and {left} more")
    return table


def _told(finding: Finding) -> Text:
    first = finding.examples[0]
    place = f"{finding.side} {finding.part} {finding.where}".rstrip()
    return Text.assemble(
        (printable(place), "bold"),
        printable(f": {finding.rule}; {finding.detail}"),
        "\n",
        (printable(f"first in #{first.number} {first.method} {first.url} -> {first.status}"), "dim"),
    )
