"""The members that an item has, and those that a response shows."""

import re

import pytest

from .conftest import NEW_PET, PET, PET_ID, PETS, in_path, in_query, operation, ref


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


def test_what_is_read_only_by_its_description(remembering):
    """Where one schema is sent and shown, what the mock sets is there; times can be sent, and need not be."""
    members = {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "notes": {"type": "string", "description": "Whether they are read-only is in `locked`."},
        "selfLink": {"type": "string", "format": "uri", "description": "Output only. URL pointing to it."},
        "kind": {"type": "string", "description": "What it is. Read-only."},
        "updated": {"type": "string", "format": "date-time"},
    }
    one, named = operation(ref("Task"), body=ref("Task")), {"parameters": [in_path("task")]}
    paths = {"/tasks": {"post": one}, "/tasks/{task}": {**named, "get": operation(ref("Task")), "put": one}}
    mock = remembering(paths, {"Task": {"type": "object", "properties": members}})
    made = mock.post("/tasks", {"title": "Milk"})
    assert made.keys() == {"id", "title", "selfLink", "kind", "updated"}
    assert (made["selfLink"], made["updated"]) == (
        f"http://api.test/tasks/{made['id']}",
        "2026-11-26T12:00:00Z",
    )
    earlier = {"title": "Milk", "updated": "2020-01-01T00:00:00Z"}
    assert mock("PUT", f"/tasks/{made['id']}", earlier) == (200, {**made, **earlier})


def test_a_creation_may_show_the_identifier_alone(remembering):
    """A response without the item says which it is, and where, in members of any name."""
    said = {"entity_id": {"type": "integer"}, "location": {"type": "string"}}
    made = operation({"type": "object", "properties": said}, status="201", body=NEW_PET)
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "post": made}}, {"Pet": PET})
    mock.post("/pets", {"name": "Rex"})
    second = mock.post("/pets", {"name": "Tom"})
    assert (second["entity_id"], second["location"]) == (2, "http://api.test/pets/2")


def test_the_path_is_the_identifier_at_azure(remembering):
    """Azure Resource Manager's items have a name in their path, and that path as their ``id``."""
    text = {"type": "string"}
    members = {"id": {**text, "readOnly": True}, "name": text, "location": text}
    site = {"type": "object", "properties": members}
    path = "/subscriptions/{sub}/providers/Microsoft.Web/sites"
    one = {"get": operation(ref("Site")), "put": operation(ref("Site"), body=ref("Site"))}
    listed = operation({"type": "object", "properties": {"value": {"type": "array", "items": ref("Site")}}})
    sub, name = in_path("sub"), in_path("name")
    paths = {
        path: {"parameters": [sub], "get": listed},
        f"{path}/{{name}}": {"parameters": [sub, name], **one},
    }
    mock = remembering(paths, {"Site": site})
    at = "/subscriptions/s1/providers/Microsoft.Web/sites"
    made = {"id": f"{at}/www", "name": "www", "location": "westeurope"}
    assert mock("PUT", f"{at}/www", {"location": "westeurope"}) == (200, made)
    assert mock.get(at) == {"value": [made]}


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


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_what_is_write_only_and_required(remembering, version):
    """No response has it, however it is named."""
    secret = {"type": "string", "writeOnly": True}
    account = {"type": "object", "properties": {"token": secret}}
    members = {"password": secret, "pin": secret, "by_name": {"type": "object"}}
    pet = {"type": "object", "required": ["password"], "properties": {"id": {"type": "integer"}, **members}}
    pet["properties"]["by_name"]["additionalProperties"] = account
    paths = {**PETS, "/pets": {"post": operation(ref("Pet"), body=ref("Pet"))}}
    mock = remembering(paths, {"Pet": pet}, openapi=version)
    made = mock.post("/pets", {"password": "one", "pin": "two", "by_name": {"a": {"token": "three"}}})
    assert made == {"id": made["id"], "by_name": {"a": {}}}


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
    """A response conforms to its schema for any values that a request sends."""
    made = pets.post("/pets", {"name": "Rex", "kind": "bird", "other": {}})
    assert made.get("kind") in {None, "cat", "dog"}
    assert pets("PATCH", f"/pets/{made['id']}", {"id": "x", "name": 7, "tags": [1, 2]})[0] == 200
    shown = pets.get(f"/pets/{made['id']}")
    assert shown["id"] == made["id"]
    assert isinstance(shown["name"], str)


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


def test_a_query_selects_members_of_stored_items(remembering):
    """Its fields, and the required ones; an identifier is expanded to the item that is stored, if it is."""
    text = {"type": "string"}
    owner = {"type": "object", "required": ["id"], "properties": {"id": text, "name": text, "age": text}}
    pet = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": text, "name": text, "owner": {"anyOf": [text, ref("Owner")]}},
    }
    queries = [in_query("fields"), in_query("expand", "array", items=text)]
    paths = {}
    for name, path in (("Owner", "/owners"), ("Pet", "/pets")):
        listed = operation({"type": "array", "items": ref(name)}) | {"parameters": queries}
        read = operation(ref(name)) | {"parameters": [in_path("id", "string"), *queries]}
        body = {"type": "object", "properties": dict.fromkeys(("name", "age", "owner"), text)}
        paths[path] = {"get": listed, "post": operation(ref(name), status="201", body=body)}
        paths[f"{path}/{{id}}"] = {"get": read}
    mock = remembering(paths, {"Owner": owner, "Pet": pet})
    ada = mock.post("/owners", {"name": "Ada", "age": "41"})
    rex = mock.post("/pets", {"name": "Rex", "owner": ada["id"]})
    path = f"/pets/{rex['id']}"
    assert mock.get(f"{path}?fields=name") == {"id": rex["id"], "name": "Rex"}
    assert mock.get("/pets?fields=owner")[-1] == {"id": rex["id"], "owner": ada["id"]}
    assert mock.get(f"{path}?expand=owner") == {**rex, "owner": ada}
    assert mock.get("/pets?expand=owner")[-1] == {**rex, "owner": ada}
    assert mock.get(path) == rex
    stray = mock.post("/pets", {"name": "Tom", "owner": "nobody"})
    assert mock.get(f"/pets/{stray['id']}?expand=owner")["owner"]["id"] == "nobody"
