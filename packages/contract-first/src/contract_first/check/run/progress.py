"""The progress of a run in the terminal."""

from time import monotonic
from typing import Self

from rich import progress
from rich.console import Console
from schemathesis.engine import events
from schemathesis.engine.run import Phase

from contract_first.check.reports.report import Report

from .recording import MINIMISING, OWN_CHECKS

UNKNOWN_LENGTH = "stateful"
"""The phase of which nobody knows beforehand how many scenarios it has."""
OUTSIDE = (OWN_CHECKS, MINIMISING)
"""What Schemathesis has no events for."""
HIDDEN = frozenset({"probing", "schema_analysis", "auth_bootstrap"})


EVERY_SECONDS = 10
"""How often there is a line where there is no terminal."""


class ProgressBars:
    """A bar for each phase; without a terminal a line for each, and one every ten seconds.

    A budget lets phases repeat: they keep their bar, and have one line.
    """

    def __init__(self, console: Console, report: Report) -> None:
        self._console = console
        self._report = report
        self._tasks: dict[str, progress.TaskID] = {}
        self._going_on: set[str] = set()
        self._reported: set[str] = set()
        self._requests = 0
        self._began = self._last = monotonic()
        self._bars = progress.Progress(
            progress.SpinnerColumn(finished_text="[green]✓[/]"),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("{task.fields[status]}"),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        for phase in list(self._going_on):
            self._end(phase)
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

    def tick(self, activity: str, requests: int) -> None:
        """Show what is going on."""
        self._requests = requests
        if activity in OUTSIDE and activity not in self._going_on:
            self._begin(activity, None)
        if activity in self._tasks:
            self._bars.update(self._tasks[activity], status=self._status())
        elif (now := monotonic()) - self._last >= EVERY_SECONDS:
            self._last = now
            self._console.print(f"{activity}: {self._status()}, {now - self._began:.0f} s", highlight=False)

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
        requests = max(self._requests, self._report.requests)
        return f"{requests:,} requests, {findings} finding{'s' * (findings != 1)}"


def _is_shown(phase: Phase) -> bool:
    return phase.is_enabled and phase.name.value not in HIDDEN
