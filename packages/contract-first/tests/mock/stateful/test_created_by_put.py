"""Items that PUT creates on the path of their collection, or of an item that is not there."""

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
