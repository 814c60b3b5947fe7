"""Items are created, read, changed and deleted, as the schemas of the contract want them."""

import re

from .conftest import NEW_PET, PET, PET_ID, PETS, in_path, operation, ref


def test_an_item_is_found_changed_and_deleted(pets):
    """POST stores what the response shows, GET finds it, PUT and PATCH change it, and DELETE removes it."""
    made = pets.post("/pets", {"name": "Rex", "kind": "dog"})
    assert (made["name"], made["kind"]) == ("Rex", "dog")
    path = f"/pets/{made['id']}"
    assert pets.get(path) == made
    assert pets("PATCH", path, {"kind": "cat"})[1] == pets.get(path)
    assert (pets.get(path)["name"], pets.get(path)["kind"]) == ("Rex", "cat")
    pets("PUT", path, {"name": "Tom"})
    assert pets.get(path)["name"] == "Tom"
    assert "kind" not in pets.get(path), "it was replaced, and could have been sent"
    assert pets("DELETE", path) == (204, None)
    assert pets("GET", path)[0] == 404
    assert pets("DELETE", path)[0] == 404
    assert pets("PATCH", path, {})[0] == 404


def test_identifiers_differ(pets):
    """Each creation has an identifier of its own, also after one is deleted."""
    first, second = pets.post("/pets", {"name": "a"}), pets.post("/pets", {"name": "b"})
    pets("DELETE", f"/pets/{second['id']}")
    third = pets.post("/pets", {"name": "c"})
    assert len({first["id"], second["id"], third["id"]}) == 3


def test_who_sends_the_identifier_keeps_it(remembering):
    """A key that a request sends is the item's; the same once more is a conflict."""
    paths = {
        "/labels": {"post": operation(ref("Label"), status="201", body=ref("Label"))},
        "/labels/{name}": {"parameters": [in_path("name")], "get": operation(ref("Label"))},
    }
    label = {"type": "object", "properties": {"name": {"type": "string"}, "color": {"type": "string"}}}
    mock = remembering(paths, {"Label": label})
    mock.post("/labels", {"name": "bug", "color": "red"})
    assert mock.get("/labels/bug")["color"] == "red"
    assert mock("POST", "/labels", {"name": "bug"})[0] == 409


def test_put_creates_where_nothing_else_does(remembering):
    """An item that no POST creates is created by PUT, with the key of the path."""
    secret = {"type": "object", "properties": {"name": {"type": "string"}, "note": {"type": "string"}}}
    put = operation(ref("Secret"), body={"type": "object"})
    put["responses"]["201"] = put["responses"]["200"]
    item = {"parameters": [in_path("name")], "get": operation(ref("Secret")), "put": put}
    mock = remembering({"/secrets/{name}": item}, {"Secret": secret})
    assert mock("GET", "/secrets/a")[0] == 404
    assert mock("PUT", "/secrets/a", {"note": "x"}) == (201, {"name": "a", "note": "x"})
    assert mock("PUT", "/secrets/a", {"note": "y"})[0] == 200
    assert mock.get("/secrets/a") == {"name": "a", "note": "y"}


def test_put_of_what_needs_nothing(remembering):
    """A PUT that need not send anything changes what it sends; a missing item it creates if it says so."""
    put = operation(ref("Pet"), body={**NEW_PET, "required": []})
    item = {"parameters": [PET_ID], "get": operation(ref("Pet")), "put": put}
    mock = remembering({"/pets": PETS["/pets"], "/pets/{petId}": item}, {"Pet": PET})
    path = f"/pets/{mock.post('/pets', {'name': 'Rex', 'kind': 'dog', 'tags': ['a']})['id']}"
    mock("PUT", path, {"tags": ["b"]})
    assert {"name": "Rex", "kind": "dog", "tags": ["b"]}.items() <= mock.get(path).items()
    assert mock("PUT", "/pets/7", {"name": "Tom"})[0] == 404
    creating = {**put, "responses": {**put["responses"], "201": put["responses"]["200"]}}
    listing = {**PETS["/pets"], "post": {**PETS["/pets"]["post"], "responses": creating["responses"]}}
    mock = remembering({"/pets": listing, "/pets/{petId}": {**item, "put": creating}}, {"Pet": PET})
    assert mock("PUT", "/pets/7", {"name": "Tom"})[0] == 201
    assert mock("POST", "/pets", {"name": "Rex"})[0] == 201
    saying = {**put, "summary": "Add or update a pet"}
    mock = remembering({"/pets": PETS["/pets"], "/pets/{petId}": {**item, "put": saying}}, {"Pet": PET})
    assert mock("PUT", "/pets/7", {"name": "Tom"})[0] == 200
    assert mock.get("/pets/7")["name"] == "Tom"


def test_an_entity_tag_is_of_a_state(remembering):
    """The documented ETag changes with its item; requests depend on it where 304 and 412 are documented."""
    tag = {"headers": {"ETag": {"schema": {"type": "string"}}}}
    item = {
        name: each for name, each in PETS["/pets/{petId}"].items() if name in {"get", "patch", "parameters"}
    }
    for method, other in (("get", "304"), ("patch", "412")):
        success = {**item[method]["responses"]["200"], **tag}
        responses = {**item[method]["responses"], "200": success, other: {"description": "", **tag}}
        item[method] = {**item[method], "responses": responses}
    mock = remembering({"/pets": PETS["/pets"], "/pets/{petId}": item}, {"Pet": PET})
    path = f"/pets/{mock.post('/pets', {'name': 'Rex'})['id']}"
    first = mock("GET", path) and mock.response.headers["etag"]
    weak = b"W/" + first.encode()
    for same in (first.encode(), weak, b'"x", ' + weak):
        assert mock("GET", path, headers=[(b"if-none-match", same)]) == (304, None)
        assert mock.response.headers["etag"] == first
    for other in (b'"x"', weak):  # RFC 9110, section 13.1.1
        assert mock("PATCH", path, {"name": "Tom"}, headers=[(b"if-match", other)])[0] == 412
    assert mock("PATCH", "/pets/7", {"name": "Tom"}, headers=[(b"if-match", b"*")])[0] == 412
    assert mock("PATCH", "/pets/7", {"name": "Tom"})[0] == 404
    assert mock("PATCH", path, {"name": "Tom"}, headers=[(b"if-match", b'"x", ' + first.encode())])[0] == 200
    second = mock.response.headers["etag"]
    assert second != first
    assert mock("GET", path, headers=[(b"if-none-match", first.encode())])[1]["name"] == "Tom"
    assert mock.response.headers["etag"] == second


def test_a_change_by_null(remembering):
    """A null that a member cannot be says that there is none: it is left out where the schema allows that."""
    mock = remembering({**PETS, "/pets/{petId}": {**PETS["/pets/{petId}"]}}, {"Pet": PET})
    path = f"/pets/{mock.post('/pets', {'name': 'Rex', 'kind': 'dog'})['id']}"
    mock("PATCH", path, {"kind": None, "name": None})
    assert "kind" not in mock.get(path)
    assert mock.get(path)["name"] == "Rex"


def test_a_null_that_was_not_sent_stays(remembering):
    """A null removes the member that it was sent for, and not another that is null."""
    home = {
        "type": "object",
        "required": ["street"],
        "properties": {
            "street": {"type": "string", "nullable": True},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    pet = {**PET, "properties": {**PET["properties"], "home": home}}
    created = {**PETS["/pets"], "post": operation(ref("Pet"), status="201", body={"type": "object"})}
    mock = remembering({**PETS, "/pets": created}, {"Pet": pet})
    sent = {"street": None, "labels": {"a": "1", "b": "2"}}
    path = f"/pets/{mock.post('/pets', {'name': 'Rex', 'home': sent})['id']}"
    mock("PATCH", path, {"home": {"labels": {"a": None}}})
    assert mock.get(path)["home"] == {"street": None, "labels": {"b": "2"}}


def test_post_to_an_item_changes_it(remembering):
    """In APIs of forms, POST changes an item and merges objects; identifiers have a prefix, DELETE a body."""
    customer = {
        "type": "object",
        "required": ["id", "object", "created"],
        "properties": {
            "id": {"type": "string"},
            "object": {"type": "string", "enum": ["customer"]},
            "email": {"type": "string", "nullable": True},
            "name": {"type": "string", "nullable": True},
            "balance": {"type": "integer"},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
            "created": {"type": "integer", "format": "unix-time"},
        },
    }
    deleted = {
        "type": "object",
        "required": ["id", "deleted"],
        "properties": {"id": {"type": "string"}, "deleted": {"type": "boolean", "enum": [True]}},
    }
    form = {
        "type": "object",
        "properties": {
            "email": {"type": "string"},
            "name": {"type": "string"},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    encoded = {"metadata": {"style": "deepObject", "explode": True}}
    post = operation(ref("customer"), form=form)
    post["requestBody"]["content"]["application/x-www-form-urlencoded"]["encoding"] = encoded
    paths = {
        "/v1/customers": {"post": post},
        "/v1/customers/{customer}": {
            "parameters": [in_path("customer")],
            "get": operation({"anyOf": [ref("customer"), ref("deleted_customer")]}),
            "post": post,
            "delete": operation(ref("deleted_customer")),
        },
    }
    mock = remembering(paths, {"customer": customer, "deleted_customer": deleted})
    made = mock.post("/v1/customers", form={"email": "a@example.com", "metadata[one]": "1"})
    assert re.fullmatch(r"cus_[0-9A-Za-z]{24}", made["id"])
    assert (made["email"], made["name"], made["metadata"]) == ("a@example.com", None, {"one": "1"})
    assert made["created"] == 1795694400
    path = f"/v1/customers/{made['id']}"
    assert mock.post(path, form={"metadata[two]": "2"})["metadata"] == {"one": "1", "two": "2"}
    assert mock("DELETE", path)[1] == {"id": made["id"], "deleted": True}
    assert mock("GET", path)[0] == 404


def test_an_action_on_an_item_changes_it(remembering):
    """What is called below an item, and returns it, changes it."""
    paths = {
        **PETS,
        "/pets/{petId}/rename": {
            "parameters": [in_path("petId", "integer")],
            "post": operation(ref("Pet"), body=NEW_PET),
        },
    }
    mock = remembering(paths, {"Pet": PET})
    made = mock.post("/pets", {"name": "Rex"})
    assert mock.post(f"/pets/{made['id']}/rename", {"name": "Max"})["name"] == "Max"
    assert mock.get(f"/pets/{made['id']}")["name"] == "Max"
    assert mock("POST", "/pets/99/rename", {"name": "Max"})[0] == 404


def test_it_says_that_a_response_is_stored(pets):
    """`X-Mock-Answer` says where a response comes from; a preference has the contract's own."""
    pets.get("/pets")
    assert pets.response.headers["x-mock-answer"] == "stored"


def test_the_path_says_which_item_it_is(pets, remembering):
    """An id in the body of a change does not move the item; a name that identifies it does, if it is free."""
    made = pets.post("/pets", {"name": "Rex"})
    assert pets("PUT", f"/pets/{made['id']}", {"id": 99, "name": "Max"})[1]["id"] == made["id"]
    label = {"type": "object", "properties": {"name": {"type": "string"}, "color": {"type": "string"}}}
    paths = {
        "/labels": {"post": operation(ref("Label"), status="201", body=ref("Label"))},
        "/labels/{name}": {
            "parameters": [in_path("name")],
            "get": operation(ref("Label")),
            "patch": operation(ref("Label"), body={"type": "object"}),
        },
    }
    mock = remembering(paths, {"Label": label})
    for name in ("bug", "other"):
        mock.post("/labels", {"name": name, "color": "red"})
    assert mock("PATCH", "/labels/bug", {"new_name": "defect"})[1]["name"] == "defect"
    assert mock.get("/labels/defect")["color"] == "red"
    assert mock("GET", "/labels/bug")[0] == 404
    assert mock("PATCH", "/labels/defect", {"name": "other"})[0] == 409
