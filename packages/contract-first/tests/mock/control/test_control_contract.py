"""The control API's own contract: valid, kept, and served as it is."""

from __future__ import annotations

import json

import httpx
import pytest

from contract_first.mock.extension import DOCUMENT, NO_EXTENSION
from scanner_contract import load_contract
from scanner_mocks.faults import EXTENSION


def test_the_document_is_valid():
    """A start takes the document as it stands, so it must be one that needs no completion."""
    assert load_contract(DOCUMENT).document == NO_EXTENSION.control_contract().document


def test_the_document_with_the_scanners_overlay_is_valid(tmp_path):
    """What the Scanner's mock adds leaves the document one that needs no completion."""
    extended = EXTENSION.control_contract().document
    (tmp_path / "control.json").write_text(json.dumps(extended))
    assert load_contract(tmp_path / "control.json").document == extended


def test_the_document_is_served(control):
    """It is at /_mock/openapi.json."""
    response = control.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == EXTENSION.control_contract().document


def test_the_contract_is_reported_beside_the_api(stage, control):
    """The contract in force is reported whatever fault is on, and leaves no trace in the journal."""
    in_force = httpx.get(f"{stage.api}/openapi.json", trust_env=False).json()
    control.post("/faults", json={"effect": {"status": 503}})
    control.delete("/journal")
    assert control.get("/contract").json() == in_force
    assert control.get("/journal").json()["exchanges"] == []


def test_every_operation_is_there(control):
    """No operation of the contract is unknown to the server; what a request lacks is reported."""
    for operation in NO_EXTENSION.control_contract().operations:
        path = operation.path.removeprefix("/_mock").replace("{id}", "unknown")
        if path != "/events":
            response = control.request(operation.method, path)
            assert response.status_code in {200, 204, 404, 415, 422}, (operation.operation_id, response.text)


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("POST", "/clock", {}, ""),
        ("POST", "/clock", {"freeze": "yes"}, "/freeze"),
        ("POST", "/clock", {"now": "yesterday"}, "/now"),
        ("POST", "/clock", {"now": "2026-01-01T00:00:00"}, "/now"),
        ("POST", "/clock", {"now": "2026-06-30T23:59:60Z"}, "/now"),
        ("POST", "/clock", {"now": "9999-12-31T23:59:59-12:00"}, "/now"),
        ("POST", "/clock", {"advance_seconds": 1e11}, "/advance_seconds"),
        ("POST", "/clock", {"advance_seconds": 1e308}, "/advance_seconds"),
        ("POST", "/clock", {"advance": 1}, ""),
        ("POST", "/state/reset", {"keep": ["everything"]}, "/keep/0"),
        ("POST", "/state/snapshot", {"name": ""}, "/name"),
        ("POST", "/state/snapshot", {"name": "x" * 201}, "/name"),
        ("POST", "/state/restore", {}, ""),
    ],
)
def test_a_wrong_part_is_named(control, method, path, body, where):
    """What violates the contract is a 422 that points at it."""
    response = control.request(method, path, json=body)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, where)


def test_unknown_paths_and_methods_are_problems(control):
    """What is not there is a 404 or a 405, as anywhere in the API."""
    for path in ("/nothing", "/state/reset/x"):
        assert control.get(path).json()["status"] == 404
    assert control.put("/clock").json()["status"] == 405


def test_neither_credentials_nor_limits_are_asked_for(stage, control):
    """It needs no API key, and no rate limit counts it."""
    responses = [control.get("/seeds") for _ in range(20)]
    assert {response.status_code for response in responses} == {200}
    assert "RateLimit-Limit" not in responses[0].headers
    assert responses[0].json()["api_key"] == stage.api_key
    assert len(responses[0].json()["organizations"]) == 2


def test_what_lies_beside_it_is_the_apis(stage):
    """Only /_mock and what is below it is control."""
    response = httpx.get(f"{stage.api}/_mocks", trust_env=False)
    assert (response.status_code, "RateLimit-Limit" in response.headers) == (404, True)
