"""Examples that violate their schema: what conforms in them stays, the rest is generated."""

from __future__ import annotations

import re

import pytest

from contract_first.mock.responses import Strictness
from contract_first.service.response.response_validation import ResponseValidator

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "born": {"type": "string", "format": "date"},
        "home": {"type": "string", "format": "uri"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}},
        "owner": {"oneOf": [{"$ref": "#/components/schemas/Firm"}, {"$ref": "#/components/schemas/Person"}]},
    },
    "additionalProperties": False,
}
COMPONENTS = {
    "schemas": {
        "Person": {
            "type": "object",
            "required": ["email", "age"],
            "properties": {"email": {"type": "string"}, "age": {"type": "integer"}},
        },
        "Firm": {
            "type": "object",
            "required": ["firm", "seat", "size"],
            "properties": {"firm": {"type": "string"}},
            "additionalProperties": False,
        },
    }
}


@pytest.fixture(scope="module")
def repaired(responding):
    """Respond with a repaired example of a schema."""

    def make(schema, example):
        content = {"application/json": {"schema": schema, "example": example}}
        app = responding({"200": {"description": "", "content": content}}, components=COMPONENTS)
        response = app.get()
        assert response.status == 200
        assert response.source == "example-repaired"
        return response.json

    return make


@pytest.mark.parametrize(
    ("wrong", "kept"),
    [
        ({"name": None}, {"id": 5}),
        ({"id": []}, {"name": "Rex"}),
        ({"tags": ["ok", "too long", "fine"]}, {"id": 5, "name": "Rex"}),
        ({"owner": {"email": "a@b.test", "age": "old"}}, {"id": 5, "name": "Rex"}),
    ],
)
def test_only_the_members_that_violate_the_schema_are_replaced(wrong, kept, repaired):
    """All others are the author's, and so are the names."""
    sent = repaired(PET, {"id": 5, "name": "Rex"} | wrong)
    assert sent.keys() == {"id", "name"} | wrong.keys()
    assert kept.items() <= sent.items()
    assert wrong.items().isdisjoint(sent.items()) if "tags" not in wrong and "owner" not in wrong else True


@pytest.mark.parametrize("wrong", [{"born": "yesterday"}, {"home": "https://{host}/x"}])
def test_what_violates_a_format_alone_is_the_authors(wrong, repaired, responding):
    """It stays, also where the rest is repaired, and a header says what is wrong; or it is reported."""
    example = {"id": 5, "name": "Rex"} | wrong
    content = {"application/json": {"schema": PET, "example": example}}
    responses = {"200": {"description": "", "content": content}}
    response = responding(responses, components=COMPONENTS).get()
    assert (response.source, response.json) == ("example", example)
    assert response.headers["x-mock-violation"]
    assert wrong.items() <= repaired(PET, example | {"name": None}).items()
    strict = Strictness(reports_examples=True)
    assert responding(responses, components=COMPONENTS, strictness=strict).get().status == 500


@pytest.mark.parametrize("wrong", [{"born": "yesterday"}, {"home": "/pets/5/home"}])
def test_so_is_an_example_of_a_member(wrong, mocked):
    """In a generated value, in all of its items, and with what is taken over from a request beside it."""
    ((name, value),) = wrong.items()
    with_example = {**PET["properties"][name], "example": value}
    pet = {"type": "object", "properties": {"id": {"type": "integer"}, name: with_example}}

    def operation(schema, **rest):
        content = {"application/json": {"schema": schema}}
        return {"get": {"responses": {"200": {"description": "", "content": content}}, **rest}}

    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    pets = operation({"type": "array", "items": pet})
    app = mocked({"/pets/{id}": operation(pet, parameters=[parameter]), "/pets": pets}, components=COMPONENTS)
    response = app.get("/pets/7")
    assert (response.source, response.json) == ("generated", {"id": 7, **wrong})
    assert "x-mock-violation" in response.headers
    assert [item[name] for item in app.get("/pets").json] == [value] * 3
    assert value not in app.get("/pets/7", prefer="dynamic=true").json.values()


@pytest.mark.parametrize("placeholder", ["string", "string [date]", "<date>"])
def test_a_placeholder_is_no_example(placeholder, responding_with):
    """Of a member, where it violates the format: tools write it where the author has none."""
    born = {"type": "string", "format": "date", "example": placeholder}
    response = responding_with(
        {"type": "object", "properties": {"born": born, "name": {"example": "string"}}}
    )
    value = response.get().json
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", value["born"])
    assert value["name"] == "string"


def test_repairs_go_down_to_the_member(repaired):
    """Of a list the other items stay, and of an object in an alternative the other members."""
    sent = repaired(PET, {"id": 5, "name": "Rex", "tags": ["ok", "too long", "fine"]})
    assert (sent["tags"][0], sent["tags"][2], len(sent["tags"])) == ("ok", "fine", 3)
    sent = repaired(PET, {"id": 5, "name": "Rex", "owner": {"email": "a@b.test", "age": "old"}})
    assert sent["owner"].keys() == {"email", "age"}
    assert sent["owner"]["email"] == "a@b.test"
    assert isinstance(sent["owner"]["age"], int)


def test_what_is_missing_is_added_and_what_is_not_allowed_is_left_out(repaired):
    """Required members are generated; those that the schema does not allow go."""
    sent = repaired(PET, {"name": "Rex", "colour": "red"})
    assert sent.keys() == {"id", "name"}
    assert sent["name"] == "Rex"


def test_a_value_of_another_spelling_stays_what_it_means(repaired):
    """A number in quotation marks is the number, and a number where a string belongs is its digits."""
    assert repaired(PET, {"id": "5", "name": 7}) == {"id": 5, "name": "7"}
    assert str(repaired(PET, {"id": "11.0", "name": "Rex"})["id"]) == "11"
    assert isinstance(repaired(PET, {"id": "[" * 5000, "name": "Rex"})["id"], int)


def test_an_incomplete_example_of_a_component_is_completed(responding_with):
    """Lists of it are not empty."""
    pet = {
        "type": "object",
        "required": ["id", "name", "kind"],
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string"},
            "kind": {"enum": ["cat", "dog"]},
        },
        "example": {"name": "Rex", "kind": "horse"},
    }
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    sent = responding_with(schema, components={"schemas": {"Pet": pet}}).get().json
    assert sent
    assert sent[0]["name"] == "Rex"
    assert sent[0]["kind"] in {"cat", "dog"}


def test_what_is_write_only_is_left_out(responding):
    """In 3.0, a password in an example is not sent, and is not missed."""
    schema = {
        "type": "object",
        "required": ["id", "password"],
        "properties": {"id": {"type": "integer"}, "password": {"type": "string", "writeOnly": True}},
    }
    content = {"application/json": {"schema": schema, "example": {"id": 5, "password": "secret"}}}
    response = responding({"200": {"description": "", "content": content}}, openapi="3.0.3").get()
    assert (response.source, response.json) == ("example", {"id": 5})


def test_what_is_write_only_in_an_example_is_left_out_of_any_version(responding):
    """In 3.1 too, though it conforms: nobody reads what is only written, even if it is required."""
    secret = {"type": "string", "writeOnly": True}
    schema = {"type": "object", "properties": {"id": {"type": "integer"}, "password": secret}}
    content = {"application/json": {"schema": schema, "example": {"id": 5, "password": "secret"}}}
    response = responding({"200": {"description": "", "content": content}}, openapi="3.1.0").get()
    assert (response.source, response.json) == ("example", {"id": 5})
    schema["required"] = ["password"]
    response = responding({"200": {"description": "", "content": content}}, openapi="3.1.0").get()
    assert response.json == {"id": 5}


def test_a_large_example_that_violates_its_schema(responding_with, monkeypatch):
    """It is enough to know that it does: what is wrong with it is not listed."""
    asked = []
    monkeypatch.setattr(ResponseValidator, "errors_of", lambda *given: asked.append(given) or [])
    numbers = {"type": "array", "items": {"type": "integer"}, "example": ["x"] * 20_001}
    response = responding_with(numbers).get()
    assert (response.source, asked) == ("example-repaired", [])
    assert responding_with({**numbers, "example": [1] * 20_001}).get().source == "example"


def test_nothing_is_repaired_where_examples_are_reported(responding):
    """A violating example is a 500 that says what it violates, also by name; what conforms is sent."""
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    examples = {"wrong": {"value": {"id": "five"}}, "right": {"value": {"id": 5}}}

    def app(**content):
        responses = {
            "200": {"description": "", "content": {"application/json": {"schema": schema, **content}}}
        }
        return responding(responses, strictness=Strictness(reports_examples=True))

    violating, either = app(example={"id": "five"}), app(examples=examples)
    for response in (violating.get(), either.get(prefer="example=wrong")):
        assert response.status == 500
        assert "The contract's example violates it. GET /, 200: body/id" in response.json["detail"]
    assert violating.get(prefer="dynamic=true").source == "generated"
    assert either.get().json == {"id": 5}
    assert app().get().source == "generated"
