"""Faults by control call: switched on and off, listed, scoped, and refused with the part that is wrong."""

from __future__ import annotations

import pytest


def test_switched_on_and_off(control, fault):
    """A fault is listed from when it is switched on until it is switched off, with what it was given."""
    first = fault({"status": 503}, name="brownout", match={"operation": "get_thing"})
    second = fault({"latency_ms": 5})
    assert first["id"] != second["id"]
    assert (first["struck"], first["effect"], first["on"]) == (0, {"status": 503}, "api")
    assert control.get("/faults").json() == {"faults": [first, second]}
    assert control.delete(f"/faults/{first['id']}").status_code == 204
    assert control.get("/faults").json() == {"faults": [second]}
    assert control.delete(f"/faults/{first['id']}").status_code == 404


def test_scopes(control, fault):
    """Those of a scope can be listed and cleared without the others."""
    mine = control.post("/faults", params={"scope": "mine"}, json={"effect": {"drop": True}}).json()
    other = fault({"drop": True}, scope="other")
    assert (mine["scope"], other["scope"]) == ("mine", "other")
    assert control.get("/faults", params={"scope": "mine"}).json()["faults"] == [mine]
    assert control.delete("/faults", params={"scope": "mine"}).status_code == 204
    assert control.get("/faults").json()["faults"] == [other]


def test_a_fault_can_be_sent_as_it_was_reported(control, fault):
    """What the mock tells of a fault can be sent to it again; id and count are its own to give."""
    reported = fault({"status": 503}, times=3)
    again = control.post("/faults", json={**reported, "struck": 7}).json()
    assert again == {**reported, "id": again["id"]}
    assert again["id"] != reported["id"]


@pytest.mark.parametrize(
    ("wrong", "pointer", "rule"),
    [
        ({}, "", "required"),
        ({"effect": {}}, "/effect", "minProperties"),
        ({"effect": {"statsu": 503}}, "/effect", "additionalProperties"),
        ({"effect": {"status": 99}}, "/effect/status", "minimum"),
        ({"effect": {"status": "503"}}, "/effect/status", "type"),
        ({"effect": {"latency_ms": 1e9}}, "/effect/latency_ms", "maximum"),
        ({"effect": {"latency_ms": {"distribution": "exponential"}}}, "/effect/latency_ms", "required"),
        (
            {"effect": {"latency_ms": {"distribution": "uniform", "lower": 2, "upper": 1}}},
            "/effect/latency_ms/lower",
            "upper",
        ),
        ({"effect": {"bytes_per_second": 0}}, "/effect/bytes_per_second", "minimum"),
        ({"effect": {"drop": True}, "probability": 1.5}, "/probability", "maximum"),
        ({"effect": {"drop": True}, "times": 0}, "/times", "minimum"),
        ({"effect": {"drop": True}, "skip": -1}, "/skip", "minimum"),
        ({"effect": {"drop": True}, "on": "sqs"}, "/on", "enum"),
        ({"effect": {"drop": True}, "match": {"header": "x"}}, "/match", "additionalProperties"),
        ({"effect": {"drop": True}, "match": {"key": "x"}}, "/match/key", "on"),
        ({"effect": {"drop": True}, "match": {"method": "PSOT"}}, "/match/method", "method"),
        ({"effect": {"drop": True}, "match": {"operation": "get_ting"}}, "/match/operation", "operation"),
        ({"effect": {"drop": True}, "match": {"operation": "PostObject"}}, "/match/operation", "operation"),
        ({"effect": {"drop": True, "status": 500}}, "/effect/drop", "drop"),
        ({"effect": {"error_code": "x"}}, "/effect/error_code", "status"),
        ({"effect": {"status": 500, "s3_code": "SlowDown"}}, "/effect/s3_code", "on"),
        ({"on": "s3", "effect": {"status": 500, "error_code": "x"}}, "/effect/error_code", "on"),
        ({"on": "s3", "effect": {"status": 204}}, "/effect/status", "minimum"),
        ({"on": "s3", "effect": {"s3_code": "Unheard"}}, "/effect/s3_code", "status"),
        ({"on": "s3", "effect": {"s3_code": "<Code>"}}, "/effect/s3_code", "pattern"),
        ({"on": "s3", "effect": {"retry_after_seconds": 1}}, "/effect/retry_after_seconds", "status"),
    ],
)
def test_what_is_no_fault(wrong, pointer, rule, control):
    """What is no fault is refused, with a pointer to the part and the rule, and is not on."""
    response = control.post("/faults", json=wrong)
    assert response.status_code == 422
    assert [(each["pointer"], each["rule"]) for each in response.json()["errors"]] == [(pointer, rule)]
    assert control.get("/faults").json() == {"faults": []}


def test_a_reset_clears_them(control, fault):
    """Starting again switches faults off, unless it is asked to keep them."""
    standing = fault({"latency_ms": 1}, scope="x")
    control.post("/state/reset", json={"keep": ["faults"]}).raise_for_status()
    assert control.get("/faults").json() == {"faults": [standing]}
    control.post("/state/reset", json={}, headers={"X-Mock-Scope": "y"}).raise_for_status()
    assert control.get("/faults").json() == {"faults": [standing]}
    control.post("/state/reset", json={}, headers={"X-Mock-Scope": "x"}).raise_for_status()
    assert control.get("/faults").json() == {"faults": []}
