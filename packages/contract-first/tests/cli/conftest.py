"""The commands of ``contract-first contract``, as a shell would call them."""

import json

import pytest
from typer.testing import CliRunner

from contract_first.cli.tree import app

ABOUT = {"description": "Pets", "contact": {"name": "somebody"}, "license": {"name": "MIT"}}
PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1.0.0"} | ABOUT,
    "security": [],
    "tags": [{"name": "pets", "description": "Animals"}],
    "paths": {
        "/pets/{pet_id}": {
            "get": {
                "operationId": "get_pet",
                "summary": "Get a pet",
                "tags": ["pets"],
                "parameters": [
                    {"name": "pet_id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {
                    "200": {
                        "description": "A pet",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                    },
                    "404": {"description": "No such pet"},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "examples": ["Rex"]}, "age": {"type": "integer"}},
            }
        }
    },
}


@pytest.fixture
def pets():
    """A small contract in which nothing is wrong."""
    return json.loads(json.dumps(PETS))


@pytest.fixture
def contract():
    """Runs a command of ``contract-first contract``, wide enough that nothing wraps."""

    def invoke(*arguments):
        return CliRunner().invoke(
            app, ["contract", *map(str, arguments)], env={"COLUMNS": "200", "TERM": "dumb"}
        )

    return invoke
