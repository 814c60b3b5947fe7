"""A report as JSON."""

import json

from contract_first.check.reports.recorded import TrafficCounts


def test_a_finding_has_its_response(wrong):
    """A finding has the response that it is about."""
    [finding] = json.loads(wrong.json())["findings"]
    assert finding["response"] == wrong.findings[0].response


def test_traffic_is_counted(right):
    """Members count which exchanges were validated, and which were not and why."""
    right.traffic = TrafficCounts(exchanges=3, validated=2, unvalidated={"it was cut": 1})
    right.traffic.violating_requests, right.traffic.violating_responses = 5, 6
    document = json.loads(right.json())
    assert document["validated"] == 2
    assert document["unvalidated"] == {"it was cut": 1}
    assert document["without_response"] == 0
    assert document["violating_requests"] == 5
    assert document["violating_responses"] == 6
