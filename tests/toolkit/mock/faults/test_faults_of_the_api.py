"""Each kind of fault of the API happens, to whom it is for, as often as it is to, and ends."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
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


def test_a_path_is_met_decoded(fault, api):
    """What stands in `match.path` is the path as people read it, however a client encodes it."""
    fault({"status": 503}, match={"path": "*/sessions/a b"}, times=2)
    responses = [api.get(f"/sessions/{sent}") for sent in ("a%20b", "%61%20b", "a%2520b")]
    assert [response.status_code == 503 for response in responses] == [True, True, False]


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


@pytest.mark.parametrize("status", [204, 302, 304])
def test_a_status_that_is_no_error(status, fault, get):
    """Statuses below 400 that the contract does not have come without a body."""
    fault({"status": status}, times=1)
    response = get()
    assert (response.status_code, response.content) == (status, b"")
    assert get().status_code == 200


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


def test_retry_after_without_a_status(fault, get):
    """Any response may say when to come back."""
    fault({"retry_after_seconds": 3}, times=1)
    response = get()
    assert (response.status_code, response.headers["Retry-After"]) == (200, "3")
    assert "Retry-After" not in get().headers


def test_a_dropped_connection(fault, get):
    """The connection ends without a byte of a response, and the next one is handled."""
    fault({"drop": True}, times=1)
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        get()
    assert get().status_code == 200


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


def test_latency(fault, get):
    """The response is held back for that long."""
    fault({"latency_ms": 250}, times=1)
    start = time.monotonic()
    assert get().status_code == 200
    assert time.monotonic() - start >= 0.25


@pytest.mark.parametrize(
    "latency",
    [
        {"distribution": "uniform", "lower": 50, "upper": 60},
        {"distribution": "normal", "mean": 60, "standard_deviation": 1},
        {"distribution": "lognormal", "median": 60, "sigma": 0.01},
    ],
)
def test_distributed_latency(latency, fault, get):
    """A latency may be drawn from a distribution."""
    fault({"latency_ms": latency}, times=1)
    start = time.monotonic()
    assert get().status_code == 200
    assert time.monotonic() - start >= 0.045


def test_latency_before_an_error(fault, get):
    """Effects come together: held back, then refused."""
    fault({"latency_ms": 100, "status": 500, "retry_after_seconds": 1}, times=1)
    start = time.monotonic()
    response = get()
    assert (response.status_code, response.headers["Retry-After"]) == (500, "1")
    assert time.monotonic() - start >= 0.1


def test_a_slow_body(fault, api, mock):
    """The body comes bit by bit, and is whole."""
    fault({"bytes_per_second": 1000}, times=1)
    start = time.monotonic()
    with api.stream("GET", f"/sessions/{mock.session_id}") as response:
        pieces = list(response.iter_raw())
    assert len(pieces) > 1
    assert len(b"".join(pieces)) == int(response.headers["Content-Length"])
    assert time.monotonic() - start >= 0.1


def test_a_slow_body_that_nobody_waits_for(fault, api, mock, get):
    """A client that goes away in the midst of it leaves nothing behind that keeps others waiting."""
    fault({"bytes_per_second": 1}, times=1)
    with api.stream("GET", f"/sessions/{mock.session_id}") as response:
        assert response.status_code == 200
    assert get().status_code == 200


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


def test_a_scope(fault, get):
    """A fault of a test run applies to that run's requests alone."""
    fault({"status": 500}, scope="run-1", times=1)
    assert get().status_code == 200
    assert get(**{"X-Mock-Scope": "run-2"}).status_code == 200
    assert statuses(get, 2, **{"X-Mock-Scope": "run-1"}) == [500, 200]


def test_skip_and_times(fault, get, control):
    """The first are let through, the next are affected, and what was affected is counted."""
    standing = fault({"status": 500}, skip=2, times=2)
    assert statuses(get, 6) == [200, 200, 500, 500, 200, 200]
    assert [(each["id"], each["struck"]) for each in control.get("/faults").json()["faults"]] == [
        (standing["id"], 2)
    ]


def test_probability(fault, get, control):
    """Chance applies to the same requests whenever the same fault is switched on."""
    runs = []
    for _ in range(2):
        standing = fault({"status": 500}, probability=0.5)
        runs.append(statuses(get, 16))
        assert control.delete(f"/faults/{standing['id']}").status_code == 204
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_the_first_whose_turn_it_is(fault, get):
    """Faults are tried in order, and where one does not apply another may."""
    fault({"status": 500}, times=1)
    fault({"status": 503}, times=1)
    assert statuses(get, 3) == [500, 503, 200]


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


def test_head(fault, api, mock):
    """The response to HEAD has the status and no body."""
    fault({"status": 503, "error_code": "x"}, times=1)
    response = api.head(f"/sessions/{mock.session_id}")
    assert (response.status_code, response.content) == (503, b"")


def test_many_at_once(fault, api, mock):
    """Of many requests at once, exactly so many are affected as are to be."""
    fault({"status": 500}, skip=5, times=7)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: api.get(f"/sessions/{mock.session_id}").status_code, range(40)))
    assert (found.count(500), found.count(200)) == (7, 33)
