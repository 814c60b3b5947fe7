"""What traffic has and a contract lacks is proposed as an Overlay, after which the traffic conforms."""

from __future__ import annotations

import json

import yaml
from typer.testing import CliRunner

from contract_first.check import validate_har
from contract_first.check.validation import Drift
from contract_first.check.validation import drift as module
from contract_first.cli.tree import app
from contract_first.contract import load_contract

PET = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": {"type": "string"}, "kind": {"enum": ["cat", "dog"]}},
}
JSON = {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}}
BODY = {"content": {"application/json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Pet"}]}}}}
NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://pets.example/v1"}],
    "paths": {
        "/pets": {
            "get": {"operationId": "list_pets", "responses": {"200": {"description": "OK", "content": JSON}}},
            "post": {
                "operationId": "add_pet",
                "requestBody": BODY,
                "responses": {"201": {"description": "OK"}},
            },
        },
        "/it's/{name}": {
            "get": {"operationId": "its", "parameters": [NAME], "responses": {"200": {"description": "OK"}}}
        },
    },
    "components": {"schemas": {"Pet": PET}},
}


def entry(method, path, status, response=None, request=None):
    """Return an entry of a HAR."""
    asked = {"method": method, "url": f"https://pets.example/v1{path}", "headers": [], "cookies": []}
    if request is not None:
        asked["postData"] = {"mimeType": "application/json", "text": json.dumps(request)}
    text = {} if response is None else {"mimeType": "application/json", "text": json.dumps(response)}
    content = {"size": len(text.get("text", "")), **text}
    answer = {"status": status, "headers": [], "cookies": [], "content": content}
    moment = "2026-01-01T00:00:00Z"
    return {"startedDateTime": moment, "time": 1, "request": asked, "response": answer}


TRAFFIC = [
    entry("GET", "/pets", 200, [{"name": "Rex", "kind": "bird", "age": 3, "api_key": "s3cret-s3cret"}]),
    entry("GET", "/pets", 200, [{"name": "Rex", "kind": "bird"}] * 2),
    entry("GET", "/pets", 503, {"message": "later"}),
    entry("POST", "/pets", 201, request={"name": "Rex", "tail": None}),
    entry("DELETE", "/pets", 204),
    entry("GET", "/owners/12345/pets", 200),
    entry("GET", "/owners/67890/pets", 404),
    entry("DELETE", "/it's/me", 204),
    entry("OPTIONS", "/elsewhere", 204),
]


def recorded(folder, entries=TRAFFIC):
    """Write a HAR and the contract, and return both files."""
    har, contract = folder / "traffic.har", folder / "pets.json"
    har.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    contract.write_text(json.dumps(CONTRACT), "utf-8")
    return har, contract


def test_traffic_conforms_to_what_is_proposed(tmp_path):
    """The command writes an Overlay; with it, nothing in the traffic is undocumented."""
    har, contract = recorded(tmp_path)
    overlay = tmp_path / "drift.yaml"
    arguments = ["--from-har", har, "--contract", contract, "--propose", overlay]
    assert CliRunner().invoke(app, ["check", *map(str, arguments)]).exit_code == 1
    proposed = load_contract(contract, [overlay])
    assert {finding.title for finding in validate_har(har, proposed).findings} <= {"body: undocumented"}
    assert proposed.operation("its") is not None
    labels = {operation.label for operation in proposed.operations}
    assert {"DELETE /pets", "GET /owners/{id}/pets", "DELETE /it's/{name}"} <= labels
    pet = proposed.document["components"]["schemas"]["Pet"]["properties"]
    assert pet["kind"]["enum"] == ["cat", "dog", "bird"]
    assert pet["age"] == {"type": "integer", "examples": [3]}
    assert pet["tail"] == {}


def test_proposals_have_counts_examples_and_no_secret(tmp_path):
    """Each action says how often, and where first; what is secret by its name is masked."""
    har, contract = recorded(tmp_path)
    drift = Drift(load_contract(contract))
    validate_har(har, load_contract(contract), drift=drift)
    text = drift.overlay()
    actions = yaml.safe_load(text)["actions"]
    kinds = [action for action in actions if action["update"] == {"enum": ["bird"]}]
    assert [action["target"] for action in kinds] == [
        "$['components']['schemas']['Pet']['properties']['kind']"
    ]
    assert kinds[0]["description"] == "Seen 3 times, first in #1 GET https://pets.example/v1/pets -> 200"
    assert "s3cret" not in text


def test_nothing_to_propose_is_an_overlay(tmp_path):
    """Where nothing is lacking, the file is an Overlay that changes nothing."""
    har, contract = recorded(tmp_path, [entry("GET", "/pets", 200, [])])
    drift = Drift(load_contract(contract))
    validate_har(har, load_contract(contract), drift=drift)
    (tmp_path / "drift.yaml").write_text(drift.overlay(), "utf-8")
    assert load_contract(contract, [tmp_path / "drift.yaml"]).document == load_contract(contract).document


def test_proposals_are_bounded(tmp_path, monkeypatch):
    """There are no more proposals than a bound; the others are counted."""
    monkeypatch.setattr(module, "MOST_PROPOSED", 3)
    har, contract = recorded(tmp_path, [entry("GET", f"/path{number}", 200) for number in range(10)])
    drift = Drift(load_contract(contract))
    validate_har(har, load_contract(contract), drift=drift)
    assert len(yaml.safe_load(drift.overlay())["actions"]) == 3
    assert drift.more == 7


def test_a_run_has_no_traffic_to_propose_from():
    """The option goes with recorded traffic only."""
    result = CliRunner().invoke(app, ["check", "http://x.test", "--propose", "drift.yaml"])
    assert result.exit_code == 2
    assert "--from-har" in result.stderr
