"""A report as JSON."""

import json

from openapi_check.recorded import Traffic


def test_a_finding_has_its_response_under_both_names(wrong):
    """A response stands under the former name of its member as well, for one release."""
    [finding] = json.loads(wrong.json())["findings"]
    assert finding["response"] == finding["answer"] == wrong.findings[0].response


def test_traffic_is_counted_under_both_names(right):
    """So are the members that count which exchanges were validated, and which were not and why."""
    right.traffic = Traffic(exchanges=2, validated=1, unvalidated={"it was cut": 1})
    document = json.loads(right.json())
    assert document["validated"] == document["judged"] == 1
    assert document["unvalidated"] == document["unjudged"] == {"it was cut": 1}
