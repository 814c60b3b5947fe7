"""Items are created, read, changed and deleted, as the schemas of the contract want them."""

from __future__ import annotations

import re

import pytest

from .conftest import NEW_PET, PET, PET_ID, PETS, in_path, in_query, operation, ref


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


def test_what_was_not_sent_is_empty(pets):
    """What a request could have set and did not is empty or left out, not a generated value."""
    made = pets.post("/pets", {"name": "Rex"})
    assert "kind" not in made
    assert made["tags"] == []


def test_times_and_urls_are_of_the_mock(pets):
    """The time of creation is the mock's, and an item's own URL leads to it."""
    made = pets.post("/pets", {"name": "Rex"})
    assert made["created_at"] == "2026-11-26T12:00:00Z"
    assert made["url"] == f"http://api.test/pets/{made['id']}"


def test_what_a_new_item_counts_and_when_it_changed(remembering):
    """Nothing is below a new item yet, and it was changed when it was created, however that is called."""
    number, time = {"type": "integer", "minimum": 0}, {"type": "string", "format": "date-time"}
    counts, times = ("toy_count", "walkCount", "num_likes"), ("last_updated", "updateTime", "createTime")
    members = {**dict.fromkeys(counts, number), "number": {"type": "integer", "minimum": 1}}
    pet = {**PET, "properties": {**PET["properties"], **members, **dict.fromkeys(times, time)}}
    made = remembering(PETS, {"Pet": {**pet, "required": list(pet["properties"])}}).post(
        "/pets", {"name": "Rex"}
    )
    assert {name: made[name] for name in counts} == dict.fromkeys(counts, 0)
    assert {made[name] for name in times} == {"2026-11-26T12:00:00Z"}
    assert made["number"] > 0


def test_what_is_read_only_is_set_by_the_mock(remembering):
    """Times and identifiers that clients only read are the mock's own, as those of a real API are."""
    text = {"type": "string", "readOnly": True}
    members = {"uuid": {**text, "format": "uuid"}, "updated_at": {**text, "format": "date-time"}}
    pet = {**PET, "required": ["id", *members], "properties": {**PET["properties"], **members}}
    mock = remembering(PETS, {"Pet": pet})
    first, second = (mock.post("/pets", {"name": each}) for each in "ab")
    assert first["updated_at"] == "2026-11-26T12:00:00Z"
    assert first["uuid"] != second["uuid"]


def test_what_is_read_only_is_no_input(remembering):
    """Where request and response are one schema, what is read-only is generated, though it was not sent."""
    members = {
        "id": {"type": "integer", "readOnly": True},
        "created_at": {"type": "string", "format": "date-time", "readOnly": True},
        "name": {"type": "string"},
    }
    pet = {"type": "object", "required": ["name"], "properties": members}
    paths = {**PETS, "/pets": {"post": operation(ref("Pet"), body=ref("Pet"))}}
    made = remembering(paths, {"Pet": pet}).post("/pets", {"name": "Rex"})
    assert made == {"id": made["id"], "name": "Rex", "created_at": "2026-11-26T12:00:00Z"}


def test_what_is_write_only_is_not_shown(remembering):
    """A password that is sent is in no response, at any depth."""
    secret = {"type": "string", "writeOnly": True}
    owner = {"type": "object", "properties": {"name": {"type": "string"}, "password": secret}}
    members = {"name": {"type": "string"}, "password": secret, "owner": owner}
    pet = {"type": "object", "properties": {"id": {"type": "integer"}, **members, "more": {"type": "array"}}}
    pet["properties"]["more"]["items"] = owner
    body = {"type": "object", "properties": {**members, "more": {"type": "array", "items": owner}}}
    item = {"get": operation(ref("Pet")), "patch": operation(ref("Pet"), body=body)}
    paths = {
        "/pets": {"post": operation(ref("Pet"), body=body)},
        "/pets/{petId}": {"parameters": [PET_ID], **item},
    }
    mock = remembering(paths, {"Pet": pet})
    sent = {"name": "Rex", "password": "one", "owner": {"name": "Ann", "password": "two"}}
    made = mock.post("/pets", {**sent, "more": [{"name": "Bob", "password": "three"}]})
    seen = {"id": made["id"], "name": "Rex", "owner": {"name": "Ann"}, "more": [{"name": "Bob"}]}
    assert made == seen
    assert mock("PATCH", f"/pets/{made['id']}", {"password": "four"}) == (200, seen)
    assert mock.get(f"/pets/{made['id']}") == seen


@pytest.mark.parametrize(("version", "shown"), [("3.0.3", {}), ("3.1.0", {"password": "one"})])
def test_what_is_write_only_and_required(remembering, version, shown):
    """From 3.1 on, responses have to have it; what they need not have is in none, however it is named."""
    secret = {"type": "string", "writeOnly": True}
    account = {"type": "object", "properties": {"token": secret}}
    members = {"password": secret, "pin": secret, "by_name": {"type": "object"}}
    pet = {"type": "object", "required": ["password"], "properties": {"id": {"type": "integer"}, **members}}
    pet["properties"]["by_name"]["additionalProperties"] = account
    paths = {**PETS, "/pets": {"post": operation(ref("Pet"), body=ref("Pet"))}}
    mock = remembering(paths, {"Pet": pet}, openapi=version)
    made = mock.post("/pets", {"password": "one", "pin": "two", "by_name": {"a": {"token": "three"}}})
    assert made == {"id": made["id"], "by_name": {"a": {}}, **shown}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": True},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
)
def test_members_of_any_name(schema, remembering):
    """An item whose schema allows members of any name has those that the body has, and no parameters."""
    made = operation(ref("Label"), body=ref("Label"), parameters=[in_query("dry_run")])
    item = {"get": operation(ref("Label")), "put": operation(ref("Label"), body=ref("Label"))}
    paths = {"/labels": {"get": operation({"type": "array", "items": ref("Label")}), "post": made}}
    if "properties" in schema:
        paths["/labels/{id}"] = {"parameters": [in_path("id", "integer")], **item}
    mock = remembering(paths, {"Label": schema})
    label = mock.post("/labels?dry_run=no", {"a": "1", "b": "2"})
    own = {name: label[name] for name in schema.get("properties", ())}
    assert label == {**own, "a": "1", "b": "2"}
    assert mock.get("/labels") == [label]
    if own:
        assert mock("PUT", f"/labels/{own['id']}", {"c": "3"}) == (200, {**own, "c": "3"})


def test_what_its_schema_refuses_is_not_shown(pets):
    """A response conforms to its schema, whatever a request sends."""
    made = pets.post("/pets", {"name": "Rex", "kind": "bird", "other": {}})
    assert made.get("kind") in {None, "cat", "dog"}
    assert pets("PATCH", f"/pets/{made['id']}", {"id": "x", "name": 7, "tags": [1, 2]})[0] == 200
    shown = pets.get(f"/pets/{made['id']}")
    assert shown["id"] == made["id"]
    assert isinstance(shown["name"], str)


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


def test_nested_items_are_their_parents(remembering):
    """Items below another are that one's alone, have its key in the member of its name, and go with it."""
    toy = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "pet_id": {"type": "integer"}},
    }
    pet_id = in_path("pet_id", "integer")
    paths = {
        **PETS,
        "/pets/{pet_id}/toys": {
            "parameters": [pet_id],
            "get": operation({"type": "array", "items": ref("Toy")}),
            "post": operation(ref("Toy"), status="201"),
        },
        "/pets/{pet_id}/toys/{toy_id}": {
            "parameters": [pet_id, in_path("toy_id", "integer")],
            "get": operation(ref("Toy")),
        },
    }
    mock = remembering(paths, {"Pet": PET, "Toy": toy})
    first, second = (mock.post("/pets", {"name": each})["id"] for each in "ab")
    made = mock.post(f"/pets/{first}/toys")
    assert made["pet_id"] == first
    assert mock.get(f"/pets/{first}/toys") == [made]
    assert mock.get(f"/pets/{second}/toys") == []
    assert mock("GET", f"/pets/{second}/toys/{made['id']}")[0] == 404
    mock("DELETE", f"/pets/{first}")
    assert mock.memory.store.all("/pets/{pet_id}/toys") == []


def test_what_is_above_an_item_has_to_be_there(remembering):
    """Nothing is below what was not created; before the first creation, or with items, any parent will do."""
    toys = {"get": operation({"type": "array", "items": ref("Toy")}), "post": operation(ref("Toy"))}
    profile = {"get": operation(ref("Toy")), "put": operation(ref("Toy"), body=ref("Toy"))}
    paths = {**PETS, "/pets/{petId}/toys": {"parameters": [PET_ID], **toys}}
    paths["/pets/{petId}/toys/{toyId}"] = {"parameters": [PET_ID, in_path("toyId", "integer")], **profile}
    paths["/pets/{petId}/profile"] = {"parameters": [PET_ID], **profile}
    toy = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    mock = remembering(paths, {"Pet": PET, "Toy": toy})
    mock.post("/pets/77/toys")
    pet = mock.post("/pets", {"name": "Rex"})["id"]
    for below in ("toys", "profile"):
        assert mock("GET", f"/pets/{pet}/{below}")[0] == 200
        assert mock("GET", f"/pets/99/{below}")[0] == 404
    assert mock("PUT", "/pets/99/profile", {"name": "x"})[0] == 404
    assert mock("POST", "/pets/99/toys")[0] == 404
    assert mock("GET", "/pets/77/toys")[0] == 200, "something is there"
    made = mock.post(f"/pets/{pet}/toys")
    mock("DELETE", f"/pets/{pet}")
    for below in ("toys", f"toys/{made['id']}", "profile"):
        assert mock("GET", f"/pets/{pet}/{below}")[0] == 404


def test_the_identifier_is_in_an_object(remembering):
    """An item may have its name, and what else the mock knows of it, in ``metadata``, as in Kubernetes."""
    text, labels = {"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}
    times = {"creationTimestamp": {**text, "format": "date-time"}}
    metadata = {"type": "object", "properties": {"name": text, "uid": text, "namespace": text, **times}}
    metadata["properties"]["labels"] = labels
    job = {"type": "object", "properties": {"metadata": metadata, "spec": {"type": "object"}}}
    listed = {"type": "object", "required": ["items"], "properties": {"metadata": metadata}}
    listed["properties"]["items"] = {"type": "array", "items": ref("Job")}
    listed["properties"]["metadata"] = {"type": "object", "properties": {"continue": text}}
    above = in_path("namespace")
    paging = [in_query("limit", "integer"), in_query("continue")]
    item = {"put": operation(ref("Job"), body=ref("Job"))}
    item |= {"patch": operation(ref("Job"), body={"type": "object"})}
    item |= {"get": operation(ref("Job")), "delete": operation(ref("Job"))}
    made = operation(ref("Job"), body=ref("Job"))
    paths = {
        "/{namespace}/jobs": {
            "parameters": [above],
            "get": operation(listed, parameters=paging),
            "post": made,
        },
        "/{namespace}/jobs/{name}": {"parameters": [above, in_path("name")], **item},
    }
    mock = remembering(paths, {"Job": job})
    known = {"namespace": "dev", "creationTimestamp": "2026-11-26T12:00:00Z"}
    first = mock.post("/dev/jobs", {"metadata": {"name": "a", "labels": {"x": "1"}}})
    assert first["metadata"] == {"name": "a", "labels": {"x": "1"}, "uid": first["metadata"]["uid"], **known}
    second = mock.post("/dev/jobs", {"spec": {}})["metadata"]
    assert second["uid"] != first["metadata"]["uid"]
    assert mock("POST", "/dev/jobs", {"metadata": {"name": "a"}})[0] == 409
    page = mock.get("/dev/jobs?limit=1")
    assert page["items"] == [first]
    page = mock.get(f"/dev/jobs?limit=1&continue={page['metadata']['continue']}")
    assert [each["metadata"]["name"] for each in page["items"]] == [second["name"]]
    changed = mock("PUT", "/dev/jobs/a", {"metadata": {"labels": {"y": "2"}}, "spec": {"z": 3}})[1]
    assert changed == {"metadata": {**first["metadata"], "labels": {"y": "2"}}, "spec": {"z": 3}}
    changed = mock("PATCH", "/dev/jobs/a", {"metadata": {"labels": {"x": "1", "y": None}}})[1]
    assert changed["metadata"] == first["metadata"]
    assert mock.get("/dev/jobs/a") == changed
    assert mock("DELETE", "/dev/jobs/a")[0] == 200
    assert mock("GET", "/dev/jobs/a")[0] == 404


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


def test_the_item_is_not_what_stands_beside_it(remembering):
    """Of objects with an identifier, the one that is named like the resource is the item."""
    action = {"type": "object", "properties": {"id": {"type": "integer"}}}
    made = {
        "type": "object",
        "required": ["action", "pet"],
        "properties": {"action": action, "pet": ref("Pet")},
    }
    shown = {"type": "object", "required": ["pet"], "properties": {"pet": ref("Pet")}}
    paths = {
        "/pets": {"post": operation(made, body=NEW_PET)},
        "/pets/{petId}": {"parameters": [PET_ID], "get": operation(shown)},
    }
    mock = remembering(paths, {"Pet": PET})
    pet = mock.post("/pets", {"name": "Rex"})["pet"]
    assert pet["name"] == "Rex"
    assert mock.get(f"/pets/{pet['id']}") == {"pet": pet}


def test_a_path_names_an_owner_that_the_item_does_not_tell(remembering):
    """An item whose owner is an empty object is found below any."""
    repository = {"type": "object", "properties": {"name": {"type": "string"}, "owner": {"type": "object"}}}
    paths = {
        "/user/repos": {"post": operation(ref("Repo"), body=ref("Repo"))},
        "/repos/{owner}/{repo}": {
            "parameters": [in_path("owner"), in_path("repo")],
            "get": operation(ref("Repo")),
            "delete": operation(status="204"),
        },
    }
    mock = remembering(paths, {"Repo": repository})
    mock.post("/user/repos", {"name": "hello", "owner": {}})
    assert mock.get("/repos/me/hello")["name"] == "hello"


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


def test_patterns_and_other_spellings(remembering):
    """An identifier matches its pattern, and a member is set by its name in another style."""
    queue = {
        "type": "object",
        "properties": {
            "sid": {"type": "string", "pattern": "^QU[0-9a-f]{32}$", "nullable": True},
            "friendly_name": {"type": "string", "nullable": True},
            "max_size": {"type": "integer", "nullable": True},
            "account_sid": {"type": "string", "nullable": True},
            "uri": {"type": "string", "nullable": True},
        },
    }
    form = {
        "type": "object",
        "properties": {"FriendlyName": {"type": "string"}, "MaxSize": {"type": "integer"}},
    }
    account = in_path("AccountSid")
    paths = {
        "/Accounts/{AccountSid}/Queues.json": {
            "parameters": [account],
            "post": operation(ref("queue"), status="201", form=form),
        },
        "/Accounts/{AccountSid}/Queues/{Sid}.json": {
            "parameters": [account, in_path("Sid")],
            "get": operation(ref("queue")),
        },
    }
    mock = remembering(paths, {"queue": queue})
    made = mock.post("/Accounts/AC1/Queues.json", form={"FriendlyName": "waiting", "MaxSize": "5"})
    assert re.fullmatch("QU[0-9a-f]{32}", made["sid"])
    assert (made["friendly_name"], made["max_size"], made["account_sid"]) == ("waiting", 5, "AC1")
    assert made["uri"] == f"/Accounts/AC1/Queues/{made['sid']}.json"
    assert mock.get(made["uri"]) == made


def test_an_envelope_is_found_by_the_schema(remembering):
    """An item may stand in a member of the response, and of the request."""
    wrapped = {"type": "object", "required": ["pet"], "properties": {"pet": ref("Pet")}}
    body = {"type": "object", "properties": {"pet": NEW_PET}}
    paths = {
        "/pets": {"post": operation(wrapped, status="201", body=body)},
        "/pets/{petId}": {"parameters": [in_path("petId", "integer")], "get": operation(wrapped)},
    }
    mock = remembering(paths, {"Pet": PET})
    made = mock.post("/pets", {"pet": {"name": "Rex"}})
    assert made["pet"]["name"] == "Rex"
    assert mock.get(f"/pets/{made['pet']['id']}") == made


def test_a_creation_without_a_body_is_found(remembering):
    """Where the response to a creation has no body, the item is found by what was sent."""
    paths = {**PETS, "/pets": {**PETS["/pets"], "post": operation(status="201", body=ref("Pet"))}}
    mock = remembering(paths, {"Pet": PET})
    assert mock("POST", "/pets", {"id": 5, "name": "Rex"}) == (201, None)
    assert mock.get("/pets/5")["name"] == "Rex"


def test_a_location_leads_to_the_item(remembering):
    """A Location that the contract documents is the URL of the new item."""
    post = operation(ref("Pet"), status="201", body=NEW_PET)
    post["responses"]["201"]["headers"] = {"Location": {"schema": {"type": "string"}, "example": "/pets/0"}}
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "post": post}}, {"Pet": PET})
    made = mock.post("/pets", {"name": "Rex"})
    assert mock.response.headers["location"] == f"http://api.test/pets/{made['id']}"


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


def test_an_item_of_no_type(remembering):
    """Where the schema does not say that an item is an object, what is sent makes one."""
    secret = {"properties": {"id": {"type": "string"}, "name": {"type": "string"}}}
    paths = {
        "/secrets": {"post": operation(ref("Secret"), status="201", body=ref("Secret"))},
        "/secrets/{id}": {"parameters": [in_path("id")], "get": operation(ref("Secret"))},
    }
    mock = remembering(paths, {"Secret": secret})
    made = mock.post("/secrets", {"name": "a"})
    assert mock.get(f"/secrets/{made['id']}")["name"] == "a"


@pytest.mark.parametrize(("form", "name"), [({}, "cat.png"), ({"name": "Tom"}, "Tom")])
def test_an_uploaded_file_is_described(remembering, form, name):
    """Members named so say the name, size and type of the file of a form; a field of the name wins."""
    about = {
        "file_name": {"type": "string"},
        "name": {"type": "string"},
        "size": {"type": "integer"},
        "mimeType": {"type": "string"},
        "note": {"type": "string"},
    }
    photo = {"type": "object", "required": list(about), "properties": {"id": {"type": "integer"}, **about}}
    fields = {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}}
    upload = operation(ref("Photo"), status="201")
    body = {"schema": {"type": "object", "properties": fields}}
    upload["requestBody"] = {"content": {"multipart/form-data": body}}
    paths = {
        "/photos": {"post": upload, "get": operation({"type": "array", "items": ref("Photo")})},
        "/photos/{id}": {"parameters": [in_path("id", "integer")], "get": operation(ref("Photo"))},
    }
    mock = remembering(paths, {"Photo": photo})
    status, created = mock("POST", "/photos", form=form, files={"file": ("cat.png", b"12345", "image/png")})
    assert status == 201
    described = {each: created[each] for each in ("file_name", "name", "size", "mimeType")}
    assert described == {"file_name": "cat.png", "name": name, "size": 5, "mimeType": "image/png"}
    assert mock.get(f"/photos/{created['id']}") == created


def test_items_in_xml_alone(remembering):
    """What is created in XML is shown in XML, in an API without JSON, too."""

    def in_xml(schema):
        return {"content": {"application/xml": {"schema": schema}}, "description": ""}

    pet = {**PET, "xml": {"name": "pet"}, "required": ["id", "name"]}
    paths = {
        "/pets": {"post": {"requestBody": in_xml(NEW_PET), "responses": {"201": in_xml(ref("Pet"))}}},
        "/pets/{petId}": {"parameters": [PET_ID], "get": {"responses": {"200": in_xml(ref("Pet"))}}},
    }
    mock = remembering(paths, {"Pet": pet})
    status, made = mock("POST", "/pets", xml="<pet><name>Rex</name></pet>")
    assert status == 201
    assert "<id>1</id><name>Rex</name>" in made
    assert mock.get("/pets/1") == made
    assert mock("GET", "/pets/2")[0] == 404
