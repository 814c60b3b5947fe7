"""Faults of an API with credentials, quotas and memory: they precede refusals, and say when to retry."""

from __future__ import annotations

import time

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

INTEGER, TEXT = {"type": "integer"}, {"type": "string"}
HEADERS = {
    name: {"required": True, "schema": {**INTEGER, "minimum": 0}}
    for name in (
        "RateLimit-Remaining", "RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Reset"
    )
}  # fmt: skip
ERROR = {
    "type": "object",
    "required": ["detail", "error_code", "retryAfter"],
    "properties": {"detail": TEXT, "error_code": TEXT, "retryAfter": INTEGER},
}
ERRORS = {
    code: {"description": "", "headers": HEADERS, "content": {"application/problem+json": {"schema": ERROR}}}
    for code in ("429", "503")
}
CUP = {"type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT}}


def operation(name, status, schema):
    """Return an operation that needs a key."""
    content = {"application/json": {"schema": schema}}
    responses = {status: {"description": "", "content": content}, **ERRORS}
    return {"operationId": name, "security": [{"key": []}], "responses": responses}


BODY = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
CUPS = {
    "openapi": "3.1.0",
    "info": {"title": "Cups", "version": "1"},
    "paths": {
        "/cups": {
            "get": operation("shop_list_cups", "200", {"type": "array", "items": CUP}),
            "post": {**operation("shop_create_cup", "201", CUP), "requestBody": BODY},
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}
KEY = {"X-Key": "a"}


@pytest.fixture(scope="module")
def things():
    """Run the mock."""
    with contract_mock(Contract(CUPS, "cups.json"), stateful=True, seed=7) as running:
        yield running


@pytest.fixture
def get(api):
    """Return what reads the cups, with header fields."""
    return lambda **headers: api.get("/cups", headers=KEY | headers)


def test_a_status(fault, get):
    """The response has the status and is the contract's error; two are affected and no more."""
    fault({"status": 503}, times=2)
    response = get()
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["error_code"] == "service_unavailable"
    assert [get().status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (KEY | {"Accept": "image/png"}, 406)])
def test_a_status_comes_first(headers, status, fault, api):
    """An API that is down is down for those too whom it would have refused for another reason."""
    fault({"status": 503}, times=1)
    responses = [api.get("/cups", headers=headers) for _ in range(2)]
    assert responses[0].json()["detail"]
    assert [response.status_code for response in responses] == [503, status]


def test_a_code_of_an_error(fault, get):
    """The error has the code that the fault asks for."""
    fault({"status": 503, "error_code": "brownout"}, times=1)
    response = get()
    assert (response.status_code, response.json()["error_code"]) == (503, "brownout")
    assert int(response.headers["Content-Length"]) == len(response.content)


@pytest.mark.parametrize(("effect", "seconds"), [({}, 60), ({"retry_after_seconds": 7}, 7)])
def test_too_many_requests(effect, seconds, fault, get):
    """A 429 says when to retry, the same in each header and member that says so."""
    fault({"status": 429, **effect}, times=1)
    before = time.time()
    response = get()
    assert response.status_code == 429
    headers, error = response.headers, response.json()
    assert (headers["Retry-After"], headers["RateLimit-Reset"]) == (str(seconds), str(seconds))
    assert (headers["RateLimit-Remaining"], headers["X-RateLimit-Remaining"]) == ("0", "0")
    assert int(headers["X-RateLimit-Reset"]) >= before + seconds
    assert (error["retryAfter"], f"in {seconds} seconds" in error["detail"]) == (seconds, True)
    assert "Preference-Applied" not in headers


def test_when_to_retry_a_failure(fault, get):
    """An error of another status says it where the contract declares a member for it."""
    fault({"status": 503, "retry_after_seconds": 5}, times=1)
    response = get()
    assert (response.headers["Retry-After"], response.json()["retryAfter"]) == ("5", 5)


def test_a_dropped_response(fault, api, get):
    """What was asked for is done, and the connection ends without a response."""
    fault({"drop_response": True}, times=1, match={"operation": "create_cup"})
    before = len(get().json())
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        api.post("/cups", json={"name": "Ann"}, headers=KEY)
    assert len(get().json()) == before + 1


def test_a_dropped_upload(fault, api):
    """A connection may also be dropped while its request is still being sent."""
    fault({"drop": True}, times=1)
    with pytest.raises(httpx2.TransportError):
        api.post("/cups", json={"name": "x" * 4_000_000}, headers=KEY)


@pytest.mark.parametrize(
    "match",
    [
        {"operation": "list_cups"},
        {"operation": "shop_list_cups"},
        {"method": "get"},
        {"path": "/cup*", "method": "GET"},
        {"path": "*", "method": "GET", "operation": "list_cups"},
    ],
)
def test_what_it_applies_to(match, fault, get, api):
    """What meets all that is asked for is affected, and nothing else."""
    fault({"status": 500}, match=match)
    assert get().status_code == 500
    assert api.post("/cups", json={"name": "Ann"}, headers=KEY).status_code == 201


def test_a_page_can_read_it(fault, get, api):
    """An error that a fault makes is one that a page of another origin can read; its preflight is spared."""
    fault({"status": 503})
    origin = {"Origin": "https://app.example"}
    preflight = api.options(
        "/cups",
        headers={
            **origin,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-key,x-mock-scope,x-mock-fault,prefer",
        },
    )
    assert preflight.status_code == 200
    response = get(**origin)
    assert response.status_code == 503
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
