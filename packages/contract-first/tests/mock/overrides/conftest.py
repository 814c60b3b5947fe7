"""A mock of pets, and its overrides."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer", "minimum": 1}, "name": {"type": "string", "maxLength": 20}},
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list_pets",
                "parameters": [{"name": "kind", "in": "query", "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "All.",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": PET},
                                "examples": {
                                    "two": {"value": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}
                                },
                            }
                        },
                    },
                    "404": {"description": "None."},
                },
            },
            "post": {
                "operationId": "add_pet",
                "requestBody": {"content": {"application/json": {}, "application/x-www-form-urlencoded": {}}},
                "responses": {
                    "201": {"description": "It.", "content": {"application/json": {"schema": PET}}}
                },
            },
        },
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "operationId": "get_pet",
                "responses": {
                    "200": {
                        "description": "It.",
                        "content": {"application/json": {"schema": PET, "example": {"id": 7, "name": "Rex"}}},
                    }
                },
            },
            "delete": {"operationId": "remove_pet", "responses": {"204": {"description": "Gone."}}},
        },
    },
}


@pytest.fixture(scope="session")
def contract():
    """Return the contract of pets."""
    return Contract(DOCUMENT, "pets.json")


@pytest.fixture(scope="session")
def pets(contract):
    """Run the mock of pets."""
    with contract_mock(contract) as mock:
        yield mock


@pytest.fixture
def client(pets):
    """Return a client of the mock, whose overrides, faults and journal go at the end."""
    with httpx2.Client(base_url=pets.api, trust_env=False, timeout=30) as client:
        yield client
        client.post("/_mock/state/reset", json={}).raise_for_status()


@pytest.fixture
def override(client):
    """Return what adds an override, given its effect and its other members."""

    def add(effect, **more):
        response = client.post("/_mock/overrides", json={"effect": effect, **more})
        assert response.status_code == 201, response.text
        return response.json()

    return add
