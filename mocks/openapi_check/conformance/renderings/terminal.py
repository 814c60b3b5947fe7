"""A report in the terminal: operation by check, then what is wrong."""

from __future__ import annotations

from string import ascii_letters, digits
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from openapi_check.conformance.report import OK, VIOLATED

from .names import milliseconds, prefix_of, short, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from openapi_check.conformance.report import Finding, Report, Tested, Trouble

LETTERS = ascii_letters + digits
WIDE = 100
"""Columns of a terminal; one with fewer has no room for times."""
MOST_LINES = 12
"""Of a message or an answer; JSON and HTML have all."""
COLOURS = {OK: "green", VIOLATED: "red"}


def show(report: Report, console: Console) -> None:
    """Print a report."""
    for part in _parts(report, wide=console.width >= WIDE):
        console.print(part, crop=False)
        console.print()


def _parts(report: Report, *, wide: bool) -> Iterator[RenderableType]:
    prefix = prefix_of(report.operations)
    names = dict(zip(report.checks, LETTERS, strict=False))
    yield _head(report, prefix)
    yield _matrix(report, names, prefix, wide=wide)
    yield _legend(report, names)
    for number, finding in enumerate(report.findings, 1):
        yield _finding(number, finding, prefix)
    for trouble in report.troubles:
        yield _trouble(trouble, prefix)
    yield Text(verdict(report), style=f"bold {COLOURS.get(report.exit_code, 'yellow')}")


def _head(report: Report, prefix: str) -> Text:
    subject = report.subject
    text = Text.assemble((f"{subject.title} {subject.version}", "bold"), f" at {subject.url}{prefix}")
    text.append(", without a credential" if report.anonymous else "")
    return text.append(", read only" if report.read_only else "")


def _matrix(report: Report, names: dict[str, str], prefix: str, *, wide: bool) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("operation", overflow="fold")
    for title in ("requests", "p50", "p95") if wide else ("requests",):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("".join(names.values()), no_wrap=True)
    for operation, tested in report.operations.items():
        numbers = _numbers(tested) if wide else _numbers(tested)[:1]
        table.add_row(short(operation, prefix), *numbers, _marks(tested, names))
    return table


def _numbers(tested: Tested) -> tuple[str, ...]:
    if not tested.total:
        return "", "", ""
    times = tested.times
    return f"{tested.total:,}", milliseconds(times.quantile(0.5)), milliseconds(times.quantile(0.95))


def _marks(tested: Tested, names: dict[str, str]) -> Text:
    marks = Text()
    for check in names:
        tally = tested.checks.get(check)
        if tally is None:
            marks.append("·", style="dim")
        else:
            marks.append("✗", style="bold red") if tally.failed else marks.append("✓", style="green")
    return marks


def _legend(report: Report, names: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for overflow in ("ellipsis", "ellipsis", "fold"):  # a path is longer than a narrow terminal has room for
        table.add_column(overflow=overflow)
    for check, letter in names.items():
        tallies = [tested.checks[check] for tested in report.operations.values() if check in tested.checks]
        passed, failed = sum(tally.passed for tally in tallies), sum(tally.failed for tally in tallies)
        told = Text(f"{passed:,} passed")
        table.add_row(
            letter, check, told.append(f", {failed:,} failed", style="bold red") if failed else told
        )
    for check, reason in report.left_out.items():
        table.add_row("", Text(check, style="dim"), Text(f"left out: {reason}", style="dim"))
    for check, notes in report.notes.items():
        table.add_row("", Text(check, style="dim"), Text("\n".join(notes), style="dim"))
    return table


def _finding(number: int, finding: Finding, prefix: str) -> Group:
    seen = f", seen {finding.seen} times" if finding.seen > 1 else ""
    head = Text.assemble(
        (f"{number}. {short(finding.operation, prefix)}", "bold red"),
        f"  {finding.check} ({finding.phase}{seen})",
    )
    status = f"HTTP {finding.status}\n" if finding.status else ""
    said = (f"{finding.title}\n{finding.message}".strip(), f"{status}{finding.answer}".strip())
    # not indented and not broken, so that whoever copies it gets one line
    curl = [Text(finding.curl, style="cyan", overflow="ignore", no_wrap=True)] if finding.curl else []
    return Group(head, *(_indented(text) for text in said if text), *curl)


def _trouble(trouble: Trouble, prefix: str) -> Group:
    head = Text.assemble((f"{short(trouble.operation, prefix)} could not be tested: ", "bold"), trouble.title)
    return Group(head, _indented(trouble.message))


def _indented(text: str) -> Padding:
    return Padding(_cut(text), (0, 0, 0, 3), expand=False)


def _cut(text: str) -> Text:
    lines = text.splitlines()
    more = len(lines) - MOST_LINES
    return Text("\n".join([*lines[:MOST_LINES], *([f"... {more} more lines"] if more > 0 else [])]))
