"""What ``check`` shows and writes, while a check goes on and after it."""

import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.console import Console

from contract_first.check import CannotRunError, Report, validate_har
from contract_first.check.reports.baseline import Baseline, apply_baseline, read_baseline, write_baseline
from contract_first.check.reports.ci import junit, sarif, workflow_commands
from contract_first.check.reports.markdown import markdown
from contract_first.check.reports.page import page
from contract_first.check.reports.terminal import report_console, show
from contract_first.check.validation import Drift
from contract_first.cli.commands import failure
from contract_first.contract import Contract
from contract_first.signatures import Flag

if TYPE_CHECKING:
    from contract_first.check.run.checking import Checking


Printer = Callable[[Report, Console], None]
"""Shows a report in a terminal."""


class Outputs(NamedTuple):
    """Where a report goes beside the terminal.

    Attributes:
        junit: write the report as JUnit XML.
        html: write the report as a self-contained HTML page.
        json: write the report as JSON.
        sarif: write the findings as SARIF 2.1.0, such as for GitHub's code scanning.
        markdown: write the report as Markdown, such as for a job's summary.
        baseline: list the findings of this file apart, and do not fail for them.
        write_baseline: write all findings into a baseline; those of --baseline keep their reasons.
        prune_baseline: rewrite the file of --baseline without what is gone.
        github: annotate findings for GitHub Actions.
    """

    junit: Annotated[Path | None, Flag()] = None
    html: Annotated[Path | None, Flag()] = None
    json: Annotated[Path | None, Flag()] = None
    sarif: Annotated[Path | None, Flag()] = None
    markdown: Annotated[Path | None, Flag()] = None
    baseline: Annotated[Path | None, Flag()] = None
    write_baseline: Annotated[Path | None, Flag()] = None
    prune_baseline: Annotated[bool, Flag()] = False
    github: Annotated[bool, Flag(variable="GITHUB_ACTIONS")] = False

    def of_run(self, checking: "Checking") -> Report:
        """Make a check, and return its report once it is shown."""
        # Schemathesis takes a second
        from contract_first.check.run.progress import ProgressBars  # noqa: PLC0415 -- the reason above
        from contract_first.check.run.run import stopped_by_signals  # noqa: PLC0415 -- the reason above

        baseline = self.known()
        console = report_console(stderr=True)
        with checking.started() as run, stopped_by_signals(run), ProgressBars(console, run.report) as bars:
            run.on_own_check, run.on_tick = bars.own_check, bars.tick
            for event in checking.events(run):
                bars.take(event)
        report = self.concluded(run.report, run.target.contract, baseline, checking.check_names())
        if run.abandoned:
            sys.stdout.flush()
            os._exit(
                report.exit_code
            )  # a thread waits for a response, and the interpreter would for the thread
        return report

    def of_traffic(self, har: Path, checking: "Checking", propose: Path | None = None) -> Report:
        """Validate recorded traffic, propose what the contract lacks, and return the report once shown."""
        contract = checking.contract_of("")
        drift = Drift(contract, checking.url or None) if propose else None
        report = validate_har(har, contract, checking.url or None, drift)
        if propose and drift:
            propose.write_text(drift.overlay(), "utf-8")
        report.min_coverage = checking.min_coverage
        return self._reported(report, contract)

    def known(self) -> Baseline:
        """Return what is known; ValueError where there is no baseline to prune."""
        if self.prune_baseline and self.baseline is None:
            raise ValueError("--prune-baseline needs --baseline, whose file it writes.")
        return read_baseline(self.baseline) if self.baseline else Baseline()

    def concluded(
        self,
        report: Report,
        contract: Contract,
        baseline: Baseline,
        checks: Collection[str],
        printer: Printer = show,
    ) -> Report:
        """Set apart what a baseline has, and return the report once it is shown and written."""
        apply_baseline(report, baseline, datetime.now(UTC).date(), checks)
        if self.prune_baseline and self.baseline:
            write_baseline(self.baseline, report, baseline, new=False)
        if self.write_baseline is not None:
            write_baseline(self.write_baseline, report, baseline)
        return self._reported(report, contract, printer)

    def _reported(self, report: Report, contract: Contract, printer: Printer = show) -> Report:
        printer(report, report_console())
        if self.html is not None:
            self.html.write_text(page(report), "utf-8")
        if self.json is not None:
            self.json.write_bytes(report.json())
        if self.sarif is not None:
            self.sarif.write_bytes(sarif(report, contract))
        if self.markdown is not None:
            self.markdown.write_text(markdown(report), "utf-8")
        if self.junit is not None:
            self.junit.write_bytes(junit(report))
        if self.github:
            typer.echo("\n".join(workflow_commands(report)))
        return report


@contextmanager
def stated_failures() -> Iterator[None]:
    """End the command with 2, and say why, where a check cannot be made."""
    try:
        yield
    except (CannotRunError, ValueError, OSError) as error:
        raise failure(error, what="Cannot run: ") from None


def require_folders(*paths: Path | None) -> None:
    """Find out before a long run, not after it, that a report could not be written."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise ValueError(f"{path} cannot be written: {path.parent} is not a folder.")
