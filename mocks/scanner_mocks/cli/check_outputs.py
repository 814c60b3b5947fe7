"""What ``scanner-api check`` shows and writes, while a check goes on and after it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import typer

from openapi_check.conformance.arrival import CannotRunError, contract_of
from openapi_check.conformance.interruption import stopped_by_signals
from openapi_check.conformance.progress import Watch
from openapi_check.conformance.recorded import as_checked
from openapi_check.conformance.renderings import files, github, terminal
from openapi_check.validation import judge_har
from openapi_check.validation.page import page
from openapi_check.validation.terminal import show as show_judged
from openapi_contract.cli.commands import CANNOT_RUN

from .console import report_console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openapi_check.conformance import Report
    from openapi_check.conformance.checking import Checking


class Outputs(NamedTuple):
    """Where a report goes beside the terminal; None where it does not.

    Attributes:
        junit: file of JUnit XML.
        html: file of a page.
        json: file of JSON.
        annotations: whether GitHub Actions gets them.
    """

    junit: Path | None
    html: Path | None
    json: Path | None
    annotations: bool

    def of_run(self, checking: Checking) -> Report:
        """Make a check, and return its report once it is told."""
        console = report_console()
        with checking.started() as run, stopped_by_signals(run), Watch(console, run.report) as watch:
            run.on_own_check = watch.own_check
            for event in checking.events(run):
                watch.take(event)
        terminal.show(run.report, console)
        for path, write in ((self.html, files.write_page), (self.json, files.write_json)):
            if path is not None:
                write(run.report, path)
        return self._told(run.report)

    def of_traffic(self, har: Path, checking: Checking) -> Report:
        """Judge recorded traffic, and return its report once it is told; page and JSON are its own."""
        contract = contract_of("", checking.contract, checking.fallback)
        judged = judge_har(har, contract, checking.url or None)
        show_judged(judged, report_console())
        if self.html is not None:
            self.html.write_text(page(judged), "utf-8")
        if self.json is not None:
            self.json.write_bytes(judged.json())
        return self._told(as_checked(judged, contract, str(har)))

    def _told(self, report: Report) -> Report:
        """Tell a report to CI."""
        if self.junit is not None:
            files.write_junit(report, self.junit)
        if self.annotations:
            typer.echo("\n".join(github.workflow_commands(report)))
        return report


@contextmanager
def told_where_impossible() -> Iterator[None]:
    """End the command with 2, and say why, where a check cannot be made."""
    try:
        yield
    except (CannotRunError, ValueError, OSError) as error:
        typer.echo(f"Cannot run: {error}", err=True)
        raise typer.Exit(CANNOT_RUN) from None


def require_folders(*paths: Path | None) -> None:
    """Find out before a long run, not after it, that a report could not be written."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise ValueError(f"{path} cannot be written: {path.parent} is no folder.")
