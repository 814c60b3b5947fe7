"""A small contract with one of everything, and exchanges that keep it."""

import json
from copy import deepcopy
from datetime import UTC, datetime

import pytest

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.validation import ExchangeValidator
from contract_first.contract import Contract

THING = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": {"type": "string", "maxLength": 5}, "size": {"type": "integer"}},
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "servers": [{"url": "https://{where}.example/v1", "variables": {"where": {"default": "api"}}}],
    "paths": {
        "/things": {
            "parameters": [{"in": "header", "name": "X-Trace", "schema": {"type": "integer"}}],
            "get": {
                "operationId": "list_things",
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 10}},
                    {"in": "query", "name": "kind", "schema": {"enum": ["new", "old"]}},
                    {"in": "query", "name": "tags", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"in": "query", "name": "q", "schema": {"type": "string"}},
                    {"in": "cookie", "name": "theme", "schema": {"type": "string", "maxLength": 3}},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {"X-Total": {"required": True, "schema": {"type": "integer"}}},
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
                            }
                        },
                    },
                    "204": {"description": ""},
                },
            },
            "post": {
                "operationId": "add_thing",
                "security": [{"key": []}, {"token": []}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}},
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "required": ["file"],
                                "properties": {"file": {"type": "string", "format": "binary"}},
                            }
                        },
                        "application/x-www-form-urlencoded": {
                            "schema": {"$ref": "#/components/schemas/Thing"}
                        },
                    },
                },
                "responses": {"201": {"$ref": "#/components/responses/Made"}, "4XX": {"description": ""}},
            },
        },
        "/things/{id}": {
            "get": {
                "operationId": "get_thing",
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
                    {"in": "query", "name": "must", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"description": "", "content": {"text/plain": {"schema": {"maxLength": 4}}}}
                },
            }
        },
    },
    "components": {
        "schemas": {"Thing": THING},
        "responses": {
            "Made": {
                "description": "",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
            }
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "token": {"type": "oauth2", "flows": {}},
        },
    },
}


@pytest.fixture
def document():
    """Return a copy of the small contract's document."""
    return deepcopy(DOCUMENT)


@pytest.fixture(scope="session")
def validator():
    """Return a validator by the small contract."""
    return ExchangeValidator(Contract(DOCUMENT, "things.json"))


def _message(body=b"", headers=(), *, body_bytes=None):
    """Make a message; a body that is no bytes is sent as JSON."""
    fields = list(headers.items() if isinstance(headers, dict) else headers)
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        fields = [("Content-Type", "application/json"), *fields]
    return Message(headers=fields, body=body, body_bytes=len(body) if body_bytes is None else body_bytes)


def _exchange(method, target, request=None, status=200, response=None):
    """Make an exchange; a target without a server is on one's own machine."""
    return RecordedExchange(
        started=datetime(2024, 1, 1, tzinfo=UTC),
        milliseconds=1.0,
        method=method,
        url=target if "://" in target else "http://127.0.0.1:8000" + target,
        status=status,
        request=request or _message(),
        response=response or _message(),
    )


@pytest.fixture(scope="session")
def message():
    """Return what makes a message."""
    return _message


@pytest.fixture(scope="session")
def exchange():
    """Return what makes an exchange."""
    return _exchange


@pytest.fixture(scope="session")
def listed():
    """Return what makes an exchange that conforms to the contract but for what is given."""

    def make(target="/things", request=None, status=200, response=None, method="GET"):
        return _exchange(method, target, request, status, response or _message([], {"X-Total": "0"}))

    return make


@pytest.fixture(scope="session")
def added():
    """Return what makes an exchange with a body that conforms to the contract but for what is given."""

    def make(request=None, status=201, response=None):
        request = request or _message({"name": "a"}, {"X-Key": "k"})
        return _exchange("POST", "/things", request, status, response or _message({"name": "a"}))

    return make


@pytest.fixture(scope="session")
def summary():
    """Return what names part, place and rule of each violation."""
    return lambda violations: [(each.part, each.where, each.rule) for each in violations]


@pytest.fixture
def changed(document):
    """Return what makes a validator by the small contract with an operation on /things that differs."""

    def validator(method="get", **operation):
        document["paths"]["/things"][method].update(operation)
        return ExchangeValidator(Contract(document, "things.json"))

    return validator
