"""Faults of S3, switched on like those of the API: they apply to uploads, and are counted."""

from __future__ import annotations

import pytest


def test_a_refused_upload(fault, upload, control):
    """S3 refuses one upload in its own words, and the count of the fault tells so."""
    standing = fault({"s3_code": "SlowDown"}, on="s3", match={"operation": "PostObject"}, times=1)
    refused = upload()
    assert (refused.status_code, "<Code>SlowDown</Code>" in refused.text) == (503, True)
    assert upload().status_code == 201
    waited = {"server": "s3", "status": "503", "wait_seconds": 30}
    assert control.get("/journal", params=waited).json()["exchanges"][-1]["fault"] == standing["id"]
    assert control.get("/faults").json()["faults"] == [{**standing, "struck": 1}]


def test_the_session_of_an_upload(fault, upload, mock):
    """A fault for a session applies to the uploads whose key is of that session."""
    fault({"status": 403}, on="s3", match={"session": mock.completed_session_id})
    assert upload().status_code == 201
    fault({"status": 403}, on="s3", match={"session": mock.session_id, "key": "scanner/*"}, times=1)
    assert [upload().status_code for _ in range(2)] == [403, 201]


def test_a_scope(fault, upload):
    """A fault of a test run applies to that run's uploads alone."""
    fault({"status": 500}, on="s3", scope="run-1")
    assert upload().status_code == 201
    assert upload(**{"X-Mock-Scope": "run-1"}).status_code == 500


@pytest.mark.parametrize("effect", [{"expired_upload": True}, {"clock_skew_seconds": 86_400}])
def test_an_expired_upload(effect, fault, upload):
    """S3 takes a good form for one that has expired."""
    fault(effect, on="s3", times=1)
    assert "Policy expired" in upload().text
    assert upload().status_code == 201


def test_others_leave_the_counts_alone(fault, upload, control):
    """Faults that come and go do not reset the counts of others."""
    fault({"status": 500}, on="s3", skip=1, times=1)
    assert upload().status_code == 201
    other = fault({"status": 503}, on="s3", match={"key": "nothing"})
    assert upload().status_code == 500
    control.delete(f"/faults/{other['id']}").raise_for_status()
    assert upload().status_code == 201


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
