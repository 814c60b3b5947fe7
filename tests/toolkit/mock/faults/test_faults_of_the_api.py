"""Each kind of fault of the API happens, to whom it is for, as often as it is to, and ends."""

from __future__ import annotations

import time
from uuid import uuid4

import httpx2
import pytest

SESSION = "get_session"


@pytest.fixture
def get(api, mock):
    """Return what reads the seeded session."""
    return lambda **headers: api.get(f"/sessions/{mock.session_id}", headers=headers)


def statuses(get, count, **headers):
    """Return the statuses of so many requests, one after the other."""
    return [get(**headers).status_code for _ in range(count)]


def test_a_status(fault, get):
    """The response has the status and is a problem; two are affected and no more."""
    fault({"status": 503}, times=2)
    response = get()
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["error_code"] == "service_unavailable"
    assert response.headers["X-Request-ID"] == response.json()["request_id"]
    assert statuses(get, 2) == [503, 200]


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Accept": "image/png"}])
def test_a_status_comes_first(headers, fault, mock):
    """An API that is down is down for those too whom it would have refused for another reason."""
    fault({"status": 503}, times=1)
    url = f"{mock.api}/scanner/api/v1/sessions/{mock.session_id}"
    responses = [httpx2.get(url, headers=headers, trust_env=False) for _ in range(2)]
    assert responses[0].status_code == 503
    assert responses[0].json()["error_code"] == "service_unavailable"
    assert responses[1].status_code in {401, 406}


@pytest.mark.parametrize(("status", "title"), [(502, "Bad Gateway"), (520, "Status 520")])
def test_a_status_that_the_contract_does_not_have(status, title, fault, get):
    """What stands between a client and the API has statuses too."""
    fault({"status": status}, times=1)
    problem = get().json()
    assert (problem["status"], problem["title"], problem["type"]) == (status, title, "about:blank")
    assert problem["retryable"]


def test_a_code_of_an_error(fault, get):
    """The problem has the code that the fault asks for."""
    fault({"status": 503, "error_code": "brownout"}, times=1)
    response = get()
    assert (response.status_code, response.json()["error_code"]) == (503, "brownout")
    assert int(response.headers["Content-Length"]) == len(response.content)


@pytest.mark.parametrize(("effect", "seconds"), [({}, "60"), ({"retry_after_seconds": 7}, "7")])
def test_too_many_requests(effect, seconds, fault, get):
    """A 429 says when to come back, and an hour is an hour in each header that says so."""
    fault({"status": 429, **effect}, times=1)
    before = time.time()
    response = get()
    assert (response.status_code, response.json()["error_code"]) == (429, "rate_limited")
    headers, problem = response.headers, response.json()
    assert (headers["Retry-After"], headers["RateLimit-Reset"]) == (seconds, seconds)
    assert (headers["RateLimit-Remaining"], headers["X-RateLimit-Remaining"]) == ("0", "0")
    assert int(headers["X-RateLimit-Reset"]) >= before + int(seconds)
    assert problem["retry_after_seconds"] == int(seconds)
    assert f"in {seconds} seconds" in problem["detail"]
    assert "Preference-Applied" not in headers


def test_a_dropped_response(fault, api):
    """What was asked for is done; a retry with the same Idempotency-Key gets the response that was lost."""
    fault({"drop_response": True}, times=1, match={"operation": "create_session"})
    before = api.get("/sessions").json()["pagination"]["total_count"]
    headers = {"Idempotency-Key": f'"{uuid4()}"'}
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        api.post("/sessions", json={}, headers=headers)
    retried = api.post("/sessions", json={}, headers=headers)
    assert retried.status_code == 201
    assert api.get("/sessions").json()["pagination"]["total_count"] == before + 1


def test_a_dropped_upload(fault, api, mock):
    """A connection may also be dropped while its request is still being sent."""
    fault({"drop": True}, times=1)
    photo = {"image": ("can.jpg", b"x" * 4_000_000, "image/jpeg")}
    with pytest.raises(httpx2.TransportError):
        api.post("/captures/upload-image", data={"session_short_id": mock.session_id}, files=photo)


def test_an_expired_upload(fault, upload):
    """The form that is handed out has expired, S3 says so, and the next one is good."""
    fault({"expired_upload": True}, match={"operation": "get_presigned_upload_url"}, times=1)
    refused = upload()
    assert refused.status_code == 403
    assert "Policy expired" in refused.text
    assert upload().status_code == 201


def test_a_wrong_clock(fault, api, mock):
    """The API takes it to be another time for that one request."""
    query = {"photo_type": "front", "original_filename": "can.jpg"}
    url = f"/sessions/{mock.session_id}/presigned-upload-url"
    fault({"clock_skew_seconds": 600}, times=1)
    skewed, right = (api.get(url, params=query).json()["upload_fields"]["x-amz-date"] for _ in range(2))
    assert right < skewed


@pytest.mark.parametrize(
    "match",
    [
        {"operation": "get_session"},
        {"operation": "apps_scanner_api_session_endpoints_get_session"},
        {"method": "get"},
        {"path": "/scanner/api/v1/sessions/*"},
        {"path": "*", "method": "GET", "operation": "get_session"},
    ],
)
def test_what_it_applies_to(match, fault, get, api):
    """What meets all that is asked for is affected, and nothing else."""
    fault({"status": 500}, match=match)
    assert get().status_code == 500
    assert api.post("/resolve-url", json={}).status_code == 422


def test_a_session(fault, get, api, mock):
    """A request is affected that names the session: in its path, its query or its body."""
    fault({"status": 500}, match={"session": mock.session_id})
    assert get().status_code == 500
    capture = {"session_short_id": mock.session_id, "capture_type": "BARCODE", "raw_value": "4006381333931"}
    assert api.post("/captures", json=capture).status_code == 500
    other = {**capture, "session_short_id": mock.completed_session_id}
    assert api.post("/captures", json=other).status_code == 409
    assert api.get(f"/sessions/{mock.completed_session_id}").status_code == 200


def test_a_body_that_is_looked_into_is_whole(fault, api):
    """A body that a fault has to look into reaches the API as it was sent, however long."""
    fault({"status": 500}, match={"session": "another"})
    response = api.post("/resolve-url", json={"url": "https://example.com/" + "x" * 300_000})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/url"


def test_a_page_can_read_it(fault, get, api, mock):
    """An error that a fault makes is one that a page of another origin can read; its preflight is spared."""
    fault({"status": 503})
    origin = {"Origin": "https://app.example"}
    asked = {
        **origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-api-key,x-mock-scope,x-mock-fault,prefer",
    }
    preflight = api.options(f"/sessions/{mock.session_id}", headers=asked)
    assert preflight.status_code == 200
    response = get(**origin)
    assert response.status_code == 503
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
