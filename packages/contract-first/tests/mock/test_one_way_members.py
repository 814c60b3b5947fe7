"""Members of one direction in a mock: what is readOnly, and a client therefore does not send."""

import json
from dataclasses import replace

import httpx2
import pytest

from contract_first.contract import load_contract
from contract_first.contract.loading import reload
from contract_first.mock import contract_mock

REF = {"$ref": "#/components/schemas/Pet"}
NAME = {"type": "string"}
PET = {
    "type": "object",
    "required": ["id", "name", "secret"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": NAME,
        "secret": {"type": "string", "writeOnly": True},
        "young": {"type": "array", "items": {"allOf": [REF, {"properties": {"age": {"type": "integer"}}}]}},
    },
}
BARK = {"name": "Rex", "secret": "x"}


def written(folder, version):
    """Write a contract of this version; return its place."""
    media = {"application/json": {"schema": REF}}
    post = {"requestBody": {"required": True, "content": media}, "responses": {}}
    post["responses"]["201"] = {"description": "", "content": media}
    document = {"info": {"title": "t", "version": "1"}, "paths": {"/pets": {"post": post}}}
    if version == "2.0":
        schema = json.loads(json.dumps(PET).replace("components/schemas", "definitions"))
        del schema["properties"]["secret"]["writeOnly"]
        body = {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}}
        post = {
            "consumes": ["application/json"],
            "parameters": [body],
            "responses": {"201": {"description": ""}},
        }
        document |= {"swagger": "2.0", "definitions": {"Pet": schema}, "paths": {"/pets": {"post": post}}}
    else:
        document |= {"openapi": version, "components": {"schemas": {"Pet": PET}}}
    place = folder / "pets.json"
    place.write_text(json.dumps(document))
    return str(place)


@pytest.mark.parametrize("version", ["2.0", "3.0.3", "3.1.0", "3.2.0"])
def test_what_the_server_makes_is_not_demanded(version, tmp_path):
    """A POST without an id is right at any depth, and the response violates nothing."""
    sent = {**BARK, "young": [{**BARK, "age": 1}]}
    with (
        contract_mock(written(tmp_path, version)) as mock,
        httpx2.Client(trust_env=False, timeout=60) as client,
    ):
        made = client.post(f"{mock.api}/pets", json=sent)
        missing = client.post(f"{mock.api}/pets", json={"secret": "x"})
        recorded = client.get(f"{mock.control}/journal?violations=true").json()["exchanges"]
    assert (made.status_code, missing.status_code, len(recorded)) == (201, 422, 1)
    assert version == "2.0" or made.json().keys() == {"id", "name", "young"}


@pytest.mark.parametrize(("version", "status"), [("3.0.3", 201), ("3.1.0", 422), ("3.2.0", 422)])
def test_strict(version, status, tmp_path):
    """By the letter of OpenAPI 3.1, what is required is required in both directions."""
    place = written(tmp_path, version)
    with contract_mock(place, strict=True) as mock:
        assert httpx2.post(f"{mock.api}/pets", json=BARK, trust_env=False, timeout=60).status_code == status


def test_a_contract_is_loaded_again_as_strictly(tmp_path):
    """As when its file has changed."""
    contract = load_contract(written(tmp_path, "3.1.0"), strict=True)
    assert reload(contract).strict
    assert not reload(replace(contract, strict=False)).strict
