"""A creation with an array makes an item of each of its elements."""

from __future__ import annotations

import pytest

from .conftest import LISTED, NEW_PET, PET, PETS, operation, ref

NEW_PETS = {"type": "array", "items": NEW_PET}
ENVELOPE = {"type": "object", "required": ["items"], "properties": {"items": LISTED}}


def posting(remembering, response, paths=PETS, body=NEW_PETS, pet=PET):
    """Return a mock whose POST takes several pets."""
    post = operation(response, status="201", body=body)
    return remembering({**paths, "/pets": {**PETS["/pets"], "post": post}}, {"Pet": pet})


@pytest.mark.parametrize(("envelope", "paths"), [(False, PETS), (True, PETS), (False, {})])
def test_each_element_becomes_an_item(remembering, envelope, paths):
    """They are in the response in their order, in its envelope, and in the list, with a path or not."""
    mock = posting(remembering, ENVELOPE if envelope else LISTED, paths)
    sent = [{"name": "Rex", "kind": "dog"}, {"name": "Tom", "tags": ["x"]}]
    found = mock.post("/pets", sent)
    made = found["items"] if envelope else found
    assert [each.items() >= one.items() for each, one in zip(made, sent, strict=True)] == [True, True]
    assert [each["id"] for each in made] == [1, 2]
    assert mock.get("/pets") == made
    if paths:
        assert mock.get("/pets/2") == made[1]
    assert mock.post("/pets", []) == ({"items": []} if envelope else [])


def test_one_in_conflict_makes_none(remembering):
    """Where one of the items cannot be made, none of them is; what is there stays."""
    body = {"type": "array", "items": ref("Pet")}
    mock = posting(remembering, LISTED, body=body)
    mock.post("/pets", [{"id": 7, "name": "Rex"}])
    assert mock("POST", "/pets", [{"id": 8, "name": "a"}, {"id": 7, "name": "b"}])[0] == 409
    assert [each["id"] for each in mock.get("/pets")] == [7]
    assert [each["id"] for each in mock.post("/pets", [{"id": 8, "name": "a"}])] == [8]


def test_so_many_at_once_are_refused(remembering):
    """An array of any length would keep all other clients waiting."""
    mock = posting(remembering, LISTED)
    assert mock("POST", "/pets", [{"name": "a"}] * 1001)[0] == 413
    assert mock.get("/pets") == []


def test_a_response_of_one_item_shows_one(remembering):
    """An array whose response shows no list makes one item, as before."""
    mock = posting(remembering, ref("Pet"))
    made = mock.post("/pets", [{"name": "Rex"}, {"name": "Tom"}])
    assert mock.get("/pets") == [made]


def test_an_array_changes_what_is_there(remembering):
    """A PUT of a list changes the items whose key it has, and creates the others."""
    body = {"type": "object", "properties": {"pets": {"type": "array", "items": ref("Pet")}}}
    shown = {"type": "object", "required": ["pets"], "properties": {"pets": LISTED}}
    paths = {"/pets": {"get": operation(shown), "put": operation(shown, body=body)}}
    pet = {**PET, "required": ["id"]}
    mock = remembering({**PETS, **paths}, {"Pet": pet})
    made = mock("PUT", "/pets", {"pets": [{"id": 7, "name": "a"}, {"id": 8, "name": "b"}]})[1]["pets"]
    mock("PUT", "/pets", {"pets": [{"id": 7, "name": "c"}]})
    assert [each["name"] for each in mock.get("/pets")["pets"]] == ["c", "b"]
    assert [each["id"] for each in made] == [7, 8]
    assert "create" in mock.memory.summary()[0]["operations"]


def test_several_are_deleted(remembering):
    """DELETE on a collection deletes those that its body names; on an item it deletes that one alone."""
    deletes = {**PETS["/pets"], "delete": operation(body={"type": "object"})}
    elsewhere = {"/shops/1/pets": PETS["/pets"], "/pets/{petId}": PETS["/pets/{petId}"]}
    for paths, path in (({**PETS, "/pets": deletes}, "/pets"), (elsewhere, "/shops/1/pets")):
        mock = remembering(paths, {"Pet": PET})
        first, second, third = (mock.post(path, {"name": each})["id"] for each in "abc")
        mock("DELETE", f"/pets/{first}")
        assert [each["id"] for each in mock.get(path)] == [second, third]
    mock = remembering({**PETS, "/pets": deletes}, {"Pet": PET})
    ids = [mock.post("/pets", {"name": each})["id"] for each in "abc"]
    mock("DELETE", "/pets", {"ids": ids[:2]})
    assert [each["id"] for each in mock.get("/pets")] == ids[2:]
