"""Captures that are held in a state, let go, or fail, as a front end wants to see them."""

from __future__ import annotations

import time

import httpx2
import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_mocks import scanner_mock

GTIN = "9521234000013"
SECONDS = 30


@pytest.fixture(scope="module")
def mock():
    """Run a mock of its own: what is held is nothing for other tests."""
    with scanner_mock() as running:
        yield running


@pytest.fixture(scope="module")
def api(mock):
    """Return a client of the API."""
    with httpx2.Client(
        base_url=f"{mock.api}/scanner/api/v1", headers={"X-API-Key": mock.keys["unlimited"]}, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def pipeline(mock):
    """Return what changes the pipeline, which is as at the start at the end."""

    def change(*rules, **more):
        body = {"rules": [*rules], **more}
        response = httpx2.put(f"{mock.control}/pipeline", json=body, trust_env=False)
        assert response.status_code == 200, response.text
        return response.json()

    yield change
    httpx2.post(f"{mock.control}/state/reset", json={}, trust_env=False).raise_for_status()


def scanned(api, mock):
    """Return the id of a new capture."""
    scan = {"session_short_id": mock.session_id, "raw_value": GTIN, "capture_type": "BARCODE"}
    return api.post("/captures", json=scan).raise_for_status().json()["id"]


def until(api, capture, *statuses):
    """Return a capture once it is in one of these states."""
    end = time.monotonic() + SECONDS
    while (found := api.get(f"/captures/{capture}").json())["status"] not in statuses:
        assert time.monotonic() < end, found
    return found


def held(mock):
    """Return the captures that are held, and their states."""
    return httpx2.get(f"{mock.control}/pipeline", trust_env=False).json()["held"]


@pytest.mark.parametrize("status", ["PENDING", "LOOKING_UP", "ENRICHING", "RESOLVING"])
def test_a_capture_is_held_and_goes_on(api, mock, pipeline, status):
    """It stays in the state for as long as the rule is there, and then comes to its end."""
    pipeline({"status": status, "session": mock.session_id})
    capture = scanned(api, mock)
    until(api, capture, status)
    end = time.monotonic() + SECONDS
    while held(mock) != [{"capture": capture, "status": status}]:
        assert time.monotonic() < end
    assert api.get(f"/captures/{capture}").json()["status"] == status
    pipeline()
    until(api, capture, "COMPLETED", "NOT_FOUND")
    assert held(mock) == []


def test_a_capture_fails_with_a_message(api, mock, pipeline):
    """One capture fails, in words of ours; another one does not."""
    pipeline({"status": "PENDING"})
    first, second = scanned(api, mock), scanned(api, mock)
    pipeline({"capture": first, "fail": "The label cannot be read."})
    assert until(api, first, "FAILED")["error_message"] == "The label cannot be read."
    until(api, second, "COMPLETED", "NOT_FOUND")


def test_each_state_lasts(api, mock, pipeline):
    """A delay keeps a capture in each state for a while; a reset ends it."""
    assert pipeline(delay_seconds=0.2)["delay_seconds"] == 0.2
    capture, seen = scanned(api, mock), []
    end = time.monotonic() + SECONDS
    while not seen or seen[-1] not in {"COMPLETED", "NOT_FOUND"}:
        assert time.monotonic() < end, seen
        status = api.get(f"/captures/{capture}").json()["status"]
        seen += [status] if status not in seen[-1:] else []
    assert "PENDING" in seen
    httpx2.post(f"{mock.control}/state/reset", json={}, trust_env=False).raise_for_status()
    assert httpx2.get(f"{mock.control}/pipeline", trust_env=False).json() == {
        "delay_seconds": 0,
        "rules": [],
        "held": [],
    }


def test_what_is_wrong_is_refused(mock):
    """A state that is final or unknown, and a delay beyond an hour, are refused with their place."""
    for body, pointer in (
        ({"rules": [{"status": "COMPLETED"}]}, "/rules/0/status"),
        ({"rules": [{"stat": "PENDING"}]}, "/rules/0"),
        ({"delay_seconds": 3601}, "/delay_seconds"),
    ):
        response = httpx2.put(f"{mock.control}/pipeline", json=body, trust_env=False)
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, pointer)
    outcome = CliRunner().invoke(app, ["mock", "--processing-delay", "3601"])
    assert (outcome.exit_code, "from 0 to 3600 seconds" in outcome.output) == (2, True)
