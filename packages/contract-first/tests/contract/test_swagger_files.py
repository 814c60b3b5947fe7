"""Swagger 2.0 in several files is converted as one document."""

import json
from pathlib import Path

from contract_first.contract import load_contract


def test_a_document_of_several_files(tmp_path):
    """Parts in other files are converted as the document's own; defects are at places in those files."""
    shared = {
        "swagger": "2.0",
        "parameters": {
            "Version": {"name": "api-version", "in": "query", "required": True, "type": "string"},
            "Pet": {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}},
            "Limit": {"name": "limit", "in": "query", "type": "count"},
        },
        "responses": {"Wrong": {"description": "", "schema": {"$ref": "errors.json#/Error"}}},
        "definitions": {
            "Pet": {
                "properties": {
                    "name": {"type": "string", "minLength": "1"},
                    "owner": {"$ref": "../pets.json#/definitions/Owner"},
                }
            }
        },
    }
    document = {
        "swagger": "2.0",
        "info": {"title": "Pets", "version": "1"},
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "parameters": {"Pet": {"$ref": "common/types.json#/parameters/Pet"}},
        "definitions": {"Owner": {"type": "string", "x-nullable": True}},
        "paths": {
            "/pets": {
                "parameters": [{"$ref": "./common/types.json#/parameters/Version"}],
                "post": {
                    "parameters": [
                        {"$ref": "#/parameters/Pet"},
                        {"$ref": "common/types.json#/parameters/Limit"},
                        {"$ref": "common/types.json#/parameters/Gone"},
                    ],
                    "responses": {
                        "200": {"description": "", "schema": {"$ref": "common/types.json#/definitions/Pet"}},
                        "default": {"$ref": "common/types.json#/responses/Wrong"},
                    },
                },
            }
        },
    }
    (tmp_path / "common").mkdir()
    for name, content in (
        ("pets.json", document),
        ("common/types.json", shared),
        ("common/errors.json", {"Error": {"required": ["code"], "x-nullable": True}}),
    ):
        (tmp_path / name).write_text(json.dumps(content, indent=1))
    contract = load_contract(tmp_path / "pets.json", lenient=True)
    (operation,) = contract.operations
    assert [(each["in"], each["name"], each["schema"]) for each in operation.parameters] == [
        ("query", "api-version", {"type": "string"}),
        ("query", "limit", {}),
    ]
    (body,) = operation.request_body["content"].values()
    assert operation.request_body["required"] is True
    components = contract.document["components"]
    assert body["schema"] == {"$ref": "#/components/schemas/Pet"}
    assert components["schemas"] == {
        "Owner": {"type": "string", "nullable": True},
        "Pet": {
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "owner": {"$ref": "#/components/schemas/Owner"},
            }
        },
        "Error": {"required": ["code"], "nullable": True},
    }
    assert components["responses"]["Wrong"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
    }
    types = str(tmp_path / "common" / "types.json")
    found = []
    for each in contract.defects:
        line = Path(each.source).read_text().splitlines()[each.line - 1].strip(" ,")
        found.append((each.source, each.pointer, line))
    post = "/paths/~1pets/post/parameters/2"
    assert found == [
        (contract.source, post, "{"),
        (types, "/parameters/Limit/type", '"type": "count"'),
        (types, "/definitions/Pet/properties/name/minLength", '"minLength": "1"'),
    ]
