"""Documents that differ in one thing."""

from copy import deepcopy

import pytest

from contract_first.contract.comparison import compare
from contract_first.contract.contract import Contract

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1.0.0"},
    "servers": [{"url": "https://pets.example"}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list_pets",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "OK"}, "404": {"description": "None"}},
            },
            "post": {
                "operationId": "add_pet",
                "security": [{"key": []}],
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "200": {
                        "description": "OK",
                        "headers": {"X-Age": {"schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            },
        },
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "get_pet", "responses": {"200": {"description": "OK"}}},
        },
    },
    "components": {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "token": {"type": "http", "scheme": "bearer"},
        }
    },
}
BODY = ("paths", "/pets", "post", "requestBody", "content", "application/json", "schema")
RESPONSE = ("paths", "/pets", "post", "responses", "200", "content", "application/json", "schema")


def put(document, keys, value):
    """Put a value into a document; ``None`` takes out what is there."""
    *above, last = keys
    for key in above:
        document = document[key]
    if value is None:
        del document[last]
    else:
        document[last] = value


@pytest.fixture
def document():
    """Returns the document with values put in, each under a tuple of keys."""

    def build(changes=None):
        changed = deepcopy(DOCUMENT)
        for keys, value in (changes or {}).items():
            put(changed, keys, deepcopy(value))
        return changed

    return build


@pytest.fixture
def rules():
    """Returns the names of the rules by which two documents differ."""

    def names(old, new):
        return [each.difference.rule.name for each in compare(Contract(old, "old"), Contract(new, "new"))]

    return names


@pytest.fixture
def schema_rules(document, rules):
    """Returns the rules by which two schemas differ, as a request body and as a response."""

    def names(old, new, **members):
        def built(schema, place):
            made = document({place: schema})
            made["components"] |= members
            return made

        return tuple(rules(built(old, place), built(new, place)) for place in (BODY, RESPONSE))

    return names


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
PET = {"type": "object", "required": ["name"], "properties": {"name": STRING}}
AGED = {"type": "object", "properties": {"age": INTEGER}}
SCHEMAS = ("components", "schemas")
REF = {"$ref": "#/components/schemas/Pet"}
LONGER, SHORTER = STRING | {"maxLength": 9}, STRING | {"maxLength": 5}
