"""What a mock remembers is seeded, reset, snapshotted, restored, kept in a folder, and bounded."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock, server
from contract_first.mock.stateful import store as stores
from contract_first.mock.stateful.catalog import catalog_of
from contract_first.mock.stateful.seeding import SeedError
from contract_first.mock.stateful.store import ItemStore
from contract_first.service.messages.problems import PayloadTooLarge, ServiceUnavailable

from .conftest import PET, PETS, QUERIES, in_path, operation, ref

TOYS = {
    "/pets/{petId}/toys": {
        "parameters": [in_path("petId", "integer")],
        "post": operation(ref("Toy")),
        "get": operation({"type": "array", "items": ref("Toy")}),
    },
    "/pets/{petId}/toys/{toyId}": {
        "parameters": [in_path("petId", "integer"), in_path("toyId", "integer")],
        "get": operation(ref("Toy")),
    },
}
TOY = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "paths": {**PETS, **TOYS},
    "components": {"schemas": {"Pet": PET, "Toy": TOY}},
}
SEEDS = {
    "pets": [{"name": "Rex", "kind": "dog"}, {"id": 7, "name": "Tom"}],
    "/pets/7/toys": [{"name": "ball"}],
}


@pytest.fixture
def running(write):
    """Return what runs a mock, with a client of it."""

    def run(**options):
        return contract_mock(str(write(DOCUMENT)), authentication=False, stateful=True, items=0, **options)

    return run


def client_of(mock):
    """Return a client of a mock."""
    return httpx2.Client(base_url=mock.api, trust_env=False, timeout=60)


def ids(client):
    """Return the ids of all pets."""
    return [each["id"] for each in client.get("/pets").json()]


def test_seeds_reset_snapshot_and_restore(running, write):
    """A reset has the initial items again, and a snapshot restores what was there; both are described."""
    with running(seed_data=write(SEEDS, "seeds.json")) as mock, client_of(mock) as client:
        assert ids(client) == [1, 7]
        assert [each["name"] for each in client.get("/pets/7/toys").json()] == ["ball"]
        client.post("/pets", json={"name": "Ada"})
        assert client.post("/_mock/state/snapshot", json={"name": "three"}).status_code == 201
        client.delete("/pets/7")
        assert client.get("/_mock/state").json()["collections"][0] == {
            "path": "/pets",
            "key": "id",
            "operations": ["create", "list", "read", "update", "replace", "delete"],
            "items": 2,
        }
        assert client.post("/_mock/state/restore", json={"name": "three"}).status_code == 204
        assert len(ids(client)) == 3
        assert client.get("/_mock/state").json()["snapshots"] == ["three"]
        assert client.post("/_mock/state/reset").status_code == 204
        assert ids(client) == [1, 7]
        assert client.post("/_mock/state/restore", json={"name": "none"}).status_code == 404


@pytest.mark.parametrize("large_bytes", [0, stores.LARGE_BYTES])
def test_reads_wait_for_changes(pets, monkeypatch, large_bytes):
    """Items are read under the lock of resets and restores: never half of them, nor amid a restore."""
    monkeypatch.setattr(stores, "LARGE_BYTES", large_bytes)
    pets.post("/pets", {"name": "Rex"})
    locked = []
    for name in ("view", "keyed"):
        read = getattr(pets.memory.store, name)

        def reading(*arguments, read=read):
            locked.append(pets.memory.lock.locked())
            return read(*arguments)

        monkeypatch.setattr(pets.memory.store, name, reading)
    assert len(pets.get("/pets")) == 1
    assert pets.get("/pets/1")["name"] == "Rex"
    assert locked == [True, True]


@pytest.mark.parametrize(
    ("options", "origin"),
    [
        ({"public_url": "https://pets.test"}, "https://pets.test"),
        ({"trust_proxy": True}, "https://proxy.test"),
    ],
)
def test_urls_of_items_are_those_of_the_mock(write, options, origin):
    """A Location, a link and an item's own URL lead where clients reach the API."""
    url = {"schema": {"type": "string"}, "example": "/pets/0"}
    create = operation(ref("Pet"), status="201", body={"type": "object"})
    create["responses"]["201"]["headers"] = {"Location": url}
    listing = operation({"type": "array", "items": ref("Pet")}, parameters=QUERIES)
    listing["responses"]["200"]["headers"] = {"Link": url}
    paths = {**PETS, "/pets": {"post": create, "get": listing}}
    headers = {"X-Forwarded-Host": "proxy.test", "X-Forwarded-Proto": "https"}
    document = write({**DOCUMENT, "paths": paths})
    with contract_mock(str(document), stateful=True, items=0, **options) as mock, client_of(mock) as client:
        client.base_url, client.headers = mock.control.removesuffix("/_mock"), headers
        responses = [client.post("/pets", json={"name": name}) for name in "ab"]
        listed = client.get("/pets", params={"limit": 1})
    assert responses[0].headers["location"] == f"{origin}/pets/1"
    assert listed.headers["link"] == f'<{origin}/pets?limit=1&page=2>; rel="next"'
    assert listed.json()[0]["url"] in {f"{origin}/pets/1", "/pets/1"}


def test_a_contract_whose_collection_is_gone(pets):
    """Until the app of another contract serves, operations go on with the collections of their own."""
    pets.memory.catalog = catalog_of(Contract({**DOCUMENT, "paths": TOYS}, "test"))
    assert pets.post("/pets", {"name": "Rex"})["id"] == 1
    assert len(pets.get("/pets")) == 1


def test_the_journal_finds_no_violation(running):
    """All that a mock sends while it remembers conforms to the contract."""
    with running() as mock, client_of(mock) as client:
        made = client.post("/pets", json={"name": "Ada"}).json()
        client.patch(f"/pets/{made['id']}", json={"kind": "dog"})
        for path in ("/pets", f"/pets/{made['id']}", "/pets/99", "/pets?limit=1"):
            client.get(path)
        client.delete(f"/pets/{made['id']}")
        found = client.get("/_mock/journal", params={"violations": True}).json()["exchanges"]
    assert found == []


def test_a_404_that_no_contract_documents_is_no_violation(write):
    """That an item is not there is the mock's own word, whether the contract has a 404 or not."""
    read = {"parameters": [in_path("id")], "responses": {"200": operation(ref("Toy"))["responses"]["200"]}}
    paths = {"/toys": {"post": operation(ref("Toy"))}, "/toys/{id}": {"get": read}}
    document = {**DOCUMENT, "paths": paths}
    with contract_mock(str(write(document)), stateful=True, items=0) as mock, client_of(mock) as client:
        response = client.get("/toys/9")
        assert (response.status_code, "9" in response.headers["x-mock-refusal"]) == (404, True)
        assert client.get("/_mock/journal", params={"violations": True}).json()["exchanges"] == []


def test_a_folder_keeps_items(running, tmp_path):
    """With a folder, items are there at the next start, and identifiers go on."""
    for count in (1, 2):
        with running(data=tmp_path / "data") as mock, client_of(mock) as client:
            client.post("/pets", json={"name": str(count)})
            assert ids(client) == list(range(1, count + 1))


@pytest.mark.parametrize(
    ("seeds", "reason"),
    [
        ({"cats": []}, "cats is not a collection of the contract; its collections: /pets"),
        ({"pets": {}}, "pets is not a list of objects"),
        ({"pets": [{"name": "Rex", "kind": "bird"}]}, "pets, item 1: kind: "),
        (
            {"pets": [{"name": "Rex", "colour": "red"}]},
            "pets, item 1: colour: the contract has no such member",
        ),
        (
            {"pets": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]},
            "pets, item 2: There is an item of /pets",
        ),
    ],
)
def test_seeds_that_cannot_be_used(running, write, seeds, reason):
    """What is wrong in a file of initial items is said with its place, at start."""
    with (
        pytest.raises(SeedError, match=r"seeds\.json: ") as raised,
        running(seed_data=write(seeds, "seeds.json")),
    ):
        pass
    assert reason in str(raised.value)


def test_what_is_recognised_is_reported(write):
    """What a mock remembers is said at start."""
    messages = []
    with contract_mock(str(write(DOCUMENT)), stateful=True, items=0, tell=messages.append):
        pass
    assert messages[:2] == [
        "Remembers the items of 2 collections:",
        "  /pets: create, list, read, update, replace, delete; by id",
    ]


def test_a_slow_recognition_does_not_hold_up_the_start(write, monkeypatch):
    """A mock listens before its collections are recognised; requests for items wait for them."""
    recognized, messages = Event(), []

    def slowly(*arguments):
        assert recognized.wait(30)
        return catalog_of(*arguments)

    monkeypatch.setattr(server, "catalog_of", slowly)
    with contract_mock(str(write(DOCUMENT)), stateful=True, items=0, tell=messages.append) as mock:
        refused = httpx2.get(f"{mock.api}/pets", headers={"host": "elsewhere.test"})
        assert (refused.status_code, messages) == (421, [])
        with ThreadPoolExecutor(2) as clients:
            urls = f"{mock.api}/pets", f"{mock.control}/state"
            listed = [clients.submit(httpx2.get, url) for url in urls]
            recognized.set()
        assert listed[0].result().json() == []
        assert listed[1].result().json()["collections"][0]["path"] == "/pets"
        assert messages[0] == "Remembers the items of 2 collections:"


def test_a_store_is_bounded(monkeypatch):
    """There is room for so many items and bytes, and room again once some are gone."""
    monkeypatch.setattr(stores, "MOST_ITEMS", 2)
    store = ItemStore()
    store.add("a", "1", {}, {})
    store.add("a", "2", {}, {})
    with pytest.raises(ServiceUnavailable):
        store.add("a", "3", {}, {})
    store.remove(store.keyed("a", "1")[0])
    store.add("a", "3", {}, {})
    monkeypatch.setattr(stores, "MOST_BYTES", 4 * stores.PART)
    for value in ("x" * 3 * stores.PART, [[], []]):
        with pytest.raises(ServiceUnavailable):
            store.change(store.keyed("a", "3")[0], "3", {"text": value})
    monkeypatch.setattr(stores, "MOST_IN_ITEM", 5)
    with pytest.raises(PayloadTooLarge, match="The item has"):
        store.change(store.keyed("a", "3")[0], "3", {"text": ""})
    store.close()


def change_database(file, *statements):
    """Change what a database file holds."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        for each in statements:
            database.execute(each)


ITEM = "INSERT INTO items (collection, key, parents, value) VALUES ('/pets', '1', '{}', '{}')"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (["DROP TABLE items", "CREATE TABLE items (place)"], "no such column"),
        ([ITEM, "UPDATE items SET value = '[1]'"], "Expected `object`, got `array`"),
        ([ITEM, "UPDATE items SET value = '" + "[" * 100_000 + "'"], "Expected `object`, got `array`"),
        ([ITEM, """UPDATE items SET value = '{"a": """ + "[" * 100_000 + "'"], "(recursion|Stack overflow)"),
        ([ITEM, "UPDATE items SET value = x'ff'"], "malformed"),
        ([ITEM, "UPDATE items SET value = 5"], "bytes-like"),
        ([ITEM, "UPDATE items SET parents = '{\"a\": 1}'"], "Expected `str`, got `int`"),
        ([ITEM, ITEM, ITEM], "more than 2 items"),
        ([ITEM, "UPDATE items SET key = '" + "1" * 300_000 + "'"], "more than"),
        ([ITEM, "UPDATE items SET value = zeroblob(150001)"], "150000 of one"),
        ([ITEM, "UPDATE items SET place = 9223372036854775807"], "counts beyond"),
        (["INSERT INTO numbers VALUES ('/pets', 1e30)"], "counts beyond"),
        (["INSERT INTO numbers VALUES ('/pets', 'many')"], "counts beyond"),
        (["CREATE TRIGGER t AFTER INSERT ON items BEGIN SELECT RAISE(FAIL, 'no'); END"], "other tables"),
        (
            ["PRAGMA writable_schema = ON", "DELETE FROM sqlite_schema WHERE name = 'items_by_key'"],
            "never used",
        ),
    ],
)
def test_a_file_that_no_mock_has_written(tmp_path, monkeypatch, changes, reason):
    """What cannot be read back is said at start, and not at a request."""
    monkeypatch.setattr(stores, "MOST_ITEMS", 2)
    monkeypatch.setattr(stores, "MOST_BYTES", 200_000)
    monkeypatch.setattr(stores, "MOST_IN_ITEM", 150_000)
    file = tmp_path / "mock.db"
    ItemStore(file).close()
    change_database(file, *changes)
    with pytest.raises(ValueError, match=f"mock.db does not hold what a mock stores: .*{reason}"):
        ItemStore(file)
    file.write_bytes(b"x" * 9999)
    with pytest.raises(ValueError, match="stores: file is not a database"):
        ItemStore(file)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: change_database(file, "DROP TABLE items", "CREATE TABLE items (place)"),
        lambda file: change_database(file, "UPDATE items SET value = '[1]'"),
        lambda file: file.write_bytes(b"x" * 9999),
        lambda file: file.write_bytes(b""),
        lambda file: file.unlink(),
    ],
)
def test_a_snapshot_that_no_mock_has_written(running, tmp_path, change):
    """A restore of it is refused with a reason, and loses nothing."""
    with running(data=tmp_path / "data") as mock, client_of(mock) as client:
        client.post("/pets", json={"name": "Ada"})
        client.post("/_mock/state/snapshot", json={"name": "one"})
        client.post("/pets", json={"name": "Rex"})
        (file,) = tmp_path.glob("data/snapshots/*/mock.db")
        change(file)
        refused = client.post("/_mock/state/restore", json={"name": "one"})
        assert (refused.status_code, "does not hold what a mock stores" in refused.text) == (409, True)
        assert (ids(client), client.post("/pets", json={"name": "Tom"}).json()["id"]) == ([1, 2], 3)


def test_a_full_store_is_said(pets, monkeypatch):
    """A creation beyond the bound is 503."""
    monkeypatch.setattr(stores, "MOST_ITEMS", 1)
    pets.post("/pets", {"name": "a"})
    assert pets("POST", "/pets", {"name": "b"})[0] == 503


def test_a_preference_has_the_contract_s_own_response(running):
    """What is preferred is not from what is stored, and stores nothing."""
    with running() as mock, client_of(mock) as client:
        response = client.post("/pets", json={"name": "a"}, headers={"Prefer": "code=201"})
        assert response.headers["x-mock-answer"] == "generated"
        assert client.get("/pets").json() == []
        assert json.loads(client.get("/pets/1", headers={"Prefer": "code=200"}).content)["id"] > 0


def test_items_are_listed_created_replaced_and_removed_by_the_control_api(running, write):
    """What the control API changes is what the API has from then on; each part of it is bounded."""
    with running(seed_data=write(SEEDS, "seeds.json")) as mock, client_of(mock) as client:
        page = client.get("/_mock/items?collection=/pets&limit=1&offset=1").json()
        assert page["total"] == 2
        (tom,) = page["items"]
        assert (tom["collection"], tom["value"]["name"]) == ("/pets", "Tom")
        toy = client.post(
            "/_mock/items", json={"collection": "/pets/7/toys", "value": {"name": "rope"}}
        ).json()
        assert toy["collection"] == "/pets/7/toys"
        assert [each["name"] for each in client.get("/pets/7/toys").json()] == ["ball", "rope"]
        place = f"/_mock/items/{tom['id']}"
        assert client.put(place, json={"value": {**tom["value"], "name": "Tim"}}).json()["value"]["id"] == 7
        assert client.get("/pets/7").json()["name"] == "Tim"
        assert client.delete(place).status_code == 204
        assert client.get("/pets/7").status_code == client.get("/pets/7/toys").status_code == 404
        assert client.get("/_mock/items?collection=/pets/{petId}/toys").json() == {"items": [], "total": 0}


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "reason"),
    [
        ("GET", "?collection=/cats", None, 404, "'/cats' is not one of the collections"),
        ("POST", "", {"collection": "/cats", "value": {}}, 422, "its collections: /pets, "),
        ("POST", "", {"collection": "/pets", "value": {"kind": 7}}, 422, "/value"),
        ("POST", "", {"collection": "/pets", "value": {"id": 7}}, 409, "with the id '7'"),
        ("PUT", "/1", {"value": {"id": "one"}}, 422, "/value/id"),
        ("PUT", "/1", {"value": {"id": 7, "name": "Rex"}}, 409, "with the id '7'"),
        ("PUT", "/9999999999999999", {"value": {}}, 404, "no item"),
        ("DELETE", "/99", None, 404, "no item '99'"),
    ],
)
def test_what_is_no_item_is_refused(running, write, method, target, body, status, reason):
    """A refusal names the member, and nothing is stored."""
    with running(seed_data=write(SEEDS, "seeds.json")) as mock, client_of(mock) as client:
        response = client.request(method, f"/_mock/items{target}", json=body)
        assert response.status_code == status, response.text
        assert reason in response.text
        assert ids(client) == [1, 7]


def test_a_mock_without_items_says_how_to_have_some(write):
    """Where nothing is stored, the error names the option."""
    with contract_mock(str(write(DOCUMENT))) as mock, client_of(mock) as client:
        response = client.get("/_mock/items?collection=/pets")
        assert (response.status_code, "--stateful" in response.json()["detail"]) == (404, True)
