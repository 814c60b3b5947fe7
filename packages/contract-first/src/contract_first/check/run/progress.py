"""The progress of a run in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from schemathesis.engine import events
from schemathesis.engine.run import Phase

from contract_first.check.reports.report import Report

from .recording import OWN_CHECKS

if TYPE_CHECKING:
    from rich.console import Console

UNKNOWN_LENGTH = "stateful"
"""The phase of which nobody knows beforehand how many scenarios it has."""
HIDDEN = frozenset({"probing", "schema_analysis", "auth_bootstrap"})


class ProgressBars:
    """A bar for each phase; a line for each where there is no terminal.

    A budget lets phases repeat: they keep their bar, and have one line.
    """

    def __init__(self, console: Console, report: Report) -> None:
        self._console = console
        self._report = report
        self._tasks: dict[str, TaskID] = {}
        self._going_on: set[str] = set()
        self._reported: set[str] = set()
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[status]}"),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end(OWN_CHECKS)
        self._bars.stop()

    def take(self, event: events.EngineEvent) -> None:
        match event:
            case events.PhaseStarted() if _is_shown(event.phase):
                self._end(OWN_CHECKS)
                phase = event.phase.name.value
                length = len([name for name in self._report.operations if name])
                self._begin(phase, None if phase == UNKNOWN_LENGTH else length)
            case events.ScenarioFinished() if event.phase.value in self._tasks:
                self._bars.update(self._tasks[event.phase.value], advance=1, status=self._status())
            case events.PhaseFinished() if _is_shown(event.phase):
                self._end(event.phase.name.value)

    def own_check(self, name: str) -> None:
        """Show that a check of ours is at its own requests."""
        if OWN_CHECKS not in self._going_on:
            self._begin(OWN_CHECKS, None)
        if OWN_CHECKS in self._tasks:
            self._bars.update(self._tasks[OWN_CHECKS], status=name)

    def _begin(self, phase: str, length: int | None) -> None:
        self._going_on.add(phase)
        if phase in self._tasks:
            self._bars.reset(self._tasks[phase], total=length)
        elif not self._bars.disable:
            self._tasks[phase] = self._bars.add_task(phase, total=length, status=self._status())

    def _end(self, phase: str) -> None:
        if phase not in self._going_on:
            return
        self._going_on.remove(phase)
        if phase in self._tasks:
            done = max(1, self._bars.tasks[self._tasks[phase]].completed)
            self._bars.update(self._tasks[phase], total=done, completed=done, status=self._status())
        elif phase not in self._reported:
            self._reported.add(phase)
            self._console.print(f"{phase}: {self._status()}", highlight=False)

    def _status(self) -> str:
        findings = len(self._report.findings)
        return f"{self._report.requests:,} requests, {findings} finding{'s' * (findings != 1)}"


def _is_shown(phase: Phase) -> bool:
    return phase.is_enabled and phase.name.value not in HIDDEN
