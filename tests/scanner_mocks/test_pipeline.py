"""Captures that are held in a state, let go, or fail, as a front end wants to see them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.scanning.scans.captures import FINAL, CaptureStatus
from scanner_mocks import scanner_mock

GTIN = "9521234000013"
PRODUCT = "(01)09521234000358"
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


def scanned(api, mock, raw_value=GTIN):
    """Return the id of a new capture."""
    scan = {"session_short_id": mock.session_id, "raw_value": raw_value, "capture_type": "BARCODE"}
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
    pipeline = httpx2.get(f"{mock.control}/pipeline", trust_env=False).json()
    assert [pipeline[name] for name in ("delay_seconds", "rules", "held")] == [0, [], []]


def test_raw_values(api, mock, pipeline):
    """Each raw value of the docs' table, which is the mock's own, comes to its state and stays there."""
    page = (Path(__file__).parents[2] / "docs" / "state-and-clock.md").read_text()
    table = dict(re.findall(r"^\| `([^`]+)` \| ([A-Z_]{6,})\b", page, re.MULTILINE))
    values = httpx2.get(f"{mock.control}/pipeline", trust_env=False).json()["raw_values"]
    assert table == values
    assert set(values.values()) == set(CaptureStatus)
    scans = {value: scanned(api, mock, value) for value in values}
    for value, status in values.items():
        capture = until(api, scans[value], status)
        assert (value, capture["status"]) == (value, status)
    staying, end = (
        {scans[value] for value, status in values.items() if status not in FINAL},
        time.monotonic() + SECONDS,
    )
    while {entry["capture"] for entry in held(mock)} != staying:
        assert time.monotonic() < end
    failed = scans[f"{PRODUCT}(21)MOCK-FAILED"]
    assert "serial number" in api.get(f"/captures/{failed}").json()["error_message"]
    stuck = scans[f"{PRODUCT}(21)MOCK-ENRICHING"]
    pipeline({"capture": stuck, "release": True})
    until(api, stuck, "COMPLETED")


@pytest.mark.parametrize("form", ["]d201{gtin}21{serial}", "https://id.example/01/{gtin}/21/{serial}"])
def test_serial_numbers_in_other_syntaxes(form, api, mock):
    """What a scanner makes of a DataMatrix, and a Digital Link, have the serial number as well."""
    raw_value = form.format(gtin="09521234000358", serial="MOCK-LOOKING_UP")
    until(api, scanned(api, mock, raw_value), "LOOKING_UP")


def test_a_session_expires_now(api, mock):
    """An ACTIVE session is EXPIRED at once; another one is refused, and an unknown one not found."""
    session = api.post("/sessions", json={}).json()["id"]
    url = f"{mock.control}/sessions/{{}}/expire"
    statuses = [httpx2.post(url.format(id_), trust_env=False).status_code for id_ in (session, session, "x")]
    assert statuses == [204, 409, 404]
    assert api.get(f"/sessions/{session}").json()["status"] == "EXPIRED"
    scan = {"session_short_id": session, "capture_type": "BARCODE", "raw_value": "x"}
    assert api.post("/captures", json=scan).status_code == 409


def test_chosen_proposals(api, mock):
    """Proposals of chosen values are reviewed and applied as those of an extraction are; none comes twice."""
    capture = scanned(api, mock)
    until(api, capture, "COMPLETED")
    url = f"{mock.control}/captures/{capture}/proposals"
    body = {"proposals": [{"field_name": "name", "proposed_value": "Oat Drink", "confidence": 0.4}]}
    for _ in range(2):
        response = httpx2.post(url, json=body, trust_env=False)
    assert response.status_code == 201
    (proposal,) = api.get(f"/captures/{capture}/proposals").json()
    assert response.json()["proposals"] == [proposal]
    assert (proposal["proposed_value"], proposal["confidence"], proposal["status"]) == (
        "Oat Drink",
        "0.40",
        "PENDING",
    )
    assert proposal["current_value"]
    api.patch(f"/proposals/{proposal['id']}", json={"status": "ACCEPTED"}).raise_for_status()
    assert [applied["id"] for applied in api.post(f"/captures/{capture}/apply").json()] == [proposal["id"]]
    wrong = {"proposals": [{"field_name": "gtin", "proposed_value": "x"}]}
    refused = httpx2.post(url, json=wrong, trust_env=False)
    assert refused.json()["errors"][0]["pointer"] == "/proposals/0/field_name"
    assert httpx2.post(url.replace(capture, "x"), json=body, trust_env=False).status_code == 404


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
    assert (outcome.exit_code, "less than or equal to 3600" in outcome.output) == (2, True)
