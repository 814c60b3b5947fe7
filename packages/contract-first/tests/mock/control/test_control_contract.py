"""The control API's own contract: valid, kept, and served as it is."""

from __future__ import annotations

import json

import httpx2
import pytest

from contract_first.contract import load_contract
from contract_first.mock.extension import NO_EXTENSION
from contract_first.mock.rule import Effect, Match, Rule


def test_the_document_is_valid(tmp_path):
    """A start takes the document as it stands, so it must be one that needs no completion."""
    document = NO_EXTENSION.control_contract().document
    (tmp_path / "control.json").write_text(json.dumps(document))
    assert load_contract(tmp_path / "control.json").document == document


@pytest.mark.parametrize(("schema", "struct"), [("Fault", Rule), ("Match", Match), ("Effect", Effect)])
def test_schemas_are_of_the_types(schema, struct):
    """Each member of a rule is in the document with its description; what is left out is not null."""
    properties = NO_EXTENSION.control_contract().document["components"]["schemas"][schema]["properties"]
    assert {*properties} == {*struct.__struct_fields__}
    assert [name for name, member in properties.items() if not member.get("description")] == []
    nullable = [name for name, member in properties.items() if "null" in str(member.get("type"))]
    assert nullable == (["times"] if struct is Rule else [])


def test_a_type_or_an_object_is_one_schema():
    """A member that may be an object has its types in a list, by which the console chooses an input."""
    effect = NO_EXTENSION.control_contract().document["components"]["schemas"]["Effect"]["properties"]
    assert (effect["latency_ms"]["type"], effect["forward"]["type"]) == (
        ["number", "object"],
        ["boolean", "object"],
    )
    assert effect["latency_ms"]["maximum"] == 600_000


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
