"""What a list shows is what one opens: reads, changes and other lists show the items of a list."""

import json

import pytest

from .conftest import ref

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"enum": ["cat", "dog"]},
        "city": {"type": "string"},
        "url": {"type": "string", "format": "uri"},
    },
}
SHORT = {"type": "object", "properties": {name: PET["properties"][name] for name in ("id", "name")}}
NEW = {"type": "object", "properties": {"name": {"type": "string"}, "kind": {"enum": ["cat", "dog"]}}}
PET_ID = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
SHOP = {"name": "shopId", "in": "path", "required": True, "schema": {"type": "string"}}


def operation(schema, status="200", body=None, **rest):
    """Return an operation with one success."""
    sent = {"requestBody": {"content": {"application/json": {"schema": body}}}} if body else {}
    content = {"application/json": {"schema": schema, **rest}}
    return {"responses": {status: {"description": "", "content": content}}, **sent}


def listed(schema):
    """Return a schema of a list."""
    return {"type": "array", "items": schema}


PETS = {
    "/pets": {"get": operation(listed(ref("Pet"))), "post": operation(ref("Pet"), "201", NEW)},
    "/pets/{petId}": {
        "parameters": [PET_ID],
        "get": operation(ref("Pet")),
        "patch": operation(ref("Pet"), body=NEW),
    },
    "/shops/{shopId}/pets": {"parameters": [SHOP], "get": operation(listed(ref("Pet")))},
}


@pytest.fixture
def pets(mocked):
    """Serve pets, and their short forms, without memory."""

    def make(paths=PETS, **schemas):
        return mocked(paths, components={"schemas": {"Pet": PET, "Short": SHORT, **schemas}})

    return make


def test_a_read_shows_the_item_of_the_list(pets):
    """In any order, and by the link that the list has."""
    api = pets()
    items = api.get("/pets").json
    assert len({item["id"] for item in items}) == 3
    for item in items:
        assert api.get(f"/pets/{item['id']}").json == item
        assert api.get(item["url"].removeprefix("http://localhost")).json == item
        assert pets().get(f"/pets/{item['id']}").json == item


def test_a_change_shows_the_item_of_the_list(pets):
    """What a request does not send stays as the list has it."""
    api = pets()
    item = api.get("/pets").json[1]
    changed = json.loads(
        api("PATCH", f"/pets/{item['id']}", b'{"name": "Rex"}', content_type="application/json").body
    )
    assert changed == {**item, "name": "Rex"}


def test_a_creation_shows_the_item_that_is_read(pets):
    """But for what the request sends."""
    api = pets()
    created = json.loads(api.post("/pets", {"name": "Rex", "kind": "dog"}).body)
    read = api.get(f"/pets/{created['id']}").json
    assert created == {**read, "name": "Rex", "kind": "dog"}
    assert api.get("/pets").json != [created]


def test_another_list_shows_the_same_items(pets):
    """Elsewhere in the contract, and in a short form."""
    short = {**PETS, "/short": {"get": operation(listed(ref("Short")))}}
    api = pets(short)
    items = api.get("/pets").json
    assert api.get("/shops/4/pets").json == items


def test_a_list_of_short_forms(pets):
    """Of which reads show more."""
    api = pets({**PETS, "/pets": {"get": operation(listed(ref("Short")))}})
    for item in api.get("/pets").json:
        read = api.get(f"/pets/{item['id']}").json
        assert read.keys() > item.keys()
        assert read.items() >= item.items()


def test_keys_in_a_list_differ(pets):
    """Also where their schema allows few, or an author has one example for all."""
    user = {"type": "object", "properties": {"username": {"type": "string", "enum": ["a", "b"]}}}
    name = {"name": "username", "in": "path", "required": True, "schema": {"type": "string"}}
    few = {
        "/users": {"get": operation(listed(user))},
        "/users/{username}": {"parameters": [name], "get": operation(user)},
    }
    same = {**PET, "properties": {**PET["properties"], "id": {"type": "string", "enum": ["x"]}}}
    for paths, key, schemas in ((few, "username", {}), (PETS, "id", {"Pet": same})):
        items = pets(paths, **schemas).get(f"/{'users' if key == 'username' else 'pets'}").json
        assert len({item[key] for item in items}) == len(items)


def test_an_example_stays_for_other_keys(pets):
    """The author's is verbatim, but for an item that a list shows."""
    example = {"id": 7, "name": "Fluffy"}
    read = operation(ref("Pet"), example=example)
    api = pets({**PETS, "/pets/{petId}": {"parameters": [PET_ID], "get": read}})
    item = api.get("/pets").json[0]
    assert api.get(f"/pets/{item['id']}").json == {**example, **item}
    for key in (7, 12345):
        response = api.get(f"/pets/{key}")
        assert (response.source, response.json) == ("example", example)


def test_items_of_an_author(pets):
    """An example of a list is its items, which reads show."""
    items = [{"id": 1, "name": "Rex", "city": "Oslo"}, {"id": 2, "name": "Tom", "city": "Rome"}]
    lists = operation(listed(ref("Pet")), example=items)
    api = pets({**PETS, "/pets": {"get": lists}})
    assert api.get("/pets").json == items
    for item in items:
        assert api.get(f"/pets/{item['id']}").json.items() >= item.items()
