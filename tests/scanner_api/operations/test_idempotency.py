"""A request that is sent again with its Idempotency-Key, over HTTP."""

from __future__ import annotations

import uuid

import pytest

from scanner_contract import load_contract


@pytest.fixture
def key():
    """Return a header with a new key."""
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
def scan(api):
    """Return the body of a scan in a new session."""
    return {"session_short_id": api.session(), "capture_type": "BARCODE", "raw_value": "4006381333931"}


def test_every_post_and_patch_takes_the_header():
    """No other operation does, and none requires it."""
    taking = {
        (operation.method, parameter.get("required", False))
        for operation in load_contract().operations
        for parameter in operation.parameters
        if parameter["name"] == "Idempotency-Key"
    }
    without = {each.method for each in load_contract().operations if not each.parameters}
    assert taking == {("post", False), ("patch", False)}
    assert not without & {"post", "patch"}


def test_a_capture_is_stored_once_and_processed_at_once(api, key, scan):
    """The second response is the first, but for what is said of the exchange; its session may have ended."""
    first = api.post("/captures", json=scan, headers=key)
    api.finished(first.json()["id"])
    api.post(f"/sessions/{scan['session_short_id']}/end").raise_for_status()
    again = api.post("/captures", json=scan, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert int(again.headers["RateLimit-Remaining"]) < int(first.headers["RateLimit-Remaining"])
    stored = api.get(f"/sessions/{scan['session_short_id']}/captures").json()
    assert stored["pagination"]["total_count"] == 1


def test_the_same_key_with_another_request_is_refused(api, key, scan):
    """Another body, or the same in another place."""
    api.post("/captures", json=scan, headers=key).raise_for_status()
    problem = api.post("/captures", json={**scan, "raw_value": "other"}, headers=key).json()
    assert problem["status"] == 422
    assert [(each["in"], each["name"], each["rule"]) for each in problem["errors"]] == [
        ("header", "Idempotency-Key", "reused")
    ]
    paths = [f"/sessions/{api.session()}/end" for _ in range(2)]
    assert [api.post(path, headers=key).status_code for path in paths] == [200, 422]


@pytest.mark.parametrize("wrong", ["", "two words", "a" * 256, "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_key_is_short_and_of_visible_ascii(api, wrong):
    """Anything else is named as what is wrong."""
    headers = {"Idempotency-Key": wrong.encode("latin-1")}
    problem = api.post("/sessions", json={}, headers=headers).json()
    assert (problem["status"], problem["errors"][0]["name"]) == (422, "Idempotency-Key")


def test_what_was_refused_may_be_sent_again_with_its_key(api, key):
    """It had no effect; once it can succeed it does."""
    session_id, capture_id = api.session(), api.capture(api.session(), "4006381333931")["id"]
    foreign = {"s3_key": api.uploaded(session_id), "capture_short_id": capture_id}
    refused = api.post(f"/sessions/{session_id}/photos", json=foreign, headers=key)
    body = {"s3_key": foreign["s3_key"]}
    registered = [api.post(f"/sessions/{session_id}/photos", json=body, headers=key) for _ in range(2)]
    assert refused.status_code == 422
    assert [each.status_code for each in registered] == [201, 201]
    assert registered[0].content == registered[1].content
    problem = api.post(f"/sessions/{session_id}/photos", json=body).json()
    assert (problem["status"], problem["photo_short_id"]) == (409, registered[0].json()["id"])


def test_a_key_is_its_callers(api, other, key):
    """Two callers who choose the same key do not meet."""
    first, second = (each.post("/sessions", json={}, headers=key).json() for each in (api, other))
    assert first["id"] != second["id"]
    assert other.get(f"/sessions/{first['id']}").status_code == 404
