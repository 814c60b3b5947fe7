"""Apps that are wrong on purpose, each in one way: each is caught by that, a right one by nothing."""

import pytest

from contract_first.contract import Contract

NOTE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "maxLength": 5}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        "/notes/{id}": {
            "put": {
                "operationId": "put_note",
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
                    {"in": "query", "name": "force", "schema": {"type": "boolean"}},
                    {"in": "header", "name": "X-Trace", "required": True, "schema": {"type": "string"}},
                    {"in": "cookie", "name": "lang", "schema": {"enum": ["en", "de"]}},
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": NOTE}}},
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {"X-Left": {"required": True, "schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": NOTE}},
                    },
                    "202": {"description": ""},
                },
            }
        }
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}
RIGHT_FIELDS = {"Content-Type": "application/json", "X-Left": "3"}
WRONG_SERVERS = {
    "undocumented status": ({"status": "404 Not Found"}, ("status", "404", "undocumented")),
    "undocumented media type": ({"Content-Type": "text/html"}, ("media type", "", "undocumented")),
    "undocumented body": ({"status": "202 Accepted"}, ("body", "", "undocumented")),
    "missing body": ({"body": b""}, ("body", "", "required")),
    "missing header": ({"X-Left": None}, ("header", "X-Left", "required")),
    "wrong header": ({"X-Left": "few"}, ("header", "X-Left", "schema")),
    "no JSON": ({"body": b"{'text': 1}"}, ("body", "", "encoding")),
    "missing property": ({"body": b"{}"}, ("body", "", "required")),
    "wrong property": ({"body": b'{"text": "too long"}'}, ("body", "/text", "maxLength")),
}
WRONG_CLIENTS = {
    "undocumented path": ({"path": "/nodes/1"}, ("operation", "PUT", "undocumented")),
    "undocumented method": ({"method": "DELETE"}, ("operation", "DELETE", "undocumented")),
    "no credential": ({"X-Key": None}, ("security", "", "required")),
    "wrong path parameter": ({"path": "/notes/one"}, ("path", "id", "type")),
    "wrong query parameter": ({"path": "/notes/1?force=yes"}, ("query", "force", "type")),
    "repeated query parameter": ({"path": "/notes/1?force=true&force=true"}, ("query", "force", "repeated")),
    "broken query": ({"path": "/notes/1?force=%E9"}, ("query", "", "encoding")),
    "missing header": ({"X-Trace": None}, ("header", "X-Trace", "required")),
    "wrong cookie": ({"Cookie": "lang=fr"}, ("cookie", "lang", "enum")),
    "missing body": ({"content": b""}, ("body", "", "required")),
    "wrong body": ({"content": b'{"text": 1}'}, ("body", "/text", "type")),
    "no JSON": ({"content": b"{"}, ("body", "", "encoding")),
    "undocumented media type": ({"Content-Type": "text/plain"}, ("media type", "", "undocumented")),
}


@pytest.fixture(scope="module")
def noted(running, upstream):
    """Run a proxy that validates by the contract of this module."""
    with running(upstream.url, Contract(DOCUMENT, "notes.json")) as proxy:
        yield proxy


@pytest.fixture
def serve(upstream):
    """Return what makes the upstream a right server but for what is given."""

    def make(status="200 OK", body=b'{"text": "a"}', **fields):
        head = {**RIGHT_FIELDS, **fields, "Content-Length": str(len(body)), "Connection": "close"}
        lines = [f"{name}: {value}" for name, value in head.items() if value is not None]
        upstream.response = "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body

    return make


@pytest.fixture
def rules(noted):
    """Return what the violations are, of both sides, for a client that is right but for what is given."""

    def ask(method="PUT", path="/notes/1?force=true", content=b'{"text": "a"}', **fields):
        sent = {"X-Key": "k", "X-Trace": "t", "Content-Type": "application/json", **fields}
        headers = {name: value for name, value in sent.items() if value is not None}
        noted.clear()
        noted.ask(method, path, content=content, headers=headers)
        validation = noted.exchanges[-1].verdict
        sides = (validation.request, validation.response)
        return [[(each.part, each.where, each.rule) for each in side] for side in sides]

    return ask


def test_a_right_client_and_a_right_server_break_nothing(serve, rules):
    """What is as the contract wants it has no violations."""
    serve()
    assert rules() == [[], []]


@pytest.mark.parametrize("kind", WRONG_SERVERS)
def test_a_server_that_is_wrong_in_one_way_is_caught_by_it(serve, rules, kind):
    """The response has the one violation that is intended, and the request none."""
    wrong, violation = WRONG_SERVERS[kind]
    serve(**wrong)
    assert rules() == [[], [violation]]


@pytest.mark.parametrize("kind", WRONG_CLIENTS)
def test_a_client_that_is_wrong_in_one_way_is_caught_by_it(serve, rules, kind):
    """The request has the one violation that is intended, and the response none."""
    wrong, violation = WRONG_CLIENTS[kind]
    serve()
    assert rules(**wrong) == [[violation], []]
