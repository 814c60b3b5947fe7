"""What a mock does about requests that violate the contract is the user's choice."""

from __future__ import annotations

import json

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.pipeline import ContractResponses, contract_app
from contract_first.mock.responses import STRICT, MockStrictness

from .conftest import document_of

BODY = {
    "type": "object",
    "required": ["at"],
    "properties": {"at": {"type": "string", "format": "date-time"}, "size": {"type": "integer"}},
}
SENT = {"type": "object", "required": ["ok"], "properties": {"ok": {"const": True}}}
PATHS = {
    "/things": {
        "post": {
            "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}},
            "responses": {
                "200": {"description": "", "content": {"application/json": {"schema": SENT}}},
                "409": {"description": "", "content": {"application/json": {"schema": SENT}}},
            },
        }
    }
}
DOCUMENT = document_of(PATHS)
GOOD = {"at": "2026-11-26T12:00:00Z"}
WRONG_FORMAT = {"at": "yesterday"}
WRONG_TYPE = {"at": "2026-11-26T12:00:00Z", "size": "large"}


@pytest.fixture
def post(client):
    """Return what sends a body to a mock that is as strict as it says, and returns the response."""

    def send(body, strictness, target="/things", **headers):
        app = contract_app(Contract(DOCUMENT, "test"), ContractResponses(strictness=strictness))
        return client(app).post(target, body, **headers)

    return send


@pytest.mark.parametrize(
    ("body", "requests", "formats", "status", "said"),
    [
        (GOOD, "on", "on", 200, None),
        (GOOD, "warn", "warn", 200, None),
        (WRONG_TYPE, "on", "off", 422, None),
        (WRONG_TYPE, "warn", "on", 200, "size"),
        (WRONG_TYPE, "off", "on", 200, None),
        (WRONG_FORMAT, "on", "on", 422, None),
        (WRONG_FORMAT, "on", "warn", 200, "at"),
        (WRONG_FORMAT, "on", "off", 200, None),
        (WRONG_FORMAT, "warn", "off", 200, None),
        ({**WRONG_FORMAT, "size": "large"}, "on", "warn", 422, None),
    ],
)
def test_violations_refuse_warn_or_pass(post, body, requests, formats, status, said):
    """A violation is refused, said in a header or let pass; that of a format by itself."""
    response = post(body, MockStrictness(requests, formats))
    assert response.status == status
    found = response.headers.get("x-mock-request-violation")
    assert (found is None) if said is None else (said in found)


@pytest.mark.parametrize("strictness", [STRICT, MockStrictness("on", "warn"), MockStrictness("warn")])
@pytest.mark.parametrize(
    "holder",
    [
        {"schema": BODY, "example": WRONG_FORMAT},
        {"schema": BODY, "examples": {"x": {"value": WRONG_FORMAT}}},
        {"schema": BODY | {"example": WRONG_FORMAT}},
        {
            "schema": BODY
            | {"properties": {"at": {"type": "string", "format": "date-time", "example": "tomorrow"}}}
        },
    ],
)
def test_what_violates_a_format_as_its_example_does_is_let_pass(holder, strictness, mocked):
    """A header says so; where no example does it is refused, and so is what violates more than that."""
    paths = json.loads(json.dumps(PATHS))
    operation = paths["/things"]["post"]
    operation["requestBody"]["content"]["application/json"] = holder
    operation["parameters"].append(
        {"name": "on", "in": "query", "schema": {"type": "string", "format": "date"}}
    )
    app = mocked(paths, strictness=strictness)
    response = app.post("/things", {"at": "yesterday"})
    assert response.status == 200
    assert "at" in response.headers["x-mock-request-violation"]
    assert app.post("/things", GOOD).headers.get("x-mock-request-violation") is None
    if strictness == STRICT:
        assert app.post("/things", {"size": 5}).status == 422
        assert app.post("/things?on=x", WRONG_FORMAT).status == 422


INTEGERS = {"int8": 2**7, "int32": 2**31, "int64": 2**63, "uint8": 2**8, "uint64": 2**64}


@pytest.mark.parametrize(("name", "beyond"), INTEGERS.items())
def test_ranges_of_integers(client, name, beyond):
    """A format bounds what a schema says is an integer: beyond, a client with such a type loses what is sent.

    For a number, or a value of any type, it is an annotation.
    """
    kinds = {
        "n": {"type": "integer", "format": name},
        "maybe": {"type": ["integer", "string", "null"], "format": name},
        "number": {"type": "number", "format": name},
        "either": {"type": ["integer", "number"], "format": name},
        "any": {"format": name},
        "at": {"type": "string", "format": "date-time"},
    }
    parameter = {"name": "n", "in": "query", "schema": kinds["n"]}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": kinds}}}}
    operation = {"parameters": [parameter], "requestBody": body, "responses": {"200": {"description": ""}}}
    document = {**DOCUMENT, "paths": {"/n": {"post": operation}}}
    least = 0 if name.startswith("u") else -beyond

    def post(value, strictness=STRICT, query=0):
        app = contract_app(Contract(document, "test"), ContractResponses(strictness=strictness))
        return client(app).post(f"/n?n={query}", value)

    for value in ({"n": beyond - 1}, {"n": least}, {"maybe": "text"}, {"any": True}):
        assert post(value).status == 200
    for value in (
        {each: number} for each in ("number", "either", "any") for number in (6.7e307, 1.5, beyond)
    ):
        assert post(value).status == 200
    for value in ({"n": beyond}, {"n": least - 1}, {"maybe": beyond}, {"maybe": 1e300}):
        (error,) = post(value).json["errors"]
        assert error["rule"] == "format"
        assert error["detail"] == f'value is not a "{name}", an integer from {least} to {beyond - 1}'
        assert post(value, MockStrictness("on", "warn")).status == 200
        assert post(value, MockStrictness("on", "off")).status == 200
    assert post({}, query=beyond).json["errors"][0]["name"] == "n"
    assert {each["pointer"] for each in post({"at": "noon", "n": beyond}).json["errors"]} == {"/at", "/n"}


@pytest.mark.parametrize(
    ("target", "raw", "headers"),
    [
        ("/things", b"{", {"content_type": "application/json"}),
        ("/things", b"a=b", {"content_type": "text/plain"}),
        ("/things", b"", {}),
        ("/things?limit=x", json.dumps(GOOD).encode(), {"content_type": "application/json"}),
        ("/things", json.dumps(GOOD).encode(), {"content_type": "application/json", "accept": "image/png"}),
    ],
)
def test_what_cannot_be_read_passes_too(client, target, raw, headers):
    """A body that is no JSON, of another type or not there, and an Accept that excludes all, are let pass."""
    for requests, status in (("on", {400, 406, 415, 422}), ("warn", {200}), ("off", {200})):
        app = contract_app(Contract(DOCUMENT, "test"), ContractResponses(strictness=MockStrictness(requests)))
        response = client(app)("POST", target, raw, **headers)
        assert response.status in status
        assert ("x-mock-request-violation" in response.headers) == (requests == "warn")


def test_a_preference_comes_after_validation(post):
    """An invalid request is refused whatever it prefers, unless preferences are to come first."""
    prefer = {"prefer": "code=409"}
    assert post(WRONG_TYPE, MockStrictness(), **prefer).status == 422
    assert post(GOOD, MockStrictness(), **prefer).status == 409
    assert post(WRONG_TYPE, MockStrictness(prefers_first=True), **prefer).status == 409


def test_a_fault_needs_no_valid_request():
    """A fault's status is the response to any request, valid or not."""
    fault = {"effect": {"status": 409}}
    with contract_mock(Contract(DOCUMENT, "test")) as mock, httpx2.Client(trust_env=False) as http:
        assert http.post(f"{mock.control}/faults", json=fault).status_code == 201
        assert http.post(f"{mock.api}/things", json=WRONG_TYPE).status_code == 409


@pytest.mark.parametrize(("requests", "reported"), [("warn", 1), ("off", 0)])
def test_what_is_off_is_not_reported(requests, reported):
    """The journal has violations that are let pass with a warning, and not those that are ignored."""
    with (
        contract_mock(Contract(DOCUMENT, "test"), validate_requests=requests) as mock,
        httpx2.Client(trust_env=False) as http,
    ):
        assert http.post(f"{mock.api}/things", json=WRONG_TYPE).status_code == 200
        found = http.get(f"{mock.control}/journal", params={"violations": True}).json()["exchanges"]
    assert len(found) == reported


def test_a_generated_error_says_what_is_wrong(mocked):
    """Its members say so whose names mean that, as far as the schema allows; others stay as they are."""
    error = {
        "type": "object",
        "required": ["error", "documentation_url"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "code", "type"],
                "properties": {
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                    "status": {"type": "integer"},
                    "type": {"enum": ["api_error"]},
                },
            },
            "detail": {"type": "string", "maxLength": 10},
            "description": {"type": "string"},
            "documentation_url": {"type": "string"},
        },
    }
    things = {**PATHS["/things"]["post"]}
    things["responses"] = {
        **things["responses"],
        "default": {"description": "", "content": {"application/json": {"schema": error}}},
    }
    response = mocked({"/things": {"post": things}}).post("/things", WRONG_TYPE)
    assert response.status == 422
    said = response.json
    assert said["error"] == {
        "message": 'body /size: value is not of type "integer" but "string"',
        "code": "validation_error",
        "status": 422,
        "type": "api_error",
    }
    assert said["description"].startswith("body /size: ")
    assert len(said["detail"]) <= 10
