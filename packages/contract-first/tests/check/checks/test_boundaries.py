"""An API that enforces all bounds of its contract but one, and what the check says of each."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from contract_first.check import check_app
from contract_first.check.checks.boundaries import Boundaries
from contract_first.contract import Contract
from contract_first.service import create_app

pytestmark = pytest.mark.programs

BODY = {
    "type": "object",
    "required": ["name", "tail"],
    "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 9},
        "kind": {"enum": ["cat", "dog"]},
        "age": {"type": "integer", "minimum": 0, "maximum": 99},
        "tail": {
            "type": "object",
            "required": ["length"],
            "properties": {"length": {"type": "number", "minimum": 1}},
        },
    },
}
NEEDED = {"required": True, "content": {"application/json": {"schema": BODY}}}
OPTIONAL = {"anyOf": [{"type": "integer", "maximum": 50}, {"type": "null"}]}
LIMIT = {"name": "limit", "in": "query", "schema": OPTIONAL}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
LINK = {"change": {"operationId": "change", "parameters": {"id": "$response.body#/id"}}}
CREATED = {"description": "OK", "content": {"application/json": {"schema": {}}}, "links": LINK}
OK = {"200": {"description": "OK"}}
CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {
            "/pets": {
                "get": {"operationId": "list", "parameters": [LIMIT], "responses": OK},
                "post": {"operationId": "add", "requestBody": NEEDED, "responses": {"201": CREATED}},
            },
            "/pets/{id}": {
                "put": {"operationId": "change", "parameters": [ID], "requestBody": NEEDED, "responses": OK}
            },
        },
    },
    "pets",
)


def app(wrong):
    """Return an API that validates all but one thing, and requests to things that are not there last."""

    def errors(pet):
        yield "maxLength", len(pet.get("name", "xxx")) > 9
        yield "minLength", len(pet.get("name", "xxx")) < 3
        yield "required", "name" not in pet
        yield "enum", pet.get("kind", "cat") not in {"cat", "dog"}
        yield "maximum", pet.get("age", 1) > 99
        yield "minimum", pet.get("age", 1) < 0
        yield "nested", "length" not in pet.get("tail", {}) or pet["tail"]["length"] < 1

    async def pets(request):
        if request.method == "GET":
            is_wrong = int(request.query_params.get("limit", 1)) > 50 and wrong != "query"
            return JSONResponse({}, 422 if is_wrong else 200)
        pet = json.loads(await request.body())
        refused = {name for name, is_wrong in errors(pet) if is_wrong} - {wrong}
        return JSONResponse({"id": 7}, 422 if refused else 201 if request.method == "POST" else 200)

    async def pet(request):
        return await pets(request) if request.path_params["id"] == "7" else JSONResponse({}, 404)

    return Starlette(
        routes=[Route("/pets", pets, methods=["GET", "POST"]), Route("/pets/{id}", pet, methods=["PUT"])]
    )


def operations(wrong):
    """Return the operations in which the check finds fault."""
    report = check_app(app(wrong), contract=CONTRACT, checks=(Boundaries,), phases=(), seed=1)
    assert report.troubles == []
    return {
        name for finding in report.findings if finding.check == "boundaries" for name in finding.operations
    }


def test_a_right_app_passes():
    """An API that enforces all bounds violates no rule."""
    assert operations("") == set()


@pytest.mark.parametrize(
    "wrong", ["maxLength", "minLength", "required", "enum", "maximum", "minimum", "nested"]
)
def test_a_bound_of_a_body_is_caught(wrong):
    """What is not enforced is found, also where only a thing that is there shows it."""
    assert operations(wrong) == {"POST /pets", "PUT /pets/{id}"}


def test_a_bound_of_a_parameter_is_caught():
    """A query parameter beyond its bound is found."""
    assert operations("query") == {"GET /pets"}


OBJECT = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def findings(parameter, respond):
    """Return what the check finds in an operation with a query parameter."""
    operation = {"operationId": "list", "parameters": [parameter], "responses": OK}
    document = {**CONTRACT.document, "paths": {"/pets": {"get": operation}}}
    contract = Contract(document, "pets")
    report = check_app(respond(contract), contract=contract, checks=(Boundaries,), phases=(), seed=1)
    assert report.troubles == []
    return [finding.message for finding in report.findings]


@pytest.mark.parametrize(
    "schema",
    [{"type": "array", "items": {"type": "string"}}, {"type": "object"}, OBJECT, {"allOf": [OBJECT]}],
)
@pytest.mark.parametrize("style", ["form", "deepObject"])
def test_a_text_is_no_wrong_array_or_object(schema, style):
    """In a query it is an array of one text, and of an object no member; nothing is an object without any."""

    async def respond(**_):
        return None, 200

    tags = {"name": "tags", "in": "query", "required": True, "schema": schema, "style": style}
    assert findings(tags, lambda contract: create_app(contract, {"list": respond})) == []


@pytest.mark.parametrize("style", ["form", "deepObject"])
def test_a_lack_of_an_object_with_required_members_is_caught(style):
    """Each of its members is left out, by the names that they have in a query."""

    async def respond(_):
        return JSONResponse({})

    tags = {"name": "tags", "in": "query", "required": True, "schema": OBJECT, "style": style}
    (message,) = findings(tags, lambda _: Starlette(routes=[Route("/pets", respond)]))
    assert "query tags, which violates required, gets 200" in message


LABELS = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "string", "minLength": 1},
    "propertyNames": {"pattern": "^[a-z]{3,9}$"},
}


@pytest.mark.parametrize("properties", [{}, {"kind": {"type": "string"}}])
@pytest.mark.parametrize("refuses", [True, False])
def test_a_lack_of_members_with_names_of_their_own(properties, refuses):
    """All are left out, though the contract names none of them."""

    async def respond(request):
        return JSONResponse({}, 422 if refuses and not request.query_params else 200)

    labels = {
        "name": "labels",
        "in": "query",
        "required": True,
        "schema": {**LABELS, "properties": properties},
    }
    messages = findings(labels, lambda _: Starlette(routes=[Route("/pets", respond)]))
    assert len(messages) == (not refuses)
