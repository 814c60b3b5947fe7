"""A report as JUnit XML."""

from xml.etree.ElementTree import fromstring

from contract_first.check.reports.ci import junit


def read(report):
    """Return the root element of a report's XML."""
    return fromstring(junit(report))  # noqa: S314 -- written by the code under test


def test_each_check_of_an_operation_is_a_test(right):
    """A suite is an operation, a test in it is a check, and the counts are right."""
    root = read(right)
    assert [suite.get("name") for suite in root] == list(right.operations)
    assert [case.get("name") for case in root.iter("testcase")] == ["not_a_server_error"] * 2
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "0", "0")


def test_a_finding_is_a_failure(wrong):
    """A finding is a failure with its message and curl line; what XML cannot write is replaced."""
    root = read(wrong)
    [failure] = root.iter("failure")
    assert failure.get("message").startswith("Server error <script>")
    assert failure.get("message").endswith("\ufffd ]]>")
    assert failure.text.endswith("curl -X GET 'http://a.example/v1/things'")
    assert (root.get("failures"), root.get("errors")) == ("1", "1")


def test_a_check_that_was_left_out_is_skipped(wrong):
    """A check that could not be made is a skipped test with the reason."""
    root = read(wrong)
    [skipped] = root.iter("skipped")
    assert skipped.get("message") == "no other key"
    assert root.get("skipped") == "1"


def test_what_there_was_no_time_for_is_skipped(right):
    """A check that was cut short is a skipped test, and so is an operation that had no turn."""
    right.cut_short, right.notes = ["retry_after"], {"retry_after": ["cut short: over", "another"]}
    right.tested("GET /v1/later")
    skipped = {
        case.get("classname"): case[0].get("message") for case in read(right).iter("testcase") if len(case)
    }
    assert skipped == {"cut short": "cut short: over; another", "GET /v1/later": "no request was sent"}
