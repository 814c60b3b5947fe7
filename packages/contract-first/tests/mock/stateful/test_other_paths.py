"""Items that no path of their collection leads to, that are alone at theirs, or whose path OData writes."""

from __future__ import annotations

import re

from .conftest import NEW_PET, PET, PET_ID, PETS, in_path, in_query, operation, ref


def test_the_only_object_of_a_path(remembering):
    """It is there from the start, as the contract shows it; each parent has its own."""
    members = {"theme": {"type": "string", "example": "dark"}, "size": {"type": "integer", "example": 3}}
    settings = {"type": "object", "properties": members}
    path = {"get": operation(settings), "put": operation(settings, body=settings)}
    secret = {"secret": {"type": "string", "writeOnly": True}}
    path["patch"] = operation(status="204", body={**settings, "properties": {**members, **secret}})
    paths = {**PETS, "/settings": path, "/pets/{petId}/settings": {"parameters": [PET_ID], **path}}
    mock = remembering(paths, {"Pet": PET})
    for at in ("/settings", "/pets/1/settings"):
        assert mock.get(at) == {"theme": "dark", "size": 3}
        assert mock("PATCH", at, {"size": 4}) == (204, None)
        assert mock.get(at) == {"theme": "dark", "size": 4}
        assert mock("PUT", at, {"theme": "light"}) == (200, {"theme": "light"})
        assert mock.get(at) == {"theme": "light"}
    assert mock.get("/pets/2/settings") == {"theme": "dark", "size": 3}
    assert {each["path"]: each["items"] for each in mock.memory.summary()}["/pets/{petId}/settings"] == 1


def test_to_read_the_only_object_needs_no_room(remembering, monkeypatch):
    """Where nothing more can be stored, it is as the contract shows it, and cannot be changed."""
    settings = {"type": "object", "properties": {"theme": {"type": "string", "example": "dark"}}}
    path = {"get": operation(settings), "put": operation(settings, body=settings)}
    monkeypatch.setattr("contract_first.mock.stateful.store.MOST_ITEMS", 0)
    mock = remembering({"/settings": path})
    assert mock.get("/settings") == {"theme": "dark"}
    assert mock("PUT", "/settings", {"theme": "light"})[0] == 503


def test_an_item_as_odata_writes_its_path(remembering):
    """The identifier in parentheses leads to the item."""
    paths = {"/data/Pets": PETS["/pets"], "/data/Pets({petId})": PETS["/pets/{petId}"]}
    mock = remembering(paths, {"Pet": PET})
    made = mock.post("/data/Pets", {"name": "Rex"})
    assert made["url"] == f"http://api.test/data/Pets({made['id']})"
    assert mock.get(f"/data/Pets({made['id']})") == made


def test_items_that_are_added_and_edited_by_post(remembering):
    """``/add`` below a collection creates, ``/edit`` below an item changes it."""
    made = {"type": "object", "properties": {"id": {"type": "integer"}}}
    paths = {
        "/pets": {"get": PETS["/pets"]["get"]},
        "/pets/add": {"post": operation(made, status="201", body=NEW_PET)},
        "/pets/{petId}": {"parameters": [PET_ID], "get": PETS["/pets/{petId}"]["get"]},
        "/pets/{petId}/edit": {"parameters": [PET_ID], "post": operation(status="204", body=NEW_PET)},
    }
    mock = remembering(paths, {"Pet": PET})
    number = mock.post("/pets/add", {"name": "Rex"})["id"]
    assert [pet["id"] for pet in mock.get("/pets")] == [number]
    assert mock("POST", f"/pets/{number}/edit", {"name": "Tom"})[0] == 204
    assert mock.get(f"/pets/{number}")["name"] == "Tom"


def test_items_as_docker_has_their_paths(remembering):
    """``/create`` creates items, ``/json`` shows them; a negative limit is none, and no boolean is one.

    A path may have the name of an item, where it is described so; an identifier is like its example.
    """
    made = {"type": "object", "properties": {"id": {"type": "string"}}}
    pet = {**PET, "properties": {**PET["properties"], **made["properties"]}}
    pet_id = {**in_path("petId"), "description": "ID or name of the pet", "example": "ede54ee1afda"}
    paths = {
        "/pets/json": {
            "get": {
                **PETS["/pets"]["get"],
                "parameters": [in_query("limit", "integer"), in_query("size", "boolean")],
            }
        },
        "/pets/create": {"post": operation(made, status="201", body=NEW_PET)},
        "/pets/{petId}/json": {"parameters": [pet_id], "get": operation(ref("Pet"))},
        "/pets/{petId}": {"parameters": [pet_id], "delete": operation(status="204")},
    }
    mock = remembering(paths, {"Pet": pet})
    first, second = (mock.post("/pets/create", {"name": each})["id"] for each in ("Rex", "Tom"))
    assert [each["name"] for each in mock.get("/pets/json?limit=-1&size=false")] == ["Rex", "Tom"]
    assert mock.get(f"/pets/{first}/json")["name"] == "Rex"
    assert re.fullmatch("[0-9a-f]{12}", first)
    mock("DELETE", "/pets/Rex")
    assert mock("GET", f"/pets/{first}/json")[0] == 404
    assert mock.get("/pets/json")[0]["id"] == second


def test_items_without_a_path_are_listed(remembering):
    """What is created under an item, and has no path of its own, is in the list of that item alone."""
    note = {"type": "object", "properties": {"text": {"type": "string"}}}
    listed = {"type": "array", "items": ref("Note")}
    notes = {"get": operation(listed), "post": operation(ref("Note"), body=ref("Note"))}
    paths = {**PETS, "/pets/{petId}/notes": {"parameters": [PET_ID], **notes}}
    mock = remembering(paths, {"Pet": PET, "Note": note})
    first, second = (mock.post("/pets", {"name": each})["id"] for each in ("Rex", "Tom"))
    for text in ("barks", "barks", "bites"):
        mock.post(f"/pets/{first}/notes", {"text": text})
    assert mock.get(f"/pets/{first}/notes") == [{"text": each} for each in ("barks", "barks", "bites")]
    assert mock.get(f"/pets/{second}/notes") == []
    mock("DELETE", f"/pets/{first}")
    assert [each.value["text"] for each in mock.memory.store.all("/pets/{petId}/notes")] == []
