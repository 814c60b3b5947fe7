"""``--watch`` on a contract that has handlers: it is loaded again, and what was there is still there."""

from __future__ import annotations

import json
import queue
from pathlib import Path

import httpx2
import pytest

import scanner_contract
from scanner_mocks import scanner_mock

VENDORS = Path(scanner_contract.__file__).with_name("openapi-scanner.json")
BASE = "/scanner/api/v1"
PATIENCE_SECONDS = 30
LABELS = {
    "get": {
        "operationId": "list_labels",
        "responses": {"200": {"description": "", "content": {"application/json": {"example": ["vegan"]}}}},
    }
}


def write(path, document):
    """Write a document, whole from one moment to the next."""
    new = path.with_suffix(".new")
    new.write_text(document if isinstance(document, str) else json.dumps(document))
    new.replace(path)


@pytest.fixture
def document():
    """The vendor's contract, to be changed."""
    return json.loads(VENDORS.read_bytes())


@pytest.fixture
def file(tmp_path, document):
    """Its file."""
    path = tmp_path / "openapi.json"
    write(path, document)
    return path


@pytest.mark.parametrize("kept", [False, True])
def test_a_contract_with_handlers_is_loaded_again(tmp_path, file, document, kept):
    """A new operation is handled, journalled and shown; sessions and faults stay, in memory or a folder."""
    messages = queue.Queue()
    data = tmp_path / "data" if kept else None
    with (
        scanner_mock(contract=str(file), data=data, tell_reload=messages.put) as mock,
        client_of(mock) as client,
    ):
        session = client.post(f"{BASE}/sessions", json={}).raise_for_status().json()["id"]
        assert client.get(f"{BASE}/labels").status_code == 404
        client.post("/_mock/faults", json={"effect": {"status": 503}, "scope": "other"}).raise_for_status()
        document["paths"][f"{BASE}/labels"] = LABELS
        write(file, document)
        assert messages.get(timeout=PATIENCE_SECONDS) == f"Reloaded {file}."
        assert client.get(f"{BASE}/labels").json() == ["vegan"]
        assert client.get(f"{BASE}/sessions/{session}").json()["id"] == session
        for page in ("/openapi.json", "/_mock/contract"):
            assert f"{BASE}/labels" in client.get(page).json()["paths"]
        assert f"{BASE}/labels" in client.get("/_mock/responses").text
        statuses = [each["status"] for each in journal(client, path=f"{BASE}/labels")]
        operations = [each["operation"] for each in journal(client, path=f"{BASE}/labels")]
        assert (statuses, operations) == ([404, 200], ["", "list_labels"])
        assert len(client.get("/_mock/faults").json()["faults"]) == 1


def test_one_that_cannot_be_served_leaves_the_old_one(file, document):
    """A file that is no contract, and one that handlers do not fit, are reported; everything goes on."""
    messages = queue.Queue()
    with scanner_mock(contract=str(file), tell_reload=messages.put) as mock, client_of(mock) as client:
        session = client.post(f"{BASE}/sessions", json={}).raise_for_status().json()["id"]
        renamed = json.dumps(document).replace("{photo_id}", "{other}").replace('"photo_id"', '"other"')
        for broken, reason in (("{", "Invalid JSON"), (renamed, "does not match its operation")):
            write(file, broken)
            said = messages.get(timeout=PATIENCE_SECONDS)
            assert said.startswith("The contract stays as it was: ")
            assert reason in said
            assert client.get(f"{BASE}/sessions/{session}").json()["id"] == session


def client_of(mock):
    """Return a client of the mock that may call everything."""
    return httpx2.Client(base_url=mock.api, headers={"X-API-Key": mock.api_key}, trust_env=False)


def journal(client, **expected):
    """Return the exchanges of a kind."""
    return client.get("/_mock/journal", params=expected).raise_for_status().json()["exchanges"]
