"""A report in the terminal."""

from io import StringIO

import pytest
from rich.console import Console

from contract_first.check.reports.report import Trouble
from contract_first.check.reports.terminal import show


def shown(report, width=100):
    """Return what a terminal of a width shows, without its colours."""
    console = Console(file=StringIO(), width=width, color_system=None)
    show(report, console)
    return console.file.getvalue()


def test_an_operation_is_a_row_and_a_check_a_column(right):
    """Each operation has a row with a mark for each check, and paths leave out what all begin with."""
    [row] = [line for line in shown(right).splitlines() if line.startswith("POST /things/{id}/parts")]
    assert row.split() == ["POST", "/things/{id}/parts", "3", "3.2", "ms", "251", "ms", "✓"]
    assert "Shelf 1 at http://a.example/v1" in shown(right)


def test_the_result_is_the_last_line(right):
    """Anybody who looks at the end of the output knows what came out."""
    assert shown(right).strip().splitlines()[-1] == "Conforms to the contract: 6 requests in 1.5 s, seed 7."


def test_a_finding_is_reported_with_all_that_repeats_it(wrong):
    """A finding shows operation, check, phase, how often, response, and a curl line unbroken."""
    text = shown(wrong, width=40)
    assert "1. Server error" in text
    assert "   GET /things\n" in text
    assert "(server errors), fuzzing, seen 2 times" in " ".join(text.split())
    assert "HTTP 500" in text
    assert "curl -X GET 'http://a.example/v1/things'\n" in text
    assert "left out: no other key" in " ".join(text.split())


def test_a_note_is_whole_however_narrow(wrong):
    """A note begins a line of its own, and a path in it goes on in the next where it is too long."""
    path = "/scanner/api/v1/sessions/{session_id}/photos/{photo_id}/pages/{page_id}"
    wrong.notes = {"retry_after": ["untried: there was no time", f"PATCH {path}: untried"]}
    text = shown(wrong, width=80)
    assert path in "".join(text.split())
    assert [line.split()[-1] for line in text.splitlines() if "there was no" in line] == ["time"]


def test_long_texts_are_cut(wrong):
    """A message of many lines shows the first, and how many more there are."""
    text = shown(wrong)
    assert "line 10" in text
    assert "line 11" not in text
    assert "more lines" in text


def test_markup_in_a_text_is_text(wrong):
    """What a server says is not taken for the terminal's markup."""
    assert "[bold]&amp;" in shown(wrong)


@pytest.mark.parametrize(
    ("end", "reason", "message"),
    [
        ("interrupted", "", "Not finished (interrupted)"),
        ("quota used up", "The quota is used up.", "Not finished (The quota is used up.)"),
    ],
)
def test_a_run_that_was_not_finished_says_so(right, end, reason, message):
    """A run that found nothing but did not get to its end does not say that the contract is kept."""
    right.end, right.reason = end, reason
    assert shown(right).strip().splitlines()[-1].startswith(message)
    assert right.exit_code == 2


def test_what_could_not_be_tested_is_no_broken_promise(right):
    """A deployment that went away is reported as that, and not as one for which there was too little time."""
    right.cut_short = ["presigned_upload"]
    right.troubles = [Trouble(operation="GET /v1/things", title="Timeout", message="") for _ in range(2)]
    summary = shown(right, width=200).strip().splitlines()[-1]
    assert summary.startswith("Not finished (1 operation could not be tested): 6 requests")
    assert right.exit_code == 2


def test_a_check_that_was_cut_short_is_in_the_result(right):
    """Where the time was too short for a check, it is not said to conform to the contract."""
    right.cut_short = ["presigned_upload"]
    summary = shown(right, width=200).strip().splitlines()[-1]
    assert summary.startswith("Not finished (too little time for presigned_upload): 6 requests")
    assert right.exit_code == 2


def test_an_operation_without_a_turn_is_in_the_result(right):
    """Where a budget was spent before each operation had its turn, the result says of how many."""
    right.tested("GET /v1/later")
    right.end = "budget spent"
    summary = shown(right, width=200).strip().splitlines()[-1]
    assert summary.startswith(
        "Conforms to the contract, as far as there was time (none for 1 of 3 operations): 6 requests"
    )
    assert right.exit_code == 0


def test_a_narrow_terminal_has_no_room_for_times(right):
    """In 80 columns an operation and its marks stay on one line, and its times are left to the reports."""
    [row] = [
        line for line in shown(right, width=80).splitlines() if line.startswith("POST /things/{id}/parts")
    ]
    assert row.split() == ["POST", "/things/{id}/parts", "3", "✓"]


def test_in_plain_text(wrong):
    """A report as text says what was expected, what came, and how to repeat it."""
    lines = str(wrong).splitlines()
    assert lines[0].startswith("1 violation, 1 operation could not be tested: ")
    assert lines[2].startswith("Server error <script>")
    assert lines[3:5] == ["Expected: no request ends in a server error", "Got: HTTP 500: line 0"]
    assert "curl -X GET 'http://a.example/v1/things'" in lines
    assert lines[-1].startswith("GET /v1/things: <script>")
