"""``X-Mock-Fault``: the request itself says what is to happen to it."""

from __future__ import annotations

import httpx2
import pytest


@pytest.fixture
def get(api):
    """Return what reads a thing with a fault."""
    return lambda fault: api.get("/things/a", headers={"X-Mock-Fault": fault})


@pytest.mark.parametrize(
    "text", ["status=503", "status = 503 ; latency_ms=1.5;", 'status=503; error_code="x"']
)
def test_it_happens_once(text, get, api):
    """What the header asks for happens to its own request."""
    assert get(text).status_code == 503
    assert api.get("/things/a").status_code == 200


def test_a_flag(get):
    """An effect without a value is one that is or is not."""
    with pytest.raises(httpx2.RemoteProtocolError):
        get("drop")
    assert get("drop=false; latency_ms=1").status_code == 200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("statsu=503", "'statsu' was unexpected"),
        ("status=many", "/status: value is not of type"),
        ("status=1e3", "/status: value is not of type"),
        ("status=0503", "/status: value is not of type"),
        ("status", "/status: value is not of type"),
        ("status=9999", "/status: value is greater than the maximum"),
        ("status=503; status=500", "'status' is there twice"),
        ("s3_code=SlowDown", "/s3_code: applies to faults on s3 only"),
        ("drop; status=500", "/drop: leaves no response"),
        ("drop; drop_response", "/drop_response: drop closes the connection before; choose one"),
        ("", "has less than 1 property"),
        (";;", "has less than 1 property"),
        ("\xff=1", "was unexpected"),
        ("latency_ms=" + "9" * 2000, "has 2011 characters"),
        ("latency_ms=" + "9" * 30, "/latency_ms: value is not of types"),
    ],
)
def test_it_is_refused(text, message, get):
    """What is no fault is refused as a bad request that names the part."""
    response = get(text.encode("latin-1"))
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert message in response.json()["detail"]


def test_it_comes_before_those_that_are_on(get, fault, control):
    """A request that asks for its own fault is not affected by another."""
    fault({"status": 500})
    assert get("status=503").status_code == 503
    assert control.get("/faults").json()["faults"][0]["struck"] == 0
