"""The service's mock on a contract with one operation more, to which the contract responds."""

from __future__ import annotations

import json

import httpx2
import pytest

from contract_first.mock.responses.authenticators import OpenAuthenticator
from contract_first.service.assembly import Assembly
from contract_first.service.messages.response import Rendered
from scanner_contract import load_contract
from scanner_mocks import scanner_mock, seeds

WEATHER = {
    "get": {
        "operationId": "get_weather",
        "parameters": [{"name": "city_id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {
            "200": {
                "description": "",
                "content": {"application/json": {"schema": {"type": "object"}, "example": {"rain": True}}},
            },
            "404": {"description": ""},
        },
    }
}
PACKAGED = load_contract()
VALIDATOR = Assembly(PACKAGED, OpenAuthenticator()).response_validator
KEY = {"X-API-Key": seeds.UNLIMITED_KEY}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Run the mock on the packaged contract and one operation more; return a client of it."""
    path = tmp_path_factory.mktemp("contract") / "more.json"
    document = json.loads(json.dumps(PACKAGED.document))
    document["paths"]["/weather/{city_id}"] = WEATHER
    path.write_text(json.dumps(document))
    with (
        scanner_mock(contract=str(path), prefer_first=True) as mock,
        httpx2.Client(base_url=mock.api, headers=KEY, trust_env=False) as client,
    ):
        yield client


def test_an_operation_without_a_handler_gets_the_contracts_response(client):
    """Its example is sent."""
    response = client.get("/weather/5")
    assert (response.json(), response.headers["X-Mock-Answer"]) == ({"rain": True}, "example")


def test_an_operation_with_a_handler_gets_its_response(client):
    """The response says so, and has the state behind it."""
    response = client.get(f"/scanner/api/v1/sessions/{seeds.SESSION}")
    assert (response.json()["id"], response.headers["X-Mock-Answer"]) == (seeds.SESSION, "handler")


@pytest.mark.parametrize("operation", PACKAGED.operations, ids=lambda each: each.operation_id)
def test_each_documented_status_is_had_by_preference(operation, client):
    """Whatever the operation does, the preferred status is sent as the contract documents it."""
    path = operation.path.replace("{", "").replace("}", "")
    for code in operation.responses:
        response = client.request(operation.method.upper(), path, headers={"Prefer": f"code={code}"})
        assert response.status_code == int(code)
        assert response.headers["Preference-Applied"] == f"code={code}"
        fields = [(name.lower(), value) for name, value in response.headers.raw]
        rendered = Rendered(response.status_code, fields, response.content)
        assert VALIDATOR.errors(operation, rendered, response.headers["Content-Type"]) == []


def test_a_documented_problem_is_the_services_own(client):
    """It has the error code of its status, the headers that belong to it, and the caller's rate limits."""
    target = f"/scanner/api/v1/sessions/{seeds.SESSION}"
    got = {code: client.get(target, headers={"Prefer": f"code={code}"}) for code in (401, 429, 503)}
    assert [each.json()["error_code"] for each in got.values()] == [
        *("unauthorized", "rate_limited", "service_unavailable"),
    ]
    assert "Bearer" in got[401].headers["WWW-Authenticate"]
    assert got[429].headers["RateLimit-Remaining"] == got[429].headers["X-RateLimit-Remaining"] == "0"
    assert got[429].headers["Retry-After"] == got[429].headers["RateLimit-Reset"]
    assert int(got[503].headers["RateLimit-Remaining"]) > 0


def test_a_preference_is_for_callers_who_are_let_in(client):
    """A wrong key is refused, and a limited one counts what is preferred as any other request."""
    target = f"/scanner/api/v1/sessions/{seeds.SESSION}"
    wrong = client.get(target, headers={"X-API-Key": "wrong", "Prefer": "code=503"})
    assert wrong.status_code == 401
    limited = {"X-API-Key": seeds.LIMITED_KEY, "Prefer": "code=404"}
    statuses = [client.get(target, headers=limited).status_code for _ in range(6)]
    assert statuses == [404] * 5 + [429]


def test_the_page_lists_operations_with_and_without_handlers(client):
    """It lists every operation of the contract that the mock runs on."""
    page = client.get("/_mock/responses").text
    assert "/weather/{city_id}" in page
    assert "/scanner/api/v1/sessions/{id}" in page
