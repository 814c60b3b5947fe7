"""Identifiers that stand for a status, in a path, a query or a body."""

from __future__ import annotations

import pytest

STATUSES = {code: {"description": ""} for code in ("200", "404", "409", "5XX", "default")}
SHORT = {"type": "string", "minLength": 12, "maxLength": 12, "pattern": "^[2-9A-Za-z]+$"}


def reading(place, name, schema):
    """Return paths whose only operation reads an identifier."""
    path = f"/{{{name}}}" if place == "path" else "/"
    operation = {"responses": STATUSES}
    if place == "body":
        content = {"application/json": {"schema": {"type": "object", "properties": {name: schema}}}}
        operation["requestBody"] = {"content": content}
    else:
        required = {"required": True} if place == "path" else {}
        operation["parameters"] = [{"name": name, "in": place, "schema": schema, **required}]
    return {path: {"post": operation}}


def ask(app, place, name, value):
    """Send the identifier where the operation reads it."""
    if place == "path":
        return app("POST", f"/{value}").status
    if place == "query":
        return app("POST", f"/?{name}={value}").status
    return app.post("/", {name: value}).status


@pytest.mark.parametrize(
    ("place", "name", "schema", "spelled"),
    [
        ("path", "anything", {"type": "string"}, "mock-status-{}"),
        ("path", "id", {"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000{}"),
        ("path", "id", {"type": "integer"}, "900000{}"),
        ("path", "id", {"type": "string", "maxLength": 8}, "mock{}"),
        ("query", "pet_id", {"type": "string"}, "mock-status-{}"),
        ("query", "petId", {"type": "string"}, "mock-status-{}"),
        ("body", "id", {"type": "string"}, "mock-status-{}"),
        ("body", "owner_uuid", {"type": "string"}, "mock-status-{}"),
    ],
)
def test_an_identifier_stands_for_each_documented_status(place, name, schema, spelled, mocked):
    """It conforms to the schema of its place, and says what it stands for; others are ordinary."""
    app = mocked(reading(place, name, schema))
    asked = [spelled.format(code) for code in (404, 409, 418)]
    values = [int(each) if schema["type"] == "integer" else each for each in asked]
    assert [ask(app, place, name, each) for each in values] == [404, 409, 200]


ID = {"type": "string", "maxLength": 30}
LINE = {"type": "object", "properties": {"product_id": ID, "lines": {"$ref": "#/components/schemas/Lines"}}}
LINES = {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"allOf": [LINE]}]}}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"product_ids": ["p", "mock-status-404"]}, 404),
        ({"lines": [1, {"product_id": "p"}, {"product_id": "mock-status-409"}]}, 409),
        ({"lines": [{"lines": [{"product_id": "mock-status-404"}]}]}, 404),
        ({"lines": [{"product_id": "mock-status-409"}], "product_ids": ["mock-status-404"]}, 404),
        ({"note": {"product_id": 7}, "product": "mock-status-404"}, 200),
        ({"lines": [{"lines": [{"lines": [{"lines": [{"product_id": "mock-status-404"}]}]}]}]}, 200),
    ],
)
def test_an_identifier_deep_in_a_body(body, status, mocked):
    """In objects, arrays and alternatives the outermost counts; very deep none does."""
    many = {"type": "array", "items": ID}
    schema = {"properties": {"lines": {"$ref": "#/components/schemas/Lines"}, "product_ids": many}}
    operation = {"responses": STATUSES, "requestBody": {"content": {"application/json": {"schema": schema}}}}
    app = mocked({"/": {"post": operation}}, components={"schemas": {"Lines": LINES}})
    assert app.post("/", body).status == status


def test_an_identifier_of_an_alphabet_without_naughts(mocked):
    """Letters that look like digits stand for those that are not allowed, at the length that is required."""
    app = mocked(reading("path", "id", SHORT))
    assert ask(app, "path", "id", "MockStatus4o4") == 422
    schema = {**SHORT, "minLength": 22, "maxLength": 22}
    assert ask(mocked(reading("path", "id", schema)), "path", "id", "MockStatus4o4xxxxxxxxx") == 404


@pytest.mark.parametrize("name", ["identity", "video", "paid", "order"])
def test_a_name_that_only_looks_like_an_identifiers(name, mocked):
    """A query parameter that is no identifier means what it says."""
    assert ask(mocked(reading("query", name, {"type": "string"})), "query", name, "mock-status-404") == 200


def test_the_request_is_validated_first(mocked):
    """An identifier of a request that violates the contract stands for nothing."""
    paths = reading("path", "id", {"type": "string"})
    paths["/{id}"]["post"]["parameters"].append({"name": "n", "in": "query", "schema": {"type": "integer"}})
    assert mocked(paths)("POST", "/mock-status-404?n=x").status == 422


@pytest.mark.parametrize(
    "schema", [{"enum": ["enable_all", "disable_all"]}, {"const": 5}, {"type": "boolean"}]
)
def test_what_has_few_values_has_no_magic_ones(schema, mocked):
    """A value that any client may send stands for itself."""
    paths = reading("path", "id", schema)
    for value in ("enable_all", "5", "true"):
        assert mocked(paths)("POST", f"/{value}").status in {200, 422}
