"""Scopes with state of their own: items, clock, rules and journal of one are not another's."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.state import scopes as module
from contract_first.mock.state.scopes import SCOPE, Scopes
from contract_first.service.messages.problems import Conflict, NotFound, ServiceUnavailable

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
CONTENT = {"application/json": {"schema": PET}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list_pets",
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"type": "array", "items": PET}}},
                    }
                },
            },
            "post": {
                "operationId": "add_pet",
                "requestBody": {"content": CONTENT},
                "responses": {
                    "201": {
                        "description": "",
                        "content": CONTENT,
                        "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
                    }
                },
            },
        },
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {"operationId": "get_pet", "responses": {"200": {"description": "", "content": CONTENT}}},
        },
    },
}
MINE = {"X-Mock-Scope": "mine"}


@pytest.fixture
def client(tmp_path):
    """Run a mock of pets with isolated scopes and one pet to begin with, and return a client of it."""
    seeds = tmp_path / "seeds.json"
    seeds.write_text(json.dumps({"/pets": [{"id": 1, "name": "Rex"}]}))
    with (
        contract_mock(Contract(DOCUMENT, "pets.json"), seed_data=seeds, isolate=True) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False, timeout=30) as client,
    ):
        yield client


def names(client, **options):
    """Return the names of all pets."""
    return [pet["name"] for pet in client.get("/pets", **options).json()]


def test_items_are_those_of_the_scope(client):
    """A scope begins with the initial items; what is added to it is in no other, nor in what all have."""
    client.post("/pets", json={"id": 2, "name": "mine"}, headers=MINE).raise_for_status()
    client.post("/pets", json={"id": 2, "name": "all"}).raise_for_status()
    assert names(client, headers=MINE) == ["Rex", "mine"]
    assert names(client) == ["Rex", "all"]
    assert names(client, headers={"X-Mock-Scope": "other"}) == ["Rex"]
    collections = client.get("/_mock/state", headers=MINE).json()["collections"]
    assert [collection["items"] for collection in collections] == [2]
    client.post("/_mock/reset", json={}, headers=MINE).raise_for_status()
    assert (names(client, headers=MINE), names(client)) == (["Rex"], ["Rex", "all"])


def test_a_reset_without_a_scope(client):
    """It leaves the items, rules and exchanges of scopes alone."""
    client.post("/pets", json={"id": 2, "name": "mine"}, headers=MINE).raise_for_status()
    fault = {"effect": {"status": 503}, "match": {"operation": "get_pet"}}
    client.post("/_mock/faults", json=fault, headers=MINE).raise_for_status()
    client.post("/_mock/faults", json=fault).raise_for_status()
    client.post("/_mock/state/reset", json={}).raise_for_status()
    assert names(client, headers=MINE) == ["Rex", "mine"]
    assert [fault["scope"] for fault in client.get("/_mock/faults").json()["faults"]] == ["mine"]
    assert {entry["scope"] for entry in client.get("/_mock/journal").json()["exchanges"]} == {"mine"}


def test_snapshots_are_those_of_the_scope(client):
    """Scopes may use one name for their snapshots; those of a scope go with it."""
    for headers, name in ((MINE, "mine"), ({}, "all")):
        client.post("/pets", json={"id": 2, "name": name}, headers=headers).raise_for_status()
        client.post("/_mock/state/snapshot", json={"name": "two"}, headers=headers).raise_for_status()
        client.post("/_mock/state/reset", json={}, headers=headers).raise_for_status()
    for headers, name in (({}, "all"), (MINE, "mine")):
        client.post("/_mock/state/restore", json={"name": "two"}, headers=headers).raise_for_status()
        assert names(client, headers=headers) == ["Rex", name]
    client.delete("/_mock/scopes/mine").raise_for_status()
    snapshots = [client.get("/_mock/state", headers=headers).json()["snapshots"] for headers in (MINE, {})]
    assert snapshots == [[], ["two"]]


def test_a_prefix_of_the_path(client):
    """A client that sends no headers names its scope in the path, and URLs in responses have it too."""
    added = client.post("/_scope/mine/pets", json={"id": 7, "name": "a b"})
    assert added.headers["location"] == f"{client.base_url}/_scope/mine/pets/7"
    assert client.get(added.headers["location"]).json() == {"id": 7, "name": "a b"}
    assert names(client, headers=MINE) == ["Rex", "a b"]
    override = {"match": {"operation": "list_pets"}, "effect": {"respond": {"body": []}}}
    client.post("/_scope/mine/_mock/overrides", json=override).raise_for_status()
    assert (names(client, headers=MINE), names(client)) == ([], ["Rex"])
    exchanges = client.get("/_scope/mine/_mock/journal").json()["exchanges"]
    assert {exchange["scope"] for exchange in exchanges} == {"mine"}
    assert client.get("/_scope/mine").status_code == client.get("/").status_code


def test_a_clock_of_its_own(client):
    """The time of a scope is moved and reset by itself."""
    then = {"now": "2030-01-01T00:00:00Z", "freeze": True}
    client.post("/_mock/clock", json=then, headers=MINE).raise_for_status()
    readings = [client.get("/_mock/clock", headers=headers).json() for headers in (MINE, {})]
    assert [(reading["now"][:4] == "2030", reading["frozen"]) for reading in readings] == [
        (True, True),
        (False, False),
    ]


def test_scopes_are_listed_and_dropped(client):
    """A scope that is dropped has its initial state at its next use; one that is not there is a 404."""
    client.post("/pets", json={"id": 2, "name": "mine"}, headers=MINE).raise_for_status()
    client.post("/_mock/faults", json={"effect": {"status": 503}}, headers=MINE).raise_for_status()
    (listed,) = client.get("/_mock/scopes").json()["scopes"]
    assert (listed["name"], listed["requests"]) == ("mine", 2)
    assert [client.delete("/_mock/scopes/mine").status_code for _ in range(2)] == [204, 404]
    assert names(client, headers=MINE) == ["Rex"]


def events_of(mock, count, *changes, last=(), **options):
    """Return the first events of a stream, with the changes, the last ones after them."""
    received = []
    with httpx2.stream("GET", f"{mock}/_mock/events", timeout=30, trust_env=False, **options) as response:
        lines = response.iter_lines()
        assert next(lines) == ": listening"
        for change in changes:
            change().raise_for_status()
        for line in lines:
            if line.startswith("data:"):
                received.append(json.loads(line.removeprefix("data:")))
                if len(received) == count:
                    break
        for change in last:
            change().raise_for_status()
    return received


@pytest.mark.parametrize("options", [{"params": {"scope": "mine"}}, {"headers": MINE}])
def test_events_of_a_scope(client, options):
    """A listener of a scope gets its exchanges, rules and changes, and keeps nobody from dropping it."""

    def add(path, body, headers=None):
        return lambda: client.post(path, json=body, headers=headers)

    fault = {"effect": {"latency_ms": 1}}
    changes = (
        add("/_mock/clock", {"advance_seconds": 7}),
        add("/_mock/clock", {"freeze": True}, MINE),
        add("/_mock/faults", {**fault, "name": "theirs"}, {"X-Mock-Scope": "other"}),
        add("/_mock/faults", {**fault, "name": "mine"}, MINE),
        lambda: client.get("/pets"),
        lambda: client.get("/pets", headers=MINE),
    )
    drop = lambda: client.delete("/_mock/scopes/mine")  # noqa: E731 -- as those above
    clock, others, rules, exchange = events_of(client.base_url, 4, *changes, last=[drop], **options)
    assert clock["frozen"]
    assert others == {"faults": []}
    assert [rule["name"] for rule in rules["faults"]] == ["mine"]
    assert exchange["scope"] == "mine"


def test_events_of_all(client):
    """A listener without a scope hears all exchanges and rules, and changes of the state that all share."""
    changes = (
        lambda: client.post("/_mock/clock", json={"freeze": True}, headers=MINE),
        lambda: client.get("/pets", headers=MINE),
        lambda: client.get("/pets"),
    )
    exchanges = events_of(client.base_url, 2, *changes)
    assert [exchange["scope"] for exchange in exchanges] == ["mine", ""]


def test_without_isolation():
    """By default items are those of all, and there is no scope to drop."""
    with (
        contract_mock(Contract(DOCUMENT, "pets.json"), stateful=True, items=0) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        client.post("/_scope/mine/pets", json={"id": 2, "name": "all"}).raise_for_status()
        assert names(client) == ["all"]
        assert client.get("/_mock/scopes").json() == {"scopes": []}
        assert client.delete("/_mock/scopes/mine").status_code == 404


class Parts:
    """Parts of scopes that were made and removed."""

    def __init__(self):
        self.there = []

    def open(self, name):
        self.there.append(name)

    def close(self, name):
        self.there.remove(name)


async def nothing():
    """Fill nothing in, and release nothing."""


async def use(scopes, *names):
    """Use scopes, one after the other."""
    for name in names:
        async with scopes.used(name):
            assert SCOPE.get() == name
    assert SCOPE.get() == ""


def test_their_number_is_bounded(monkeypatch):
    """One scope too many is refused, as long as none is idle; an idle one makes room."""
    monkeypatch.setattr(module, "MOST_SCOPES", 2)
    parts = Parts()
    scopes = Scopes([parts], nothing, nothing)
    asyncio.run(use(scopes, "a", "b", "a"))
    with pytest.raises(ServiceUnavailable, match="2 scopes are in use"):
        asyncio.run(use(scopes, "c"))
    monkeypatch.setattr(module, "IDLE_SECONDS", -1)
    asyncio.run(use(scopes, "c"))
    assert parts.there == ["c"]


def test_a_scope_in_use_is_not_dropped():
    """Its state stays for as long as a request uses it; what cannot be filled is removed."""
    parts = Parts()

    async def dropped():
        scopes = Scopes([parts], nothing, nothing)
        async with scopes.used("a"):
            SCOPE.set("")
            with pytest.raises(Conflict):
                await scopes.drop("a")
            SCOPE.set("a")
        await scopes.drop("a")
        with pytest.raises(NotFound):
            await scopes.drop("a")

    async def failing():
        raise Conflict("The seeds have changed.")

    asyncio.run(dropped())
    with pytest.raises(Conflict):
        asyncio.run(use(Scopes([parts], failing, failing), "b"))
    assert parts.there == []
