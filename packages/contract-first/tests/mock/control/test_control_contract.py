"""The control API's own contract: valid, kept, and served as it is."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.contract import load_contract
from contract_first.mock.extension import DOCUMENT, NO_EXTENSION


def test_the_document_is_valid():
    """A start takes the document as it stands, so it must be one that needs no completion."""
    assert load_contract(DOCUMENT).document == NO_EXTENSION.control_contract().document


def test_the_document_is_served(control):
    """It is at /_mock/openapi.json."""
    response = control.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == NO_EXTENSION.control_contract().document


def test_the_contract_is_reported_beside_the_api(stage, control):
    """The contract in force is reported whatever fault is on, and leaves no trace in the journal."""
    in_force = httpx2.get(f"{stage.api}/openapi.json", trust_env=False).json()
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
