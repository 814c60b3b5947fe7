"""What is stored is of the alternative that a request chooses."""

from __future__ import annotations

import pytest

from .conftest import in_path, operation, ref

A = {
    "type": "object",
    "required": ["id", "kind", "x"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["a"]},
        "x": {"type": "string"},
    },
}
B = A | {
    "required": ["id", "kind", "y"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"type": "string", "enum": ["b"]},
        "y": {"type": "integer"},
    },
}
BODY = {"type": "object", "properties": {name: {} for name in ("kind", "x", "y", "name")}}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    "more", [{}, {"discriminator": {"propertyName": "kind"}}], ids=["enum", "discriminator"]
)
@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_the_alternative_of_the_request_is_stored(keyword, more, openapi, remembering):
    """It comes back by POST, GET and in the list; a PATCH may choose another, and keeps what it can."""
    paths = {
        "/things": {
            "get": operation({"type": "array", "items": ref("Thing")}),
            "post": operation(ref("Thing"), status="201", body=BODY),
        },
        "/things/{id}": {
            "parameters": [in_path("id", "integer")],
            "get": operation(ref("Thing")),
            "patch": operation(ref("Thing"), body=BODY),
        },
    }
    mock = remembering(paths, {"Thing": {keyword: [A, B], **more}}, openapi=openapi)
    made = mock.post("/things", {"kind": "b", "y": 5, "name": "Rex"})
    assert made == {"id": made["id"], "kind": "b", "y": 5, "name": "Rex"}
    other = mock.post("/things", {"kind": "a", "x": "mine"})
    assert (other["kind"], other["x"]) == ("a", "mine")
    assert "y" not in other
    assert mock.get(f"/things/{made['id']}") == made
    assert mock.get("/things")[-2:] == [made, other]
    status, changed = mock("PATCH", f"/things/{made['id']}", {"y": 6})
    assert (status, changed) == (200, made | {"y": 6})
    status, changed = mock("PATCH", f"/things/{made['id']}", {"kind": "a", "x": "new"})
    assert (status, changed) == (200, {"id": made["id"], "kind": "a", "x": "new", "name": "Rex"})


def test_a_change_chooses_an_alternative_in_a_member(remembering):
    """What the member had of the other alternative is gone; the rest of the item stays."""
    a, b = ({**one, "required": ["kind"]} for one in (A, B))
    thing = {
        "type": "object",
        "required": ["id", "data"],
        "properties": {"id": {"type": "integer"}, "note": {"type": "string"}, "data": {"oneOf": [a, b]}},
    }
    paths = {
        "/things": {"post": operation(ref("Thing"), status="201", body=ref("Thing"))},
        "/things/{id}": {
            "parameters": [in_path("id", "integer")],
            "get": operation(ref("Thing")),
            "patch": operation(ref("Thing"), body={"type": "object", "properties": {"data": {}}}),
        },
    }
    mock = remembering(paths, {"Thing": thing})
    made = mock.post("/things", {"id": 1, "note": "mine", "data": {"kind": "a", "x": "q", "id": 3}})
    path = f"/things/{made['id']}"
    assert mock("PATCH", path, {"data": {"name": "Rex"}})[1]["data"] == {**made["data"], "name": "Rex"}
    mock("PATCH", path, {"data": {"kind": "b", "y": 5}})
    assert mock.get(path) == {**made, "data": {"kind": "b", "y": 5}}


def test_an_heir_of_the_request_is_stored(remembering):
    """It has its own members in each response, though the collection is one of its base."""
    pet = {
        "type": "object",
        "required": ["kind"],
        "properties": {"id": {"type": "integer"}, "kind": {"type": "string"}},
        "discriminator": {"propertyName": "kind", "mapping": {"frog": "#/components/schemas/Frog"}},
    }
    frog = {"allOf": [ref("Pet"), {"required": ["jump"], "properties": {"jump": {"type": "integer"}}}]}
    cat = {"allOf": [ref("Pet"), {"properties": {"name": {"type": "string"}}}]}
    paths = {
        "/pets": {
            "get": operation({"type": "array", "items": ref("Pet")}),
            "post": operation(ref("Pet"), status="201", body=ref("Pet")),
        },
        "/pets/{id}": {
            "parameters": [in_path("id", "integer")],
            "get": operation(ref("Pet")),
            "patch": operation(ref("Pet"), body={"type": "object"}),
        },
    }
    mock = remembering(paths, {"Pet": pet, "Frog": frog, "Cat": cat})
    made = mock.post("/pets", {"kind": "frog", "jump": 5})
    assert made == {"id": made["id"], "kind": "frog", "jump": 5}
    other = mock.post("/pets", {"kind": "Cat", "name": "Tom"})
    assert other == {"id": other["id"], "kind": "Cat", "name": "Tom"}
    assert mock.get("/pets")[-2:] == [made, other]
    path = f"/pets/{made['id']}"
    assert mock("PATCH", path, {"jump": 6}) == (200, made | {"jump": 6})
    changed = mock("PATCH", path, {"kind": "Cat", "name": "Kit"})[1]
    assert mock.get(path) == changed == {"id": made["id"], "kind": "Cat", "name": "Kit"}
