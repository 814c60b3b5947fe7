"""A file that was uploaded is the one that is listed, shown and downloaded, in the folder it was put in."""

import json

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.stateful.files import MOST_BYTES

from .conftest import in_path, operation, ref

PARENT = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
NAMED = {"name": {"type": "string"}, "parent": PARENT}


def kind(name, **members):
    """Return the schema of what is in a folder."""
    described = {"id": {"type": "string"}, "type": {"type": "string", "enum": [name]}, **NAMED, **members}
    return {"type": "object", "required": ["id", "type", "name"], "properties": described}


def a_form(members):
    """Return the body of a form with a file, and an object beside it."""
    beside = {"type": "object", "required": ["name"], "properties": members}
    form = {
        "type": "object",
        "properties": {"attributes": beside, "file": {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"content": {"multipart/form-data": {"schema": form}}}}


FILES = {"type": "object", "properties": {"entries": {"type": "array", "items": ref("File")}}}
IN_FOLDER = {
    "type": "object",
    "properties": {
        "entries": {"type": "array", "items": {"oneOf": [ref("File"), ref("Folder")]}},
        "total_count": {"type": "integer"},
    },
}
RAW = {"200": {"description": "", "content": {"application/octet-stream": {}}}}
NEW_FOLDER = {"type": "object", "required": ["name"], "properties": NAMED}
PATHS = {
    "/folders": {"post": operation(ref("Folder"), status="201", body=NEW_FOLDER)},
    "/folders/{folder_id}": {
        "parameters": [in_path("folder_id")],
        "get": operation(ref("Folder")),
        "delete": operation(status="204"),
    },
    "/folders/{folder_id}/items": {"parameters": [in_path("folder_id")], "get": operation(IN_FOLDER)},
    "/files/content": {"post": {**operation(FILES, status="201"), **a_form(NAMED)}},
    "/files/{file_id}": {
        "parameters": [in_path("file_id")],
        "get": operation(ref("File")),
        "put": operation(ref("File"), body=NEW_FOLDER),
        "delete": operation(status="204"),
    },
    "/files/{file_id}/content": {
        "parameters": [in_path("file_id")],
        "get": {"responses": RAW},
        "post": {**operation(FILES), **a_form({"name": {"type": "string"}})},
    },
}


@pytest.fixture
def drive(remembering):
    """Return a mock of an API of files in folders, as Box has it."""
    return remembering(PATHS, {"File": kind("file", size={"type": "integer"}), "Folder": kind("folder")})


def upload(mock, name, content, folder="0", target="/files/content", media_type="text/plain"):
    """Upload a file, and return what the response shows of it."""
    attributes = json.dumps({"name": name, "parent": {"id": folder}})
    files = {"file": ("sent.txt", content, media_type)}
    status, value = mock("POST", target, form={"attributes": attributes}, files=files)
    assert status in {200, 201}, value
    return value["entries"][0]


def downloaded(mock, key):
    """Return the content of what is no JSON."""
    with pytest.raises(json.JSONDecodeError):
        mock("GET", f"/files/{key}/content")
    return mock.response.body


def test_an_uploaded_file_is_the_one_that_is_read_and_downloaded(drive):
    """Its name, size and content are those that were sent, also after another version was."""
    file, other = upload(drive, "a.txt", b"hello"), upload(drive, "b.txt", b"others")
    assert (file["name"], file["size"]) == ("a.txt", 5)
    assert drive.get(f"/files/{file['id']}") == file
    assert downloaded(drive, file["id"]) == b"hello"
    assert drive.response.headers["content-type"] == "application/octet-stream"
    changed = upload(drive, "c.txt", b"hello again", target=f"/files/{file['id']}/content")
    assert (changed["id"], changed["name"], changed["size"]) == (file["id"], "c.txt", 11)
    assert downloaded(drive, file["id"]) == b"hello again"
    assert downloaded(drive, other["id"]) == b"others"


def test_a_deleted_file_is_gone(drive):
    """Neither it nor its content is there any longer, and nothing of it is stored."""
    file = upload(drive, "a.txt", b"hello")
    assert drive("DELETE", f"/files/{file['id']}")[0] == 204
    assert drive("GET", f"/files/{file['id']}")[0] == 404
    assert drive("GET", f"/files/{file['id']}/content")[0] == 404
    assert drive.get("/folders/0/items")["entries"] == []
    assert drive.memory.store.counts().keys() == {""}


def test_files_and_folders_are_in_their_folder(drive):
    """They are listed by their parent, move by a change of it, and are deleted with it."""
    folder = drive.post("/folders", {"name": "Docs", "parent": {"id": "0"}})
    inner = drive.post("/folders", {"name": "Inner", "parent": {"id": folder["id"]}})
    file = upload(drive, "a.txt", b"hello", folder["id"])
    moved = upload(drive, "b.txt", b"hello", inner["id"])
    page = drive.get(f"/folders/{folder['id']}/items")
    assert (page["entries"], page["total_count"]) == ([inner, file], 2)
    assert drive.get("/folders/0/items")["entries"] == [folder]
    drive("PUT", f"/files/{moved['id']}", {"name": "b.txt", "parent": {"id": "0"}})
    assert [item["name"] for item in drive.get("/folders/0/items")["entries"]] == ["Docs", "b.txt"]
    assert drive("DELETE", f"/folders/{folder['id']}")[0] == 204
    assert drive("GET", f"/folders/{folder['id']}/items")[0] == 404
    assert drive("GET", f"/folders/{inner['id']}")[0] == drive("GET", f"/files/{file['id']}")[0] == 404
    assert drive("GET", f"/files/{moved['id']}")[0] == 200


def test_a_file_that_is_too_large_is_not_kept(drive):
    """What was sent before is not shown instead, and the item is there."""
    file = upload(drive, "a.txt", b"hello")
    changed = upload(drive, "a.txt", b"x" * (MOST_BYTES + 1), target=f"/files/{file['id']}/content")
    assert changed["size"] == MOST_BYTES + 1
    assert drive.get(f"/files/{file['id']}") == changed
    assert b"hello" not in downloaded(drive, file["id"])


def test_a_copy_is_another_item_with_what_the_original_has(remembering):
    """Its file, too; what the request says is different."""
    copying = operation(ref("File"), status="201", body={"type": "object", "properties": NAMED})
    path = {"parameters": [in_path("file_id")], "post": copying}
    file_schema = kind("file", size={"type": "integer"}, description={"type": "string"})
    mock = remembering(
        {**PATHS, "/files/{file_id}/copy": path}, {"File": file_schema, "Folder": kind("folder")}
    )
    file = upload(mock, "a.txt", b"hello")
    status, copy = mock("POST", f"/files/{file['id']}/copy", {"name": "copy.txt"})
    assert (status, copy) == (201, {**file, "id": copy["id"], "name": "copy.txt"})
    assert copy["id"] != file["id"]
    assert mock("DELETE", f"/files/{file['id']}")[0] == 204
    assert mock.get(f"/files/{copy['id']}") == copy
    assert downloaded(mock, copy["id"]) == b"hello"
    assert mock("POST", f"/files/{file['id']}/copy", {"name": "copy.txt"})[0] == 404


def test_a_file_behind_a_redirect_is_no_violation():
    """A contract that documents a redirect to the file alone has nothing of the file itself."""
    redirect = {"302": {"description": ""}, "default": operation({"type": "object"})["responses"]["200"]}
    content = {**PATHS["/files/{file_id}/content"], "get": {"responses": redirect}}
    schemas = {"File": kind("file"), "Folder": kind("folder")}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {**PATHS, "/files/{file_id}/content": content},
        "components": {"schemas": schemas},
    }
    with contract_mock(Contract(document, "test"), stateful=True) as mock:
        files = {"file": ("a.txt", b"hello", "text/plain")}
        form = {"attributes": json.dumps({"name": "a.txt"})}
        made = httpx2.post(f"{mock.api}/files/content", data=form, files=files, trust_env=False).json()
        url = f"{mock.api}/files/{made['entries'][0]['id']}/content"
        response = httpx2.get(url, trust_env=False)
        journal = httpx2.get(f"{mock.control}/journal", params={"violations": True}, trust_env=False).json()
    assert (response.status_code, response.content) == (200, b"hello")
    assert response.headers["x-mock-redirected"] == "1"
    assert journal["exchanges"] == []
