"""Items that PUT creates on the path of their collection, or of an item that is not there."""

from urllib.parse import quote

import pytest

from .conftest import in_path, operation, ref

CONTACT_ID = {**in_path("ContactID"), "schema": {"type": "string", "format": "uuid"}}
CONTACT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("ContactID", "ContactNumber", "Name")},
}
CONTACTS = {"type": "object", "properties": {"Contacts": {"type": "array", "items": ref("Contact")}}}
NOTE = {"type": "object", "properties": {"Text": {"type": "string"}}}
NOTES = {"type": "object", "properties": {"Records": {"type": "array", "items": ref("Note")}}}


@pytest.fixture
def accounting(remembering):
    """Return a mock of an API that sends and shows everything in arrays, as Xero's."""
    item = {"get": operation(CONTACTS), "post": operation(CONTACTS, body=CONTACTS)}
    paths = {
        "/Contacts": {
            "get": operation(CONTACTS),
            "put": operation(CONTACTS, body=CONTACTS, operationId="createContacts"),
            "post": operation(CONTACTS, body=CONTACTS, operationId="updateOrCreateContacts"),
        },
        "/Contacts/{ContactID}": {"parameters": [CONTACT_ID], **item},
        "/Contacts/{ContactNumber}": {
            "parameters": [in_path("ContactNumber")],
            "get": operation(CONTACTS, operationId="byNumber"),
        },
        "/Notes": {
            "get": operation(NOTES, operationId="getNotes"),
            "put": operation(NOTES, body=NOTES, operationId="createNotes"),
        },
    }
    return remembering(paths, {"Contact": CONTACT, "Note": NOTE})


def test_a_put_of_several_creates_and_a_post_changes_what_is_there(accounting):
    """What PUT creates is found by its key; POST creates or changes, by the key that it sends."""
    sent = {"Contacts": [{"Name": "Ada", "ContactNumber": "C1"}, {"Name": "Grace"}]}
    status, created = accounting("PUT", "/Contacts", sent)
    ada, grace = created["Contacts"]
    assert (status, ada["Name"], grace["Name"]) == (200, "Ada", "Grace")
    assert accounting.get(f"/Contacts/{ada['ContactID']}")["Contacts"] == [ada]
    assert accounting.get("/Contacts/C1")["Contacts"] == [ada]
    change = {"ContactID": ada["ContactID"], "Name": "Joan"}
    changed, new = accounting.post("/Contacts", {"Contacts": [change, {"Name": "Eve"}]})["Contacts"]
    assert changed == {**ada, "Name": "Joan"}
    assert accounting.get("/Contacts")["Contacts"] == [changed, grace, new]


def test_a_put_beside_a_list_alone_creates(accounting):
    """It says by its name that it does not replace the list."""
    accounting("PUT", "/Notes", {"Records": [{"Text": "first"}]})
    accounting("PUT", "/Notes", {"Records": [{"Text": "second"}]})
    assert [note["Text"] for note in accounting.get("/Notes")["Records"]] == ["first", "second"]


def test_items_of_a_put_are_listed_where_what_shows_one_has_no_key(remembering):
    """The list has the key, as qdrant's collections have it."""
    listed = {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}
    shown = {"type": "object", "properties": {"points": {"type": "integer"}}}
    body = {"type": "object", "properties": {"vectors": {"type": "integer"}}}
    done = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
    item = {"get": operation(shown), "put": operation(done, body=body), "delete": operation(done)}
    paths = {
        "/collections": {"get": operation({"type": "object", "properties": {"collections": listed}})},
        "/collections/{name}": {"parameters": [in_path("name")], **item},
    }
    mock = remembering(paths)
    for name in ("cats", "dogs"):
        assert mock("PUT", f"/collections/{name}", {"vectors": 4})[0] == 200
    assert mock.get("/collections")["collections"] == [{"name": "cats"}, {"name": "dogs"}]
    assert mock("GET", "/collections/cats")[0] == mock("DELETE", "/collections/cats")[0] == 200
    assert mock("GET", "/collections/cats")[0] == 404


def test_a_put_on_a_name_in_full_creates_what_is_listed_below_its_parent(remembering):
    """As Pub/Sub has it: one path shows all that has a name."""
    topic = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    listed = {"type": "object", "properties": {"topics": {"type": "array", "items": ref("Topic")}}}
    paths = {
        "/v1/{name}": {"parameters": [in_path("name")], "put": operation(ref("Topic"), body={})},
        "/v1/{topic}": {
            "parameters": [in_path("topic")],
            "get": operation(ref("Topic")),
            "delete": operation({"type": "object"}),
        },
        "/v1/{project}/topics": {"parameters": [in_path("project")], "get": operation(listed)},
        "/v1/{project}/snapshots": {"parameters": [in_path("project")], "get": operation(listed)},
    }
    mock = remembering(paths, {"Topic": topic})
    names = [f"projects/p/topics/{letter}" for letter in "ab"]
    for name in names:
        assert mock("PUT", f"/v1/{quote(name, safe='')}", {}) == (200, {"name": name})
    assert mock.get(f"/v1/{quote(names[0], safe='')}") == {"name": names[0]}
    assert mock.get("/v1/projects%2Fp/topics") == {"topics": [{"name": name} for name in names]}
    assert mock.get("/v1/projects%2Fother/topics") == {"topics": []}
    assert mock("DELETE", f"/v1/{quote(names[0], safe='')}")[0] == 200
    assert mock.get("/v1/projects%2Fp/topics") == {"topics": [{"name": names[1]}]}


def test_a_response_that_is_not_about_the_item_is_the_contract_s(remembering):
    """As that of a collection's settings, which have no member of it."""
    names = {
        "type": "array",
        "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    }
    done = {"type": "object", "properties": {"result": {"type": "boolean", "enum": [True]}}}
    item = {
        "parameters": [in_path("name")],
        "get": operation(done),
        "put": operation(done, body={"type": "object"}),
    }
    mock = remembering({"/collections": {"get": operation(names)}, "/collections/{name}": item})
    assert mock("PUT", "/collections/a", {}) == (200, {"result": True})
    assert mock.get("/collections") == [{"name": "a"}]
    assert mock.get("/collections/a") == {"result": True}
