"""A report for a terminal, and as a page."""

from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from contract_first.check.reports.page import page
from contract_first.check.reports.recorded import Example, OperationCoverage, TrafficCounts
from contract_first.check.reports.report import Finding, Report, ReportSubject
from contract_first.check.reports.terminal import show

PATHS = ("/api/v1/sessions/{session_id}/presigned-upload-url", "/api/v1/sessions")


@pytest.fixture
def report():
    """Return a report of two operations, one exercised, and one finding."""
    called = OperationCoverage(
        operation="sign",
        method="GET",
        path=PATHS[0],
        calls=3,
        statuses={"200": 2, "401": 0, "422": 1},
        undocumented={"418": 1},
        parameters={"query photo_type": 2, "query name": 0},
        values={},
    )
    other = OperationCoverage(
        operation="list", method="GET", path=PATHS[1], statuses={"200": 0}, parameters={}, values={}
    )
    first = Example(number=7, method="GET", url="http://127.0.0.1:8000/" + "x" * 90, status=200)
    finding = Finding(
        check="response",
        operation="sign",
        title="body /a\nb: type",
        part="body",
        where="/a\nb",
        rule="type",
        message="value is not of type string",
        pointer="",
        seen=2,
        examples=[first],
    )
    traffic = TrafficCounts(exchanges=3, validated=3, coverage=[called, other])
    subject = ReportSubject(url="", source="", title="Scanner API", version="1", digest="")
    return Report(subject=subject, traffic=traffic, findings=[finding])


def shown(report, width):
    """Return the lines that a terminal of that width shows."""
    printed = StringIO()
    show(report, Console(file=printed, width=width, highlight=False))
    return [line.rstrip() for line in printed.getvalue().splitlines()]


def test_a_terminal_of_80_columns_shows_each_operation_in_one_piece(report):
    """A path is not broken; calls, parameters and statuses stand beside it, each with its share."""
    lines = shown(report, 80)
    assert lines[0].split() == [
        "operation",
        "(below",
        "/api/v1/sessions)",
        "calls",
        "params",
        "values",
        "statuses",
    ]
    assert lines[2].split() == [
        "GET",
        PATHS[0].removeprefix("/api/v1/sessions"),
        "3",
        "1/2",
        "2/3",
        "200",
        "422",
        "418!",
    ]
    assert lines[3].split() == ["GET", "0", "0/1"]
    assert max(map(len, lines)) <= 80


def test_a_narrow_terminal_loses_nothing(report):
    """What does not fit goes on in the next line."""
    lines = shown(report, 40)
    assert max(map(len, lines)) <= 40
    assert "/{session_id}/presigned-upload-url" in "".join(line.split(" ")[0] for line in lines)


def test_a_finding_is_reported_with_what_it_was_first_seen_in(report):
    """How often, whose, where, by which rule; then the exchange, whatever moves a cursor written out."""
    lines = shown(report, 80)
    at = lines.index("Violations of the contract")
    assert lines[at + 1] == r"2x response body /a\nb: type; value is not of type string"
    assert lines[at + 2] == "   first in #7 GET"


def test_the_page_leads_from_an_operation_to_its_parameters(report):
    """The link is to what is inside of the folded part, which browsers open then; no share is of nothing."""
    text = page(report)
    assert '<a href="#operation-0">' in text
    assert (
        "<summary>GET /api/v1/sessions/{session_id}/presigned-upload-url<small>1/2 parameters</small>" in text
    )
    assert '</summary><p class="about" id="operation-0">' in text
    assert "<summary>GET /api/v1/sessions<small></small>" in text


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "ok"),
        ({"violating_responses": 1}, "broken"),
        ({"without_response": 3}, ""),
        ({"validated": 0}, ""),
    ],
)
def test_the_page_is_green_only_where_the_contract_was_seen_to_be_kept(report, changes, kind):
    """What says 0 violations because nothing was validated, or got a response, is no success."""
    assert f'<p class="outcome {kind}">' in page(replace(report, traffic=replace(report.traffic, **changes)))


def test_a_terminal_shows_no_operations_without_end(report, monkeypatch):
    """Of many operations it has those that were exercised, and says how many more there are."""
    monkeypatch.setattr("contract_first.check.reports.terminal.MOST_OPERATIONS", 3)
    called, other = report.traffic.coverage
    many = [replace(other, path=f"{other.path}/{number}") for number in range(8)]
    lines = shown(replace(report, traffic=replace(report.traffic, coverage=[*many, called])), 100)
    assert sum(line.startswith("GET ") for line in lines) == 3
    assert lines[2].startswith("GET /{session_id}/presigned-upload-url")
    assert "... 6 more operations" in lines
