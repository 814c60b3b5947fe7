"""Requests are validated as they are sent: a run finds nothing wrong with an app that does so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import requests
from schemathesis.core.failures import AcceptedNegativeData
from starlette.responses import JSONResponse

from contract_first.check import check_app
from contract_first.check.run.sent_texts import SentTexts
from contract_first.contract import Contract
from contract_first.service import create_app

TAGS = {"type": "array", "items": {"type": "string", "maxLength": 3}}
PHOTO = {"type": "object", "required": ["tags"], "properties": {"tags": TAGS}}
ERRORS = {str(status): {"description": ""} for status in (400, 415, 422)}


def contract(media_type, schema=PHOTO, parameters=()):
    """Return a contract with a body, by default a form of an array of strings."""
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    post = {
        "operationId": "add_photo",
        "parameters": list(parameters),
        "requestBody": body,
        "responses": {"201": {"description": ""}, **ERRORS},
    }
    document = {"openapi": "3.1.0", "info": {"title": "Photos", "version": "1"}}
    return Contract({**document, "paths": {"/photos": {"post": post}}}, "photos.json")


def caught(app, document, phase="coverage"):
    """Return the checks of data that find something wrong with an app."""
    report = check_app(app, contract=document, phases=(phase,), max_examples=20, seed=1)
    assert not report.troubles
    return {finding.check for finding in report.findings if "data" in finding.check}


@pytest.mark.parametrize(
    "media_type", ["multipart/form-data", "application/x-www-form-urlencoded", "application/xml"]
)
def test_an_array_is_any_number_of_texts(media_type):
    """A text may be the only item, also if it was no text before it was sent; no text is no array."""

    async def add_photo(**_):
        return None, 201

    document = contract(media_type)
    assert caught(create_app(document, {"add_photo": add_photo}), document) == set()


@pytest.mark.parametrize("schema", [{"type": "string", "maxLength": 3}, {"type": "integer"}])
@pytest.mark.parametrize("media_type", ["text/x-markdown", "application/yaml"])
def test_a_text_is_one_whatever_was_generated(schema, media_type):
    """A number is sent in digits, which are text, also of a media type that nothing here reads."""

    async def add_photo(**_):
        return None, 201

    document = contract(media_type, schema)
    assert caught(create_app(document, {"add_photo": add_photo}), document) == set()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        {"type": "object", "properties": {"x": {"type": "array", "items": {"type": "string"}}}},
    ],
)
def test_objects_and_arrays_inside_a_parameter_have_no_text(schema):
    """What is sent for them is nothing that OpenAPI defines: accepted or rejected, it is no finding."""

    async def add_photo(**_):
        return None, 201

    places = {"name": "places", "in": "query", "required": True, "schema": schema}
    document = contract("application/json", parameters=[places])
    assert caught(create_app(document, {"add_photo": add_photo}), document) == set()


def test_integers_beyond_their_format_may_be_rejected():
    """Schemathesis takes ``uint64`` for an annotation; what it excludes is no valid data."""

    async def add_photo(**_):
        return None, 201

    size = {"type": "integer", "format": "uint64"}
    document = contract(
        "application/json",
        {"type": "object", "required": ["size"], "properties": {"size": size}},
        [{"name": "depth", "in": "query", "schema": size | {"format": "int8"}}],
    )
    app = create_app(document, {"add_photo": add_photo})
    assert caught(app, document, "fuzzing") == set()


@pytest.mark.parametrize(("member", "wrong"), [("size", set()), ("height", {"positive_data_acceptance"})])
def test_members_of_one_name_are_sent_as_one(member, wrong):
    """Of two objects whose members are sent by their names none can tell whose value it is."""

    async def add_photo(**_):
        return None, 201

    parameters = [
        {"name": name, "in": "query", "schema": {"type": "object", "properties": {of: {"type": kind}}}}
        for name, of, kind in [("first", "size", "string"), ("second", member, "boolean")]
    ]
    document = contract("application/json", parameters=parameters)
    assert caught(create_app(document, {"add_photo": add_photo}), document) == set()
    assert caught(JSONResponse(None, 422), document) >= wrong


def test_templates_that_differ_in_names_alone_are_one_path():
    """The method of one is no undocumented one of the other."""

    async def respond(**_):
        return None, 204

    operations = {"/notes/{id}": "get", "/notes/{number}": "patch"}
    paths = {
        path: {
            "parameters": [
                {"name": path[8:-1], "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            method: {"operationId": method, "responses": {"204": {"description": ""}, **ERRORS}},
        }
        for path, method in operations.items()
    }
    document = {"openapi": "3.1.0", "info": {"title": "Notes", "version": "1"}, "paths": paths}
    app = create_app(Contract(document, "notes.json"), dict.fromkeys(operations.values(), respond))
    report = check_app(app, phases=("coverage",), max_examples=20, seed=1)
    assert (report.findings, report.troubles) == ([], [])


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_a_body_of_another_schema_than_it_names_may_be_rejected(openapi):
    """Generated values are of the base, and need not be of the component that the discriminator names."""
    kind = {"type": "string"}
    base = {"type": "object", "required": ["kind"], "properties": {"kind": kind}}
    pet = {**base, "discriminator": {"propertyName": "kind"}}
    cat = {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"required": ["lives"]}]}
    document = contract("application/json", {"$ref": "#/components/schemas/Pet"}).document
    document = {**document, "openapi": openapi, "components": {"schemas": {"Pet": pet, "Cat": cat}}}
    pets = Contract(document, "pets.json")

    async def add_photo(**_):
        return None, 201

    assert caught(create_app(pets, {"add_photo": add_photo}), pets) == set()


@pytest.mark.parametrize("name", ["Accept", "Authorization", "content-type"])
def test_header_parameters_without_effect_need_not_be_sent(name):
    """OpenAPI says to ignore what is declared of them, that they are required included."""

    async def add_photo(**_):
        return None, 201

    field = {"name": name, "in": "header", "required": True, "schema": {"type": "integer"}}
    document = contract("application/json", parameters=[field])
    app = create_app(document, {"add_photo": add_photo})
    report = check_app(app, contract=document, phases=("coverage",), max_examples=20, seed=1)
    assert (report.findings, report.troubles) == ([], [])


@pytest.mark.parametrize("media_type", ["multipart/form-data", "text/x-markdown"])
@pytest.mark.parametrize(
    ("status", "check"), [(201, "negative_data_rejection"), (422, "positive_data_acceptance")]
)
def test_a_body_that_is_wrong_or_right_as_sent_still_counts(status, check, media_type):
    """An app that accepts everything is caught, and one that rejects everything."""
    schema = PHOTO if media_type == "multipart/form-data" else {"type": "string", "maxLength": 3}
    assert caught(JSONResponse(None, status), contract(media_type, schema)) == {check}


@pytest.mark.parametrize(("query", "is_refuted"), [("n=0.0", True), ("n=0.5", False), ("n=a", False)])
def test_a_number_may_have_been_an_array(query, is_refuted):
    """An array of one whole number is sent as that number, which an app may accept; no other text."""
    number = {"name": "n", "in": "query", "schema": {"type": "integer"}}
    get = {"operationId": "pick", "parameters": [number], "responses": {"200": {"description": ""}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Hat", "version": "1"},
        "paths": {"/pick": {"get": get}},
    }
    hat = Contract(document, "hat.json")
    by_label = {operation.label: operation for operation in hat.operations}
    target = SimpleNamespace(contract=hat, url="http://hat.test", by_label=by_label)
    request = requests.Request("GET", f"http://hat.test/pick?{query}").prepare()
    failure = AcceptedNegativeData(
        operation="GET /pick", message="", status_code=200, expected_statuses=["4xx"]
    )
    response = SimpleNamespace(request=request, status_code=200)
    operation = SimpleNamespace(label="GET /pick")
    case = SimpleNamespace(
        path_parameters={}, query={"n": [0.0]}, headers={}, cookies={}, media_type=None, operation=operation
    )
    assert SentTexts(target).refute(failure, case, response) is is_refuted


def test_null_as_a_parameter_may_be_rejected():
    """A parameter that may be null is sent as a text, which an app may refuse; other texts it may not."""
    schema = {"anyOf": [{"enum": ["dark", "light"]}, {"type": "null"}]}
    theme = {"name": "theme", "in": "cookie", "schema": schema}
    document = {"openapi": "3.1.0", "info": {"title": "Themes", "version": "1"}}
    responses = {"200": {"description": ""}, **ERRORS}
    get = {"operationId": "show", "parameters": [theme], "responses": responses}
    themes = Contract({**document, "paths": {"/": {"get": get}}}, "themes.json")

    async def show(scope, receive, send):
        cookies = dict(scope["headers"]).get(b"cookie", b"theme=dark")
        await JSONResponse(None, 422 if cookies in refused else 200)(scope, receive, send)

    refused = {b"theme=null"}
    assert "positive_data_acceptance" not in caught(show, themes)
    refused = {b"theme=light"}
    assert "positive_data_acceptance" in caught(show, themes)


@pytest.mark.parametrize(("documented", "checks"), [((), set()), (("404",), {"status_code_conformance"})])
def test_a_contract_without_errors_says_nothing_of_them(documented, checks):
    """A refusal is undocumented only where the operation has client errors; that it has none lint says."""
    parameter = {"name": "size", "in": "query", "schema": {"type": "integer"}}
    responses = {status: {"description": ""} for status in ("200", *documented)}
    get = {"operationId": "show", "parameters": [parameter], "responses": responses}
    document = {"openapi": "3.1.0", "info": {"title": "Sizes", "version": "1"}, "paths": {"/": {"get": get}}}

    async def show(scope, receive, send):
        is_right = scope["query_string"].removeprefix(b"size=").lstrip(b"-").isdigit()
        is_right = is_right or not scope["query_string"]
        await JSONResponse(None, 200 if is_right else 422)(scope, receive, send)

    phases = ("coverage",)
    report = check_app(show, contract=Contract(document, "sizes.json"), checks=(), phases=phases, seed=1)
    assert {finding.check for finding in report.findings} - {"unsupported_method"} == checks
