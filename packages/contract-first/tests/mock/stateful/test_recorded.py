"""Recorded traffic becomes the initial items of a mock by one command."""

from __future__ import annotations

import json

import httpx2
import pytest
from typer.testing import CliRunner

from contract_first.cli.tree import app
from contract_first.mock import contract_mock

PET = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string", "maxLength": 5},
        "tag": {"type": "string"},
        "token": {"type": "string"},
    },
}
TOY = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def operation(operation_id, status, schema=None, **more):
    """Return an operation with one response."""
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"operationId": operation_id, "responses": {status: {"description": "", **content}}, **more}


def parameter(name):
    """Return a path parameter."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}


LIST = {
    "type": "object",
    "properties": {"data": {"type": "array", "items": PET}, "total": {"type": "integer"}},
}
BODY = {"content": {"application/json": {"schema": PET}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://api.test/v1"}],
    "paths": {
        "/pets": {
            "get": operation("list_pets", "200", LIST),
            "post": operation("add_pet", "201", PET, requestBody=BODY),
        },
        "/pets/{petId}": {
            "parameters": [parameter("petId")],
            "get": operation("get_pet", "200", PET),
            "delete": operation("remove_pet", "204"),
        },
        "/pets/{petId}/toys": {
            "parameters": [parameter("petId")],
            "get": operation("list_toys", "200", {"type": "array", "items": TOY}),
            "post": operation(
                "add_toy", "201", TOY, requestBody={"content": {"application/json": {"schema": TOY}}}
            ),
        },
    },
}


def entry(method, path, body=None, status=200):
    """Return an entry of a HAR."""
    text = {"size": 0} if body is None else {"mimeType": "application/json", "text": json.dumps(body)}
    return {
        "startedDateTime": "2026-11-30T00:00:00Z",
        "request": {"method": method, "url": f"https://api.test/v1{path}", "headers": []},
        "response": {"status": status, "headers": [], "content": text},
    }


ENTRIES = [
    entry("GET", "/pets", {"data": [{"id": 1, "name": "Rex"}, {"id": 2, "name": "Tom"}], "total": 9}),
    entry("GET", "/pets/1", {"id": 1, "name": "Max", "tag": "a", "token": "***"}),
    entry("POST", "/pets", {"id": 3, "name": "much too long", "legs": 4}, 201),
    entry("POST", "/pets", {"id": 4, "name": "Bob"}, 409),
    entry("DELETE", "/pets/2", status=204),
    entry("GET", "/pets/7/toys", [{"id": "t"}, 7]),
    entry("GET", "/elsewhere", {"id": 5}),
]
ITEMS = {"/pets": [{"id": 1, "name": "Max", "tag": "a"}, {"id": 3}], "/pets/7/toys": [{"id": "t"}]}


def run(*arguments):
    """Run the command, and return what it did."""
    return CliRunner().invoke(app, ["seed-data", *map(str, arguments)])


@pytest.fixture
def files(tmp_path):
    """Return the files of the contract, of a HAR, and of the recording made from it."""
    contract, har, recording = (tmp_path / name for name in ("pets.json", "traffic.har", "recording.json"))
    contract.write_text(json.dumps(DOCUMENT))
    har.write_text(json.dumps({"log": {"entries": ENTRIES}}))
    CliRunner().invoke(app, ["overrides", str(har), "-o", str(recording)])
    return contract, har, recording


def test_items(files):
    """A HAR and a recording have the same items, each as it was last; what is left out is named."""
    contract, *recorded = files
    for file in recorded:
        result = run(file, "--contract", contract)
        assert (result.exit_code, json.loads(result.stdout)) == (0, ITEMS)
        assert "/pets 3: name is left out" in result.stderr
        assert "/pets 3: legs is left out: the contract has no such member." in result.stderr


def test_a_mock_starts_with_them(files, tmp_path):
    """A mock takes the file as it is, and generates what is missing."""
    contract, har, _ = files
    seeds = tmp_path / "seeds.json"
    assert run(har, "--contract", contract, "-o", seeds).exit_code == 0
    with contract_mock(contract, seed_data=seeds) as mock:
        pets = httpx2.get(f"{mock.api}/pets", trust_env=False).json()
    assert (pets["total"], [pet["id"] for pet in pets["data"]]) == (2, [1, 3])
    assert all(pet["name"] for pet in pets["data"])


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ('{"log": {"entries": []}}', 1, "shows no item of a collection of the contract"),
        ("[]", 1, "shows no item of a collection of the contract"),
        ("[1]", 2, "entry 1"),
        ('{"log": 1}', 2, "traffic.har"),
        ("{", 2, "traffic.har"),
        ("a: &a [*a]", 2, "traffic.har"),
    ],
)
def test_wrong_files(content, code, message, files):
    """A file that is no recording, or has nothing, is refused with the reason."""
    contract, har, _ = files
    har.write_text(content)
    result = run(har, "--contract", contract)
    assert result.exit_code == code
    assert message in result.stderr
