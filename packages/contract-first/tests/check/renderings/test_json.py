"""A report as JSON."""

import json

from contract_first.check.reports.recorded import TrafficCounts


def test_a_finding_has_its_response_under_both_names(wrong):
    """A response stands under the former name of its member as well, for one release."""
    [finding] = json.loads(wrong.json())["findings"]
    assert finding["response"] == finding["answer"] == wrong.findings[0].response


def test_traffic_is_counted_under_both_names(right):
    """So are the members that count which exchanges were validated, and which were not and why."""
    right.traffic = TrafficCounts(exchanges=3, validated=2, unvalidated={"it was cut": 1})
    right.traffic.violating_requests, right.traffic.violating_responses = 5, 6
    document = json.loads(right.json())
    assert document["validated"] == document["judged"] == 2
    assert document["unvalidated"] == document["unjudged"] == {"it was cut": 1}
    assert document["without_response"] == document["unanswered"] == 0
    assert document["violating_requests"] == document["broken_requests"] == 5
    assert document["violating_responses"] == document["broken_responses"] == 6
