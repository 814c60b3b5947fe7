"""The pet store that everybody knows: PUT without an id in the path, searches beside items, orders, users."""

from __future__ import annotations

import pytest

from .conftest import in_path, in_query, operation, ref

PET = {
    "type": "object",
    "required": ["name", "photoUrls"],
    "properties": {
        "id": {"type": "integer", "format": "int64"},
        "name": {"type": "string", "example": "doggie"},
        "category": {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}},
        "photoUrls": {"type": "array", "items": {"type": "string"}},
        "tags": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
            },
        },
        "status": {"type": "string", "enum": ["available", "pending", "sold"]},
    },
}
ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "petId": {"type": "integer"},
        "quantity": {"type": "integer"},
        "complete": {"type": "boolean"},
    },
}
USER = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "username": {"type": "string"}, "email": {"type": "string"}},
}
PETS = {"type": "array", "items": ref("Pet")}
NAMES = in_query("tags", "array", items={"type": "string"})
PET_ID, USERNAME = in_path("petId", "integer"), in_path("username")
PATHS = {
    "/pet": {"put": operation(ref("Pet"), body=ref("Pet")), "post": operation(ref("Pet"), body=ref("Pet"))},
    "/pet/findByStatus": {"get": operation(PETS, parameters=[in_query("status", default="available")])},
    "/pet/findByTags": {"get": operation(PETS, parameters=[NAMES])},
    "/pet/{petId}": {
        "parameters": [PET_ID],
        "get": operation(ref("Pet")),
        "post": operation(ref("Pet"), parameters=[in_query("name"), in_query("status")]),
        "delete": operation(),
    },
    "/store/inventory": {"get": operation({"type": "object", "additionalProperties": {"type": "integer"}})},
    "/store/order": {"post": operation(ref("Order"), body=ref("Order"))},
    "/store/order/{orderId}": {
        "parameters": [in_path("orderId", "integer")],
        "get": operation(ref("Order")),
        "delete": operation(),
    },
    "/user": {"post": operation(ref("User"), body=ref("User"))},
    "/user/login": {"get": operation({"type": "string"}, parameters=[in_query("username")])},
    "/user/{username}": {
        "parameters": [USERNAME],
        "get": operation(ref("User")),
        "put": operation(body=ref("User")),
        "delete": operation(),
    },
}
REX = {"name": "Rex", "photoUrls": [], "status": "available"}


@pytest.fixture
def store(remembering):
    """Return a mock of it."""
    return remembering(PATHS, {"Pet": PET, "Order": ORDER, "User": USER})


def test_a_pet(store):
    """It is created, found, searched for, changed with and without its id in the path, and deleted."""
    made = store.post("/pet", {**REX, "tags": [{"id": 1, "name": "big"}]})
    path = f"/pet/{made['id']}"
    assert store.get(path) == made
    assert store.get("/pet/findByStatus") == [made]
    assert store.get("/pet/findByStatus?status=sold") == []
    assert store.get("/pet/findByTags?tags=big") == [made]
    assert store.get("/pet/findByTags?tags=small") == []
    assert store("PUT", "/pet", {**made, "status": "sold"})[0] == 200
    assert store.get(path)["status"] == "sold"
    assert store("PUT", "/pet", {**made, "id": 999})[0] == 404
    store.post(f"{path}?name=Max&status=pending")
    assert (store.get(path)["name"], store.get(path)["status"]) == ("Max", "pending")
    assert store("DELETE", path)[0] == 200
    assert store("GET", path)[0] == 404


def test_an_order(store):
    """It has the pet that was sent, and no value for what was not."""
    made = store.post("/store/order", {"petId": 7, "quantity": 2})
    assert made == {"id": made["id"], "petId": 7, "quantity": 2}
    assert store.get(f"/store/order/{made['id']}") == made
    store("DELETE", f"/store/order/{made['id']}")
    assert store("GET", f"/store/order/{made['id']}")[0] == 404


def test_a_user(store):
    """It is found by its name, and what is beside users is none."""
    store.post("/user", {"username": "ada", "email": "ada@example.com"})
    assert store.get("/user/ada")["email"] == "ada@example.com"
    assert store("PUT", "/user/ada", {"username": "ada", "email": "a@example.com"})[0] == 200
    assert store.get("/user/ada")["email"] == "a@example.com"
    assert isinstance(store.get("/user/login?username=ada"), str)
    assert store("GET", "/user/grace")[0] == 404
    assert isinstance(store.get("/store/inventory"), dict)


def test_a_client_s_own_id(store):
    """An id that a client sends is the item's; the next one that is generated is another."""
    assert store.post("/pet", {**REX, "id": 1})["id"] == 1
    assert store.post("/pet", REX)["id"] != 1
    assert store("POST", "/pet", {**REX, "id": 1})[0] == 409
