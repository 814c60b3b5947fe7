"""Faults by control call that need an S3, or that only the Scanner's mock has."""

from __future__ import annotations

import pytest


def test_a_fault_of_s3_is_listed(control, fault):
    """A fault of S3 is listed with those of the API."""
    first, second = fault({"status": 503}), fault({"latency_ms": 5}, on="s3")
    assert control.get("/faults").json() == {"faults": [first, second]}


@pytest.mark.parametrize(
    ("wrong", "pointer", "rule"),
    [
        ({"effect": {"drop": True}, "match": {"operation": "x"}}, "/match/operation", "operation"),
        ({"effect": {"expired_upload": True, "status": 403}}, "/effect/expired_upload", "status"),
    ],
)
def test_what_is_no_fault(wrong, pointer, rule, control):
    """What is no fault is refused, with a pointer to the part and the rule, and is not on."""
    response = control.post("/faults", json={"on": "s3", **wrong})
    assert response.status_code == 422
    assert [(each["pointer"], each["rule"]) for each in response.json()["errors"]] == [(pointer, rule)]
    assert control.get("/faults").json() == {"faults": []}
