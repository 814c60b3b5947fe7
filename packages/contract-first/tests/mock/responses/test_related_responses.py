"""Generated responses take over from the request what their schema has."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.service.messages.response import Rendered
from contract_first.service.response.response_validation import ResponseValidator

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "string"},
        "shop_id": {"type": "integer"},
        "name": {"type": "string", "maxLength": 10},
        "size": {"type": "integer", "maximum": 5},
        "tags": {"type": "array", "items": {"type": "string"}},
        "password": {"type": "string", "writeOnly": True},
        "owner": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer"}, "city": {"type": "string"}},
        },
    },
}
ANYTHING = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}


def responses(schema, code="200", **more):
    """Return the responses of an operation with a JSON value."""
    return {
        "responses": {code: {"description": "", "content": {"application/json": {"schema": schema, **more}}}}
    }


def parameter(name, place="path", kind="integer"):
    """Return a parameter."""
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": kind}}


@pytest.fixture(scope="module", params=["3.0.3", "3.1.0"])
def app(request, mocked):
    """Serve pets of shops."""
    listing = {"type": "object", "properties": {"data": {"type": "array", "items": PET}}}
    query = [parameter("limit", "query"), parameter("perPage", "query")]
    paths = {
        "/pets": {
            "post": ANYTHING | responses(PET, "201"),
            "get": {"parameters": query} | responses({"type": "array", "items": PET}),
        },
        "/pages": {"get": {"parameters": query} | responses(listing)},
        "/full": {
            "get": {"parameters": query} | responses({"type": "array", "items": PET, "minItems": 2}),
        },
        "/shops/{shopId}/pets": {
            "parameters": [parameter("shopId")],
            "get": responses({"type": "array", "items": PET}),
        },
        "/pets/{petId}": {
            "parameters": [parameter("petId")],
            "get": responses(PET),
            "patch": ANYTHING | responses(PET),
        },
        "/held/{id}": {
            "parameters": [parameter("id")],
            "get": responses({"type": "object", "required": ["data"], "properties": {"data": PET}}),
            "put": ANYTHING
            | responses({"type": "object", "properties": {"data": {"anyOf": [PET, {"type": "string"}]}}}),
        },
        "/held/{id}/pets": {
            "parameters": [parameter("id")],
            "get": responses(listing),
        },
        "/examples/{id}": {
            "parameters": [parameter("id")],
            "get": responses(PET, example={"id": "author", "name": "Rex"}),
        },
        "/errors": {
            "post": ANYTHING | {"responses": {"400": responses(PET)["responses"]["200"]}},
        },
    }
    return mocked(paths, openapi=request.param)


def test_path_parameters_come_back(app):
    """In the member of the same name, however spelled, or in ``id`` where the parameter ends the path."""
    first, other = app.get("/pets/7"), app.get("/pets/8")
    assert (first.json["id"], other.json["id"]) == ("7", "8")
    assert first.json["name"] == other.json["name"]
    assert first.headers["content-length"] == str(len(first.body))
    assert app.get("/pets/7").body == first.body
    assert {each["shop_id"] for each in app.get("/shops/12/pets").json} == {12}
    assert len({each["id"] for each in app.get("/shops/12/pets").json}) == 3
    assert app.get("/held/7").json["data"]["id"] == "7"
    assert app("PUT", "/held/7", b'{"data": "x"}', content_type="application/json").json == {"data": "x"}
    assert len({each["id"] for each in app.get("/held/7/pets").json["data"]}) == 3


@pytest.mark.parametrize(
    ("name", "member"),
    [("issue_number", "number"), ("taskGid", "gid"), ("pet_slug", "slug"), ("pet_id", "id")],
)
def test_the_last_word_of_a_parameter_names_the_key(name, member, mocked):
    """Where it ends the path: the number of an issue is no id, though there is one."""
    properties = {key: {"type": "string"} for key in ("id", "number", "gid", "slug", "name")}
    schema = {"type": "object", "required": list(properties), "properties": properties}
    path = {"parameters": [parameter(name, kind="string")], "get": responses(schema)}
    made = mocked({f"/things/{{{name}}}": path, f"/things/{{{name}}}/state": path})
    assert [key for key, value in made.get("/things/x7").json.items() if value == "x7"] == [member]
    assert "x7" not in made.get("/things/x7/state").json.values()


def test_a_key_is_a_number_in_an_item(mocked):
    """Though the path has it as a text; one that is no number stays out of it."""
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "maximum": 99}}}
    path = {"parameters": [parameter("id", kind="string")], "get": responses(schema)}
    made = mocked({"/things/{id}": path})
    assert made.get("/things/7").json == {"id": 7}
    for other in ("x7", "700", "7" * 5000):
        assert made.get(f"/things/{other}").json == made.get("/things/x").json


def test_members_of_the_body_come_back_as_sent(app):
    """Those that the response has, however deep; what its schema does not allow stays generated."""
    sent = {"name": "Rex", "size": 9, "tags": ["a"], "password": "x", "owner": {"city": "Bonn"}, "other": 1}
    made = app.post("/pets", sent)
    assert made.status == 201
    assert made.json["name"] == "Rex"
    assert made.json["tags"] == ["a"]
    assert made.json["size"] <= 5
    assert made.json["owner"]["city"] == "Bonn"
    assert isinstance(made.json["owner"]["id"], int)
    assert made.json.keys().isdisjoint({"password", "other"})
    changed = app("PATCH", "/pets/7", b'{"name": "Tom"}', content_type="application/json").json
    assert (changed["id"], changed["name"]) == ("7", "Tom")


def test_what_stands_beside_a_file_comes_back(mocked):
    """A JSON part and a text of a multipart form, and what the file is called."""
    meta = {"type": "object", "properties": {"tag": {"type": "string"}}}
    texts = {"meta": meta, "title": {"type": "string"}}
    form = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}, **texts}}
    made = {"type": "object", "required": ["filename", *texts], "properties": {"filename": {}, **texts}}
    body = {"content": {"multipart/form-data": {"schema": form}}}
    app = mocked({"/": {"post": {"requestBody": body} | responses(made, "201")}})
    request = httpx2.Request(
        "POST",
        "http://api.test/",
        data={"title": "Rex"},
        files={"file": ("rex.png", b"x"), "meta": (None, b'{"tag": "dog"}', "application/json")},
    )
    response = app("POST", "/", request.read(), content_type=request.headers["content-type"])
    assert response.json == {"filename": "rex.png", "meta": {"tag": "dog"}, "title": "Rex"}


def test_a_dynamic_response_is_related_too(app):
    """It is another each time, for the same parameter."""
    first, other = (app.get("/pets/7", prefer="dynamic=true").json for _ in range(2))
    assert first["id"] == other["id"] == "7"
    assert first != other


def test_what_is_not_a_generated_success_is_as_it_is(app):
    """An example is its author's, and an error does not repeat the request."""
    assert app.get("/examples/7").json == {"id": "author", "name": "Rex"}
    assert app.post("/errors", {"name": "Rex"}).json["name"] != "Rex"


@pytest.mark.parametrize("name", ["limit", "perPage"])
def test_a_limit_is_honoured(name, app):
    """Three items are shown where the schema does not say how many, and no more than the limit."""
    assert [len(app.get(f"/pets?{name}={limit}").json) for limit in (0, 1, 2, 3, 50)] == [0, 1, 2, 3, 3]
    assert len(app.get("/pets").json) == 3
    assert len(app.get(f"/pages?{name}=2").json["data"]) == 2
    assert len(app.get(f"/full?{name}=1").json) == 3


def test_the_items_of_a_list_differ(responding_with):
    """No item is shown twice; where there are too few, fewer are shown."""
    pet = {**PET, "example": {"id": "a", "name": "Rex"}}
    assert len({each["id"] for each in responding_with({"type": "array", "items": pet}).get().json}) == 3
    assert responding_with({"type": "array", "items": {"const": 1}}).get().json == [1]
    assert responding_with({"type": "array", "items": {"const": 1}, "minItems": 2}).get().json == [1, 1]


def test_related_responses_conform(app):
    """openapi-core says so as well."""
    paths = {"/": {"get": responses(PET)}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    contract = Contract(document, "test")
    validator = ResponseValidator(contract)
    for sent in (
        {"name": "Rex", "size": 9},
        {"tags": [1]},
        {"owner": 5},
        {"owner": {"id": "x"}},
        {"id": None},
    ):
        made = app.post("/pets", sent)
        rendered = Rendered(200, [(b"content-type", b"application/json")], made.body)
        assert validator.errors(contract.operations[0], rendered, "application/json") == []


def test_what_is_created_has_another_identifier_each_time(mocked):
    """Each creation has another id, as the schema wants it, unless one is sent.

    A member with the empty name beside it is a member like any other.
    """
    paths = {
        "/pets": {"post": ANYTHING | responses(PET, "201")},
        "/pets/{id}/wash": {
            "parameters": [parameter("id", kind="string")],
            "post": ANYTHING | responses(PET),
        },
    }
    members = {"": {"type": "string"}, "id": {"type": "integer", "minimum": 7}}
    number = {**PET, "properties": {**PET["properties"], **members}}
    app, again = mocked(paths), mocked(paths)
    made = [app.post("/pets", {"name": "Rex"}).json["id"] for _ in range(3)]
    assert len(set(made)) == 3
    assert [again.post("/pets", {"name": "Rex"}).json["id"] for _ in range(3)] == made
    assert app.post("/pets", {"id": "mine"}).json["id"] == "mine"
    washed = {app.post("/pets/a/wash", {}).json["id"] for _ in range(2)}
    assert len(washed) == 1
    counted = mocked({"/pets": {"post": ANYTHING | responses(number, "201")}})
    first, second = (counted.post("/pets", {}).json["id"] for _ in range(2))
    assert second != first
    assert min(first, second) >= 7


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", 0, 3),
        ("limit=2", 0, 2),
        ("limit=2&page=1", 0, 2),
        ("limit=2&page=2", 2, 3),
        ("limit=2&page=3", 3, 3),
        ("page=2", 3, 3),
        ("offset=1", 1, 3),
        ("offset=1&limit=1", 1, 2),
        ("limit=9", 0, 3),
    ],
)
def test_a_list_has_pages(query, first, last, mocked):
    """A generated list has three items, of which a page is sent; what is behind them is empty."""
    asked = [parameter(name, "query") for name in ("limit", "page", "offset")]
    listing = {"parameters": asked} | responses({"type": "array", "items": PET})
    app = mocked({"/pets": {"get": listing}})
    whole = app.get("/pets").json
    assert len(whole) == 3
    assert app.get(f"/pets?{query}").json == whole[first:last]


PAGE = {
    "data": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}},
    **{name: {"type": "integer"} for name in ("total", "totalPages", "number", "size")},
    **{name: {"type": "boolean"} for name in ("first", "last", "empty")},
    "next": {"type": ["string", "null"]},
}


@pytest.mark.parametrize(
    ("query", "total", "number", "first", "last", "empty"),
    [
        ("", 3, 1, True, True, False),
        ("?limit=2", 3, 1, True, False, False),
        ("?limit=2&page=2", 3, 2, False, True, False),
        ("?limit=2&page=9", 3, 9, False, True, True),
    ],
)
def test_an_envelope_says_what_is_shown(query, total, number, first, last, empty, mocked):
    """Counts, flags and the next page are those of the generated list, also where no request asks for one."""
    listing = {"parameters": [parameter(name, "query") for name in ("limit", "page") if query]}
    schema = {"type": "object", "required": list(PAGE), "properties": PAGE}
    got = mocked({"/pets": {"get": listing | responses(schema)}}).get(f"/pets{query}").json
    assert [got[name] for name in ("total", "number", "first", "last", "empty")] == [
        *(total, number, first, last, empty)
    ]
    assert got["size"] == (2 if query else 1000)
    assert (got["next"] is None) is last


def test_a_first_page_may_be_0(mocked):
    """Pages are counted from 0 where the contract allows that."""
    page = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 0}}
    listing = {"parameters": [page, parameter("limit", "query")]}
    app = mocked({"/pets": {"get": listing | responses({"type": "array", "items": PET})}})
    whole = app.get("/pets").json
    assert app.get("/pets?limit=2&page=0").json == whole[:2]
    assert app.get("/pets?limit=2&page=1").json == whole[2:]


def test_a_deprecated_operation_says_so(mocked):
    """Its responses have `Deprecation` (RFC 9745), refusals too; those of others have not."""
    paths = {
        "/old": {"get": {"deprecated": True, "parameters": [parameter("n", "query")]} | responses(PET)},
        "/new": {"get": responses(PET)},
    }
    app = mocked(paths)
    assert app.get("/old").headers["deprecation"] == "@0"
    assert app.get("/old?n=x").headers["deprecation"] == "@0"
    assert "deprecation" not in app.get("/new").headers


def test_a_number_whose_format_is_a_time_is_one(responding_with):
    """What the format calls a Unix time is a time of our days, whatever the property is called."""
    ends = {"type": "integer", "format": "unix-time"}
    value = responding_with({"type": "object", "required": ["ends"], "properties": {"ends": ends}}).get().json
    assert 1_600_000_000 < value["ends"] < 1_900_000_000
