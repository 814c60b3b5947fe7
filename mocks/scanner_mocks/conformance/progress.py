"""What a run tells while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from schemathesis.engine import events

if TYPE_CHECKING:
    from rich.console import Console

    from .report import Report

UNKNOWN_LENGTH = "stateful"
"""The phase of which nobody knows beforehand how many scenarios it has."""
NOT_TOLD = frozenset({"probing", "schema_analysis", "auth_bootstrap"})


class Watch:
    """A bar for each phase; a line for each where there is no terminal.

    Args:
        console: where to.
        report: what grows meanwhile.
    """

    def __init__(self, console: Console, report: Report) -> None:
        self._console = console
        self._report = report
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[told]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = None if self._bars.disable else self._bars.add_task("", told="", visible=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def take(self, event: events.EngineEvent) -> None:
        """Show what an event changes."""
        match event:
            case events.PhaseStarted() if event.phase.name.value not in NOT_TOLD and event.phase.is_enabled:
                self._begin(event.phase.name.value)
            case events.ScenarioFinished() if self._task is not None:
                self._bars.update(self._task, advance=1, told=self._told())
            case events.PhaseFinished() if event.phase.name.value not in NOT_TOLD and event.phase.is_enabled:
                self._end(event.phase.name.value)

    def _begin(self, phase: str) -> None:
        if self._bars.disable:
            return
        total = None if phase == UNKNOWN_LENGTH else len([name for name in self._report.operations if name])
        self._task = self._bars.add_task(phase, total=total, told=self._told())

    def _end(self, phase: str) -> None:
        if self._bars.disable:
            self._console.print(f"{phase}: {self._told()}", highlight=False)
        elif self._task is not None:
            done = self._bars.tasks[-1].completed
            self._bars.update(self._task, total=max(done, 1), completed=max(done, 1))

    def _told(self) -> str:
        findings = len(self._report.findings)
        return f"{self._report.requests:,} requests, {findings} finding{'s' * (findings != 1)}"
