"""What a check tells while it goes on."""

import uuid
from io import StringIO
from itertools import count

import pytest
from rich.console import Console
from schemathesis.engine import Status, events
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.engine.run import Phase, PhaseName

from contract_first.check.reports.report import Report, ReportSubject
from contract_first.check.run.progress import ProgressBars

SUBJECT = ReportSubject(
    url="http://a.example", source="packaged", title="Shelf", version="1", digest="0" * 64
)


def output(*, terminal, cycles):
    """Return what is written by a run that fuzzes in so many cycles, with checks of ours around it."""
    console = Console(file=StringIO(), force_terminal=terminal, width=100, color_system=None)
    report = Report(subject=SUBJECT)
    report.tested("GET /things")
    phase = Phase(name=PhaseName.FUZZING, is_enabled=True)
    with ProgressBars(console, report) as watch:
        watch.own_check("http_semantics")
        for _ in range(cycles):
            watch.take(events.PhaseStarted(phase=phase, payload=None))
            watch.take(finished())
            watch.take(events.PhaseFinished(phase=phase, status=Status.SUCCESS, payload=None))
        watch.own_check("retry_after")
    return console.file.getvalue()


def finished():
    """Return the event of an operation that was tried."""
    return events.ScenarioFinished(
        id=uuid.uuid4(),
        phase=PhaseName.FUZZING,
        suite_id=uuid.uuid4(),
        label="GET /things",
        status=Status.SUCCESS,
        recorder=ScenarioRecorder(label="GET /things"),
        elapsed_time=0.1,
        skip_reason=None,
        is_final=True,
    )


@pytest.mark.parametrize("cycles", [1, 5])
def test_without_a_terminal_a_phase_is_one_line(cycles):
    """A log has one line for a phase, however often a budget lets it start again."""
    own, fuzzing = output(terminal=False, cycles=cycles).splitlines()
    assert (own, fuzzing) == ("own checks: 0 requests, 0 findings", "fuzzing: 0 requests, 0 findings")


def test_in_a_terminal_a_phase_is_one_bar():
    """A terminal has one bar for a phase, and one for our own checks."""
    *_, own_checks, fuzzing, _ = output(terminal=True, cycles=5).split("\n")
    assert "✓ fuzzing" in fuzzing
    assert "1/1" in fuzzing
    assert "✓ own checks" in own_checks


def test_without_a_terminal_there_is_a_line_every_ten_seconds(monkeypatch):
    """A log has a line every ten seconds: the phase, the requests, the findings and the time."""
    clock = count()
    monkeypatch.setattr("contract_first.check.run.progress.monotonic", lambda: next(clock))
    console = Console(file=StringIO(), force_terminal=False, width=100)
    with ProgressBars(console, Report(subject=SUBJECT)) as watch:
        for requests in range(25):
            watch.tick("minimising", requests)
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "minimising: 9 requests, 0 findings, 10 s"
    assert lines[1] == "minimising: 19 requests, 0 findings, 20 s"
    assert lines[2:] == ["minimising: 24 requests, 0 findings"]
