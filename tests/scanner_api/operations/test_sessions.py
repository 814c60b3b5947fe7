"""Scanner Sessions, over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from scanner_contract import load_contract
from scanner_mocks import seeds

CONTRACT = load_contract().document["components"]["schemas"]["SessionResponseSchema"]
UNKNOWN = "2" * 22


def test_a_new_session_is_active_with_the_contracts_defaults(api):
    """A body with nothing in it opens a session for the key's own organization."""
    created = api.post("/sessions", json={})
    session = created.json()
    assert created.status_code == 201
    assert (session["status"], session["capture_mode"]) == ("ACTIVE", "barcode_scan")
    assert (session["capture_count"], session["photo_count"], session["metadata"]) == (0, 0, {})


def test_a_session_shows_what_was_stored(api):
    """Whatever strings JSON can carry come back as they were sent."""
    metadata = {"zero": "a\0b", "слово": "\u202e🥫", "back\\slash": "\\u0000"}
    session_id = api.session(metadata=metadata, user_agent="a\0", device_context={"n": [1.5, None, "\0"]})
    assert api.get(f"/sessions/{session_id}").json()["metadata"] == metadata


def test_members_that_the_contract_does_not_name_mean_nothing(api):
    """Columns that are the server's own cannot be set by their names, and nothing unnamed comes back."""
    named = api.post("/sessions", json={}).json()
    own = {"status": "COMPLETED", "created_by": "key:other", "organization_id": "other", "capture_count": 7}
    session = api.post("/sessions", json={**own, "id": UNKNOWN, "unnamed": "x"}).json()
    assert session["id"] != UNKNOWN
    assert (session["status"], session["capture_count"]) == ("ACTIVE", 0)
    assert session.keys() == named.keys() == CONTRACT["properties"].keys()


def test_empty_metadata_values_are_not_stored(api):
    """An empty value deletes its key, and null is no metadata: it is never null in a response."""
    assert api.post("/sessions", json={"metadata": {"a": "", "b": "1"}}).json()["metadata"] == {"b": "1"}
    assert api.post("/sessions", json={"metadata": None}).json()["metadata"] == {}


def test_the_organization_is_named_where_the_credential_does_not_tell(of_both):
    """A user of several organizations has to say which, and may name either."""
    refused = of_both.post("/sessions", json={})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/organization_short_id"
    for organization in (seeds.ORGANIZATION, seeds.OTHER_ORGANIZATION):
        created = of_both.post("/sessions", json={"organization_short_id": organization})
        assert created.status_code == 201


def test_a_foreign_organization_is_forbidden(api):
    """Naming an organization that the caller is no member of is a 403, known or not."""
    for organization in (seeds.OTHER_ORGANIZATION, UNKNOWN, "\0"):
        refused = api.post("/sessions", json={"organization_short_id": organization})
        assert (refused.status_code, refused.json()["error_code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/status"), ("POST", "/end"), ("POST", "/submit")]
)
def test_foreign_and_unknown_sessions_are_the_same_404(api, other, method, path):
    """Another organization's session differs from one that does not exist in nothing but the path."""
    foreign = other.request(method, f"/sessions/{api.session()}{path}")
    unknown = other.request(method, f"/sessions/{UNKNOWN}{path}")
    own_words = {"instance", "timestamp", "request_id"}
    assert foreign.status_code == unknown.status_code == 404
    assert {k: v for k, v in foreign.json().items() if k not in own_words} == {
        k: v for k, v in unknown.json().items() if k not in own_words
    }


def test_a_publishable_key_reaches_only_its_own_sessions(api, publishable):
    """A publishable key sees what it created, and nothing else of its organization."""
    assert publishable.get(f"/sessions/{publishable.session()}").status_code == 200
    assert publishable.get(f"/sessions/{api.session()}").status_code == 404


def test_end_completes_a_session_once(api):
    """An ended session is COMPLETED, and ending, submitting or scanning into it is a 409 that says so."""
    session_id = api.session()
    assert api.post(f"/sessions/{session_id}/end").json()["status"] == "COMPLETED"
    scan = {"session_short_id": session_id, "capture_type": "MANUAL", "raw_value": "1"}
    for refused in (
        api.post(f"/sessions/{session_id}/end"),
        api.post(f"/sessions/{session_id}/submit"),
        api.post("/captures", json=scan),
        api.get(f"/sessions/{session_id}/presigned-upload-url"),
    ):
        assert refused.status_code == 409
        assert "COMPLETED" in refused.json()["detail"]


def test_of_two_who_end_a_session_one_wins(api):
    """Ending is decided by the database: of many at once one gets the 200, the others 409."""
    session_id = api.session()
    with ThreadPoolExecutor(8) as threads:
        ended = list(threads.map(lambda _: api.post(f"/sessions/{session_id}/end").status_code, range(8)))
    assert sorted(ended) == [200] + [409] * 7


def test_submit_completes_and_extracts(api):
    """A submitted session is COMPLETED, and its extraction ends as ready."""
    session_id = api.session()
    assert api.get(f"/sessions/{session_id}/status").json()["extraction_status"] == "pending"
    assert api.post(f"/sessions/{session_id}/submit").json()["status"] == "COMPLETED"
    status = api.polled(
        f"/sessions/{session_id}/status", lambda status: status["extraction_status"] != "processing"
    )
    assert (status["session_status"], status["extraction_status"]) == ("COMPLETED", "ready")


def test_status_lists_the_captures_of_the_session(api):
    """The polling view has each capture with its state and number of proposals."""
    session_id = api.session()
    capture = api.capture(session_id, "nothing to find")
    api.finished(capture["id"])
    status = api.get(f"/sessions/{session_id}/status").json()
    assert status["captures"] == [{"id": capture["id"], "status": "NOT_FOUND", "proposal_count": 0}]
    assert api.get(f"/sessions/{session_id}").json()["captures"][0]["id"] == capture["id"]
