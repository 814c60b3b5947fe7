"""A report in the terminal: findings, then operations, then the result."""

import os
from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contract_first.terminal import printable

from .recorded import OK, VIOLATED, OperationCoverage, Share, TrafficCounts
from .report import Finding, Report, Tested, Trouble, short, times
from .words import words_of

WIDE = 100
"""Columns of a terminal; one with fewer has no room for response times."""
WIDEST = 120
"""Columns of an output that is no terminal, such as the log of a CI."""
MOST_PLACES = 5
"""Operations of a finding; JSON and HTML have all."""
MOST_LINES = 11
"""Of a message or a body; JSON and HTML have all."""
MOST_FINDINGS = 30
"""In recorded traffic; JSON and HTML have all."""
MOST_OPERATIONS = 1_000
"""In recorded traffic, those that were exercised before others; JSON and HTML have all."""
OTHER_COLUMNS = 33
"""Beside that of the operations: less would leave no room for statuses."""
COLOURS = {OK: "green", VIOLATED: "red"}


def report_console(*, stderr: bool = False) -> Console:
    """Return the console of an output, wide where that is no terminal."""
    console = Console(highlight=False, stderr=stderr)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDEST
    return console


def show(report: Report, console: Console) -> None:
    if report.traffic is not None:
        _show_traffic(report, report.traffic, console)
        return
    for part in _parts(report, wide=console.width >= WIDE):
        console.print(part, crop=False)
        console.print()


def _parts(report: Report, *, wide: bool) -> Iterator[RenderableType]:
    prefix = report.prefix
    style = f"bold {COLOURS.get(report.exit_code, 'yellow')}"
    yield Text(report.headline(), style=style)
    yield _head(report, prefix)
    for number, finding in enumerate(report.by_cost(), 1):
        yield _finding(number, finding, prefix)
    for trouble in report.troubles:
        yield _trouble(trouble, prefix)
    if report.known_findings or report.gone:
        yield _known(report, prefix)
    yield _matrix(report, prefix, wide=wide)
    yield _legend(report)
    if about := " ".join(filter(None, (report.about_coverage(), report.about_phases()))):
        yield Text(about)
    yield Text(report.conclusion(), style=style)  # where the eye is once a run has ended


def _head(report: Report, prefix: str) -> Text:
    subject = report.subject
    text = Text.assemble((f"{subject.title} {subject.version}", "bold"), f" at {subject.url}{prefix}")
    text.append(", without a credential" if report.anonymous else "")
    return text.append(", read only" if report.read_only else "")


def _matrix(report: Report, prefix: str, *, wide: bool) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("operation", overflow="fold")
    for title in ("requests", "p50", "p95") if wide else ("requests",):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("checks", overflow="fold")
    for operation, tested in report.operations.items():
        numbers = _numbers(tested) if wide else _numbers(tested)[:1]
        table.add_row(short(operation, prefix), *numbers, _marks(tested))
    return table


def _numbers(tested: Tested) -> list[str]:
    return [f"{tested.total:,}" if tested.total else "", *tested.times.quantiles(0.5, 0.95)]


def _marks(tested: Tested) -> Text:
    failed = [words_of(check).name for check, outcomes in tested.checks.items() if outcomes.failed]
    if failed:
        return Text(f"✗ {', '.join(failed)}", style="bold red")
    return Text("✓", style="green") if tested.checks else Text("·", style="dim")


def _legend(report: Report) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # a path is longer than a narrow terminal has room for
    for check in report.checks:
        results = [tested.checks[check] for tested in report.operations.values() if check in tested.checks]
        passed, failed = (
            sum(outcomes.passed for outcomes in results),
            sum(outcomes.failed for outcomes in results),
        )
        counts = Text(f"{passed:,} passed").append(f", {failed:,} failed" * bool(failed), style="bold red")
        table.add_row(words_of(check).name, counts)
    for operation, reason in report.excluded.items():
        table.add_row(Text(operation, style="dim"), Text(f"excluded: {reason}", style="dim"))
    for check, reason in report.left_out.items():
        table.add_row(Text(words_of(check).name, style="dim"), Text(f"left out: {reason}", style="dim"))
    for check, notes in report.notes.items():
        table.add_row(Text(words_of(check).name, style="dim"), Text("\n".join(notes), style="dim"))
    return table


def _finding(number: int, finding: Finding, prefix: str) -> Group:
    seen = f", seen {times(finding.seen)}" if finding.seen > 1 else ""
    severity = f"{finding.severity}: " if finding.severity else ""
    head = Text.assemble((f"{number}. {severity}{finding.heading}", "bold red"), f", {finding.phase}{seen}")
    texts = [f"{label}: {text}" for label, text in finding.sentences().items()]
    lines = [finding.places(prefix, MOST_PLACES), *texts, finding.response.strip()]
    # not indented and not broken, so that it is copied as one line
    curl = [Text(finding.curl, style="cyan", overflow="ignore", no_wrap=True)] if finding.curl else []
    return Group(head, *(_indented(line) for line in lines if line), *curl)


def _known(report: Report, prefix: str) -> Text:
    lines = [
        f"known: {finding.heading}, {finding.places(prefix, MOST_PLACES)}"
        + f" ({finding.reason})" * bool(finding.reason)
        for finding in report.known_findings
    ]
    return Text(
        "\n".join([*lines, *(f"gone, and to be removed from the baseline: {gone}" for gone in report.gone)])
    )


def _trouble(trouble: Trouble, prefix: str) -> Group:
    head = Text.assemble((f"{short(trouble.operation, prefix)} could not be tested: ", "bold"), trouble.title)
    return Group(head, _indented(trouble.message))


def _indented(text: str) -> Padding:
    """Return the first lines of a text, indented."""
    lines = text.splitlines()
    if (more := len(lines) - MOST_LINES) > 0:
        lines[MOST_LINES:] = [f"... {more} more lines"]
    return Padding(Text("\n".join(lines)), (0, 0, 0, 3), expand=False)


def _show_traffic(report: Report, traffic: TrafficCounts, console: Console) -> None:
    console.print(_coverage(traffic, console.width))
    if (more := len(traffic.coverage) - MOST_OPERATIONS) > 0:
        console.print(f"... {more} more operations", style="dim")
    if report.findings:
        console.print("\nViolations of the contract", style="bold")
        console.print(_violations(report.findings))
    console.print()
    for line in summary(report, traffic):
        console.print(Text(printable(line)))


def summary(report: Report, traffic: TrafficCounts) -> Iterator[str]:
    """Yield the lines that sum up recorded traffic."""
    contract = f"{report.subject.title} {report.subject.version}"
    yield f"{traffic.exchanges} exchanges, {traffic.validated} validated by {contract}."
    requests, responses = traffic.violating_requests, traffic.violating_responses
    yield f"{requests} requests and {responses} responses violate the contract."
    for reason, count in traffic.unvalidated.items():
        yield f"Not validated {times(count)}: {reason}."
    for host, count in traffic.left_out.items():
        yield f"Left out {times(count)}, as it is not this API: {printable(host)}."
    if report.is_uncovered:
        yield report.about_coverage()
    yield "Exercised: " + ", ".join(f"{share} {name}" for name, share in traffic.shares.items()) + "."


def _coverage(traffic: TrafficCounts, width: int) -> Table:
    prefix = traffic.prefix
    listed = list(traffic.coverage)
    if len(listed) > MOST_OPERATIONS:
        listed = sorted(listed, key=lambda operation: not operation.calls)[:MOST_OPERATIONS]
    names = [printable(short(operation.name, prefix)) for operation in listed]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column(
        f"operation (below {printable(prefix)})" if prefix else "operation",
        overflow="fold",
        no_wrap=max(map(len, names), default=0) + OTHER_COLUMNS <= width,
    )
    for heading in ("calls", "params", "values"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(" statuses", overflow="fold")
    for name, operation in zip(names, listed, strict=True):
        table.add_row(
            Text(name, "" if operation.calls else "dim"),
            str(operation.calls),
            _share(operation.shares["parameters"]),
            _share(operation.shares["enum values"]),
            Padding(_statuses(operation), (0, 0, 0, 1)),
        )
    return table


def _statuses(operation: OperationCoverage) -> Text:
    seen = [Text(status) for status, count in operation.statuses.items() if count]
    wrong = [Text(f"{status}!", "red") for status in operation.undocumented]
    share = Text(str(_share(operation.shares["statuses"])), "dim")
    return Text(" ").join([share, *seen, *wrong])


def _share(share: Share) -> Text:
    return Text(f"{share.exercised}/{share.total}" if share.total else "", "" if share.exercised else "dim")


def _violations(findings: list[Finding]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings[:MOST_FINDINGS]:
        place = f"{finding.check} {finding.part} {finding.where}".rstrip()
        detail = printable(f": {finding.rule}; {finding.message}")
        first = (printable(f"first in {finding.examples[0]}"), "dim")
        table.add_row(f"{finding.seen}x", Text.assemble((printable(place), "bold"), detail, "\n", first))
    if len(findings) > MOST_FINDINGS:
        table.add_row("", f"... and {len(findings) - MOST_FINDINGS} more")
    return table
