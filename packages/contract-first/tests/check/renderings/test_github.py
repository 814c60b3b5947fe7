"""A report as annotations of GitHub Actions."""

from contract_first.check.reports.ci import workflow_commands


def test_a_finding_is_one_line(wrong):
    """An annotation is one line whatever is in it, and its title ends where it should."""
    finding, trouble, summary = workflow_commands(wrong)
    assert finding.startswith("::error title=GET /v1/things%3A not_a_server_error::Server error")
    assert "%0Aline 1%0A" in finding
    assert "\n" not in finding
    assert trouble.startswith("::error title=GET /v1/things%3A Timeout::")
    assert summary.startswith("::error title=contract check::1 violation, 1 operation could not be tested")


def test_a_right_run_is_a_notice(right):
    """Where nothing is wrong the result is a notice."""
    assert list(workflow_commands(right)) == [
        "::notice title=contract check::Conforms to the contract: 6 requests in 1.5 s, seed 7."
    ]
