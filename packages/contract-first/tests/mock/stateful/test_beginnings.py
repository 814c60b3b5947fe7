"""Collections begin with what their lists show without memory; requests change that."""

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock

from .conftest import LISTED, PET, PET_ID, PETS, in_path, operation, ref

TOY = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "petId": {"type": "integer"}},
}
NEW_TOY = {"type": "object", "properties": {"name": {"type": "string"}}}
TOYS = {
    "/pets/{petId}/toys": {
        "parameters": [PET_ID],
        "get": operation({"type": "array", "items": ref("Toy")}),
        "post": operation(ref("Toy"), status="201", body=NEW_TOY),
    },
    "/pets/{petId}/toys/{toyId}": {
        "parameters": [PET_ID, in_path("toyId", "integer")],
        "get": operation(ref("Toy")),
        "delete": operation(status="204"),
    },
}
SCHEMAS = {"Pet": PET, "Toy": TOY}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "paths": {**PETS, **TOYS},
    "components": {"schemas": SCHEMAS},
}


@pytest.fixture
def world(remembering):
    """Return a mock of pets and their toys, with the items of its lists."""
    return remembering({**PETS, **TOYS}, SCHEMAS, items=3)


def keys(items):
    """Return the ids of items."""
    return [item["id"] for item in items]


def test_a_list_and_what_requests_make_of_it(world):
    """It is opened, changed, deleted and added to."""
    first, second, third = items = world.get("/pets")
    assert [world.get(f"/pets/{item['id']}") for item in items] == items
    assert world("GET", "/pets/424242")[0] == 404
    changed = world("PATCH", f"/pets/{first['id']}", {"name": "Rex"})[1]
    assert changed == {**first, "name": "Rex"}
    assert world("DELETE", f"/pets/{second['id']}")[0] == 204
    created = world.post("/pets", {"name": "Tom"})
    assert created["id"] not in keys(items)
    assert world.get("/pets") == [changed, third, created]
    assert world("GET", f"/pets/{second['id']}")[0] == 404


def test_the_first_request_may_be_any(remembering):
    """A read, a change, a deletion or a creation finds the items of the list, too."""
    items = remembering(PETS, SCHEMAS, items=3).get("/pets")
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        status, value = remembering(PETS, SCHEMAS, items=3)(method, f"/pets/{items[1]['id']}", body)
        assert (status, value) == ((204, None) if method == "DELETE" else (200, items[1]))
    mock = remembering(PETS, SCHEMAS, items=3)
    created = mock.post("/pets", {"name": "Tom"})
    assert mock.get("/pets") == [*items, created]


def test_items_below_each_parent(world):
    """Of those that were there; below one that a request created there is nothing yet."""
    first, second, _ = world.get("/pets")
    created = world.post("/pets", {"name": "Tom"})
    toys = world.get(f"/pets/{first['id']}/toys")
    assert len(toys) == 3
    assert {toy["petId"] for toy in toys} == {first["id"]}
    toy = toys[0]["id"]
    assert world.get(f"/pets/{second['id']}/toys/{toy}") == {**toys[0], "petId": second["id"]}
    world("DELETE", f"/pets/{first['id']}/toys/{toy}")
    assert keys(world.get(f"/pets/{first['id']}/toys")) == keys(toys[1:])
    assert len(world.get(f"/pets/{second['id']}/toys")) == 3
    assert world.get(f"/pets/{created['id']}/toys") == []
    assert world("GET", "/pets/424242/toys")[0] == 404


def test_nothing_begins_below_what_is_gone(world):
    """Also where no request was for it before."""
    pet = world.get("/pets")[0]["id"]
    assert world("DELETE", f"/pets/{pet}")[0] == 204
    assert world("GET", f"/pets/{pet}/toys")[0] == 404
    assert world("POST", f"/pets/{pet}/toys", {"name": "Ball"})[0] == 404


def test_parents_of_no_collection_do_not_fill_the_store(remembering, monkeypatch):
    """A client that reads below many leaves room for what requests create."""
    monkeypatch.setattr("contract_first.mock.stateful.store.MOST_ITEMS", 40)
    shops = {
        f"/shops/{{shopId}}{path}": {**item, "parameters": [in_path("shopId"), *item.get("parameters", ())]}
        for path, item in PETS.items()
    }
    mock = remembering(shops, SCHEMAS, items=3)
    assert [len(mock.get(f"/shops/{number}/pets")) for number in range(6)] == [3, 3, 3, 3, 0, 0]
    assert mock.post("/shops/7/pets", {"name": "Rex"})["name"] == "Rex"


def test_items_of_an_author(remembering):
    """They begin a collection, with what reads show beside."""
    example = [{"id": 1, "name": "Rex", "kind": "dog"}, {"id": 2, "name": "Tom"}]
    lists = operation(LISTED)
    lists["responses"]["200"]["content"]["application/json"]["example"] = example
    paths = {**PETS, "/pets": {**PETS["/pets"], "get": lists}}
    mock = remembering(paths, SCHEMAS, items=3)
    assert mock.get("/pets") == example
    assert mock.get("/pets/2") == example[1]
    assert remembering(paths, SCHEMAS, items=0).get("/pets") == []


def test_what_nothing_fills_is_as_without_memory(remembering):
    """A collection that no operation changes is read by its keys."""
    paths = {
        "/pets": {"get": operation(LISTED)},
        "/pets/{petId}": {"parameters": [PET_ID], "get": operation(ref("Pet"))},
    }
    mock = remembering(paths, SCHEMAS, items=3)
    items = mock.get("/pets")
    assert len(items) == 3
    assert [mock.get(f"/pets/{item['id']}") for item in items] == items
    assert mock.get("/pets/424242")["id"] == 424242


@pytest.fixture(scope="session")
def running():
    """Return what serves the pets."""

    def make(*, stateful=True, document=DOCUMENT, **options):
        contract, url = Contract(document, "test"), "http://api.test"
        return contract_mock(contract, authentication=False, stateful=stateful, public_url=url, **options)

    return make


def get(mock, path, **headers):
    """Return the value of a response."""
    return _response(mock, "GET", path, headers=headers).json()


def send(mock, method, path, **content):
    """Send a request, and return the status."""
    return _response(mock, method, path, **content).status_code


def _response(mock, method, path, headers=None, **content):
    url = mock.control.removesuffix("_mock")
    host = {} if path.startswith("_mock") else {"Host": "api.test"}
    fields = {**(headers or {}), **host}
    return httpx2.request(method, f"{url}{path}", trust_env=False, headers=fields, **content)


def test_both_modes_show_one_world(running):
    """So do scopes, and a mock that was reset; another seed has another world."""
    with running(isolate=True) as mock, running(seed=7) as other, running(stateful=False) as stateless:
        items = get(stateless, "pets")
        assert get(mock, "pets") == items
        assert get(other, "pets") != items
        assert send(mock, "DELETE", f"pets/{items[0]['id']}") == 204
        assert get(mock, "pets") == items[1:]
        assert get(mock, "pets", **{"X-Mock-Scope": "a"}) == items
        assert send(mock, "POST", "_mock/state/reset") == 204
        assert get(mock, "pets") == items


def test_items_refer_to_items(running):
    """A member with the name of another collection's key has the key of one of its items, in both modes."""
    name, number = {"type": "string"}, {"type": "integer"}
    person = {"type": "object", "required": ["id"], "properties": {"id": number, "name": name}}
    pet = {"type": "object", "required": ["id"], "properties": {"id": number, "ownerId": number}}
    page = {"limit": number, "total": number, "pets": {"type": "array", "items": ref("Pet")}}
    paths = {
        "/owners": {"get": operation({"type": "array", "items": ref("Owner")})},
        "/owners/{id}": {"parameters": [in_path("id", "integer")], "get": operation(ref("Owner"))},
        "/pets": {
            "get": operation({"type": "object", "required": [*page], "properties": page}),
            "post": operation(ref("Pet"), status="201", body=ref("Pet")),
        },
        "/pets/{petId}": {"parameters": [PET_ID], "get": operation(ref("Pet"))},
    }
    schemas = {"Pet": {**pet, "required": ["id", "ownerId"]}, "Owner": person}
    document = {**DOCUMENT, "paths": paths, "components": {"schemas": schemas}}
    with running(document=document) as mock, running(document=document, stateful=False) as stateless:
        shown = get(mock, "pets")
        assert [pet["ownerId"] for pet in shown["pets"]] == keys(get(mock, "owners"))
        assert [get(mock, f"pets/{pet['id']}") for pet in shown["pets"]] == shown["pets"]
        assert get(stateless, "pets") == shown


def test_members_that_are_required_and_not_described(remembering):
    """Each item has its own, in the list as in reads."""
    pet = {"type": "object", "required": ["id", "name"], "properties": {"_id": {"type": "string"}}}
    paths = {
        "/pets": {"get": operation({"type": "array", "items": ref("Pet")})},
        "/pets/{id}": {
            "parameters": [in_path("id", "string")],
            "get": operation(ref("Pet")),
            "put": operation(ref("Pet"), body={"type": "object"}),
        },
    }
    mock = remembering(paths, {"Pet": pet}, items=3)
    items = mock.get("/pets")
    assert len({item["name"] for item in items}) == 3
    assert [mock.get(f"/pets/{item['_id']}") for item in items] == items


@pytest.mark.parametrize("remembers", [True, False])
def test_a_key_refers_to_no_other_collection(remembering, remembers):
    """Though there are two whose items have a key of its name, as of a network and of the one for tests."""
    pet = {"type": "object", "required": ["petId"], "properties": {"petId": {"type": "string"}}}
    paths = {
        f"{base}/pets{rest}": {"get": operation(schema), "parameters": parameters}
        for base in ("", "/test")
        for rest, schema, parameters in (
            ("", {"type": "array", "items": ref("Pet")}, []),
            ("/{petId}", ref("Pet"), [in_path("petId", "string")]),
        )
    }
    mock = remembering(
        paths,
        {"Pet": {**pet, "properties": {**pet["properties"], "name": {"type": "string"}}}},
        items=3,
        remembers=remembers,
    )
    for path in ("/pets", "/test/pets"):
        items = mock.get(path)
        assert [mock.get(f"{path}/{item['petId']}") for item in items] == items


@pytest.mark.parametrize("remembers", [True, False])
def test_what_authors_write_against_a_format(remembering, remembers):
    """Their example of a member is in reads as it is in the list."""
    end = {"type": "string", "format": "date-time", "readOnly": True, "example": ""}
    pet = {
        **PET,
        "required": [*PET["required"], "endedAt"],
        "properties": {**PET["properties"], "endedAt": end},
    }
    mock = remembering(PETS, {**SCHEMAS, "Pet": pet}, items=3, remembers=remembers)
    items = mock.get("/pets")
    assert {item["endedAt"] for item in items} == {""}
    assert [mock.get(f"/pets/{item['id']}") for item in items] == items


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_length_of_lists(running, count):
    """In both modes; with none they begin empty."""
    with running(items=count) as mock, running(items=count, stateful=False) as stateless:
        assert len(get(mock, "pets")) == count
        assert get(stateless, "pets") == get(mock, "pets")


def test_too_long_lists(running):
    """There is a limit."""
    with pytest.raises(ValueError, match="100"), running(items=101):
        pass


def test_the_state_has_them(running):
    """The control API counts the items before a request, and adds to them."""
    with running() as mock:
        collections = get(mock, "_mock/state")["collections"]
        assert [collection["items"] for collection in collections] == [3, 0]
    with running() as mock:
        item = {"collection": "/pets", "value": {"id": 5, "name": "Rex"}}
        assert send(mock, "POST", "_mock/items", json=item) == 201
        assert len(get(mock, "pets")) == 4


def test_a_file_begins_what_it_names(running, write):
    """A collection has the items of the file alone; below these there is nothing yet."""
    with running(seed_data=write({"pets": [{"id": 5, "name": "Rex"}]}, "seeds.json")) as mock:
        assert keys(get(mock, "pets")) == [5]
        assert get(mock, "pets/5/toys") == []


def test_a_folder_keeps_what_is_gone(running, tmp_path):
    """What was deleted does not come back with the next start, nor with a snapshot, but with a reset."""
    with running(data=tmp_path) as mock:
        first, *rest = get(mock, "pets")
        assert send(mock, "DELETE", f"pets/{first['id']}") == 204
        assert send(mock, "POST", "_mock/state/snapshot", json={"name": "a"}) == 201
    with running(data=tmp_path) as mock:
        assert get(mock, "pets") == rest
        assert send(mock, "POST", "_mock/state/reset") == 204
        assert get(mock, "pets") == [first, *rest]
        assert send(mock, "POST", "_mock/state/restore", json={"name": "a"}) == 204
        assert get(mock, "pets") == rest


@pytest.mark.parametrize("remembers", [False, True])
def test_a_list_by_keys_shows_what_reads_show(remembering, remembers):
    """Those of its own keys, and of keys that it does not show, in any number."""
    queries = [{"name": "ids", "in": "query", "schema": {"type": "string"}}]
    paths = {
        "/pets": {"get": {**operation(LISTED), "parameters": queries}},
        "/pets/{petId}": {"parameters": [PET_ID], "get": operation(ref("Pet"))},
    }
    api = remembering(paths, SCHEMAS, items=3, remembers=remembers)
    first, *_, last = api.get("/pets")
    asked = [last["id"], 4242, first["id"], 4243]
    listed = api.get(f"/pets?ids={','.join(map(str, asked))}")
    assert listed == [api.get(f"/pets/{key}") for key in asked]
