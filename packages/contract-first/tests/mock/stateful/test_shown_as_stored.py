"""Creates that show what they stored in a list or an envelope; items of any form; XML and forms."""

import pytest

from .conftest import in_path, operation, ref

TEXT = {"type": "string"}
THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": TEXT, "size": {"type": "integer"}},
}
NEW = {"type": "object", "properties": {"name": TEXT, "size": {"type": "integer"}}}


def paths(answer, body=NEW, listed=None, read=None):
    """Return the paths of things, which a create shows so."""
    return {
        "/things": {
            "get": operation(listed or {"type": "array", "items": ref("Thing")}),
            "post": operation(answer, status="201", body=body),
        },
        "/things/{id}": {"parameters": [in_path("id", "integer")], "get": operation(read or ref("Thing"))},
    }


def around(**members):
    """Return the schema of an object with these members."""
    return {"type": "object", "required": [*members], "properties": members}


LIST = {"type": "array", "items": ref("Thing")}


@pytest.mark.parametrize(
    ("answer", "inner"),
    [
        (LIST, lambda shown: shown[0]),
        (around(things=LIST, page=around(total={"type": "integer"})), lambda shown: shown["things"][0]),
        (around(data=LIST), lambda shown: shown["data"][0]),
        (around(thing=ref("Thing")), lambda shown: shown["thing"]),
        (around(status=TEXT, result=ref("Thing")), lambda shown: shown["result"]),
    ],
)
@pytest.mark.parametrize("remembers", [True, False])
def test_a_create_shows_what_was_stored(remembering, answer, inner, remembers):
    """Wherever it stands in the response."""
    mock = remembering(paths(answer), {"Thing": THING}, remembers=remembers)
    shown = inner(mock.post("/things", {"name": "Ada", "size": 7}))
    assert (shown["name"], shown["size"]) == ("Ada", 7)
    if remembers:
        assert mock.get("/things") == [shown] == [mock.get(f"/things/{shown['id']}")]


@pytest.mark.parametrize("schema", [{"type": "object", "additionalProperties": True}, {"type": "object"}])
def test_items_of_any_form(remembering, schema):
    """They are stored, and read whole."""
    document = {"id": "7", "title": "Ada", "nested": {"list": [1, 2]}}
    listed = {"type": "array", "items": schema}
    all_paths = {
        "/documents": {"get": operation(listed), "post": operation(schema, status="201", body=schema)},
        "/documents/{id}": {"parameters": [in_path("id")], "get": operation(schema)},
    }
    mock = remembering(all_paths)
    assert mock.post("/documents", document) == document
    assert mock.get("/documents") == [document]
    assert mock.get("/documents/7") == document


@pytest.mark.parametrize("remembers", [True, False])
def test_xml_and_forms_are_repeated(remembering, remembers):
    """As JSON is."""
    media = {name: {"schema": ref("Thing")} for name in ("application/json", "application/xml")}
    sent = {**media, "application/x-www-form-urlencoded": {"schema": ref("Thing")}}
    create = operation(status="201")
    create["responses"]["201"]["content"] = media
    create["requestBody"] = {"content": sent}
    mock = remembering({**paths(LIST), "/things": {"post": create}}, {"Thing": THING}, remembers=remembers)
    assert mock.post("/things", form={"id": 1, "name": "Ada", "size": "7"})["size"] == 7
    _, shown = mock("POST", "/things", xml="<Thing><id>2</id><name>Ada</name><size>8</size></Thing>")
    assert (shown["name"], shown["size"]) == ("Ada", 8)
    headers = [(b"accept", b"application/xml")]
    body = "<Thing><id>3</id><name>Eve</name><size>9</size></Thing>"
    _, shown = mock("POST", "/things", xml=body, headers=headers)
    assert "<name>Eve</name>" in shown
    assert "<size>9</size>" in shown


@pytest.mark.parametrize("items", [0, 3])
def test_items_of_any_form_without_a_key_get_one(remembering, items):
    """Below what they are in, too; several are created at once, changed, and deleted."""
    schema, here = {"type": "object", "additionalProperties": True}, [in_path("uid")]
    both = [*here, in_path("document_id")]
    all_paths = {
        "/indexes/{uid}/documents": {
            "parameters": here,
            "get": operation({"type": "array", "items": schema}),
            "post": operation(schema, status="201", body=schema),
        },
        "/indexes/{uid}/documents/{document_id}": {
            "parameters": both,
            "get": operation(schema),
            "patch": operation(schema, body=schema),
            "delete": operation(status="204"),
        },
    }
    mock = remembering(all_paths, items=items)
    before = mock.get("/indexes/films/documents")
    created = mock.post("/indexes/films/documents", {"title": "Ada"})
    assert mock.get("/indexes/films/documents") == [*before, created]
    url = f"/indexes/films/documents/{created['id']}"
    assert mock("PATCH", url, {"year": 1999})[1] == {**created, "year": 1999} == mock.get(url)
    assert (mock("DELETE", url)[0], mock("GET", url)[0]) == (204, 404)
