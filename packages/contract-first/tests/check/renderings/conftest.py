"""A report with everything in it that a rendering has to show."""

import pytest

from contract_first.check.reports.report import Finding, Outcomes, Report, ReportSubject, Tested, Trouble

HOSTILE = "<script>alert('1')</script> [bold]&amp;\"; \x00 ]]>"
SUBJECT = ReportSubject(
    url="http://a.example", source="packaged", title="Shelf", version="1", digest="0" * 64
)


def tested(operation, failed):
    """Return what was tried with an operation."""
    one = Tested(operation=operation, operation_id="shelf_things", requests={"fuzzing": 3}, statuses={200: 3})
    one.checks = {"not_a_server_error": Outcomes(3 - failed, failed)}
    for milliseconds in (0.4, 3, 250):
        one.times.add(milliseconds)
    return one


@pytest.fixture
def right() -> Report:
    """Return the report of a run that found nothing."""
    operations = {name: tested(name, 0) for name in ("GET /v1/things", "POST /v1/things/{id}/parts")}
    return Report(subject=SUBJECT, seconds=1.5, seed=7, end="complete", operations=operations)


@pytest.fixture
def wrong(right) -> Report:
    """Return the report of a run that found something, with texts that are no texts to a parser."""
    right.operations["GET /v1/things"] = tested("GET /v1/things", 2)
    right.findings = [
        Finding(
            operation="GET /v1/things",
            check="not_a_server_error",
            title=f"Server error {HOSTILE}",
            message="\n".join(f"line {number}" for number in range(30)),
            phase="fuzzing",
            status=500,
            response=HOSTILE,
            curl="curl -X GET 'http://a.example/v1/things'",
            seen=2,
        )
    ]
    right.troubles = [Trouble(operation="GET /v1/things", title="Timeout", message=HOSTILE)]
    right.left_out = {"organization_isolation": "no other key"}
    right.notes = {"retry_after": ["untried: there was no time"]}
    return right
