"""Collections are recognised from paths, methods, schemas and links, and corrected by the document."""

from __future__ import annotations

from copy import deepcopy

import pytest

from contract_first.contract import Contract, ContractError
from contract_first.recognition import recognize
from contract_first.recognition import recognizer as recognizing
from contract_first.recognition.collection import shape_of

from .conftest import LISTED, NEW_PET, PET, PETS, in_path, operation, ref


def recognized(paths, **schemas):
    """Return the sentences on the collections of these paths."""
    document = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Pet": PET, **schemas}},
    }
    return [each.sentence() for each in recognize(Contract(document, "test")).stored.values()]


def test_a_collection_and_its_items():
    """A path with a parameter at its end is an item's, and what is before it the collection's."""
    assert recognized(PETS) == ["/pets: create, list, read, update, replace, delete; by id"]


@pytest.mark.parametrize(
    ("path", "segments", "names"),
    [
        ("/pets/{id}", ("pets", "{}"), ("id",)),
        ("/Pets/{Sid}.json", ("Pets", "{}"), ("Sid",)),
        ("/Pets.json", ("Pets",), ()),
        ("/odata/Pets({id})", ("odata", "Pets", "{}"), ("id",)),
        ("/pets/{a}.{b}", ("pets", "{a}.{b}"), ()),
        ("/pets/{id}:cancel", ("pets", "{id}:cancel"), ()),
        ("/", ("",), ()),
    ],
)
def test_shapes_of_paths(path, segments, names):
    """A shape has no names of parameters, and no suffix."""
    assert shape_of(path) == (segments, names)


@pytest.mark.parametrize(
    ("resource", "parameter", "members", "key"),
    [
        ("issues", "issue_number", ("id", "number"), "number"),
        ("promotion_codes", "promotion_code", ("code", "id"), "id"),
        ("upload-tokens", "uploadToken", ("createdAt", "token"), "token"),
        ("users", "username", ("id", "name", "login"), "login"),
        ("repos", "repo", ("name", "url"), "name"),
        ("queues", "Sid", ("sid", "friendly_name"), "sid"),
        ("articles", "slug", ("id", "slug"), "slug"),
        ("orders", "orderNumber", ("id", "orderNumber"), "orderNumber"),
    ],
)
def test_the_member_that_a_parameter_means(resource, parameter, members, key):
    """A parameter means the member of its name, or of what its name says beside the resource's, or the id."""
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in members}}
    paths = {
        f"/{resource}": {"post": operation(ref("Item"), body={"type": "object"})},
        f"/{resource}/{{{parameter}}}": {"parameters": [in_path(parameter)], "get": operation(ref("Item"))},
    }
    assert recognized(paths, Item=schema) == [f"/{resource}: create, read; by {key}"]


def test_a_link_says_which_member_is_the_key():
    """A Link Object leads from a response's member to the parameter of an operation."""
    item = {"type": "object", "properties": {"id": {"type": "string"}, "ref": {"type": "string"}}}
    post = operation(ref("Item"), status="201", body={"type": "object"})
    link = {"operationId": "getItem", "parameters": {"itemId": "$response.body#/ref"}}
    post["responses"]["201"]["links"] = {"item": link}
    paths = {
        "/items": {"post": post},
        "/items/{itemId}": {
            "parameters": [in_path("itemId")],
            "get": operation(ref("Item"), operationId="getItem"),
        },
    }
    assert recognized(paths, Item=item) == ["/items: create, read; by ref"]


def test_what_nothing_creates_is_no_collection():
    """A contract that only reads is served from its examples, as without state."""
    paths = {"/pets/{petId}": {"parameters": [in_path("petId", "integer")], "get": operation(ref("Pet"))}}
    assert recognized(paths) == []


def test_items_of_any_kind_at_one_path():
    """What creates them says their resource, where a path of names does not."""
    paths = {
        "/v1/{parent}/pets": {"parameters": [in_path("parent")], "post": operation(ref("Pet"), body=NEW_PET)},
        "/v1/{name}": {"parameters": [in_path("name")], "get": operation(ref("Pet"))},
    }
    assert recognized(paths) == ["/v1/{parent}/pets: create, read; by name"]


def test_a_list_whose_items_have_no_path():
    """A path that lists what it creates is a collection, by a component or by equal schemas."""
    note = {"type": "object", "properties": {"text": {"type": "string"}}}
    within = {"type": "object", "properties": {"data": {"type": "array", "items": note}}}
    paths = {
        "/pets": {"get": operation(LISTED), "post": operation(status="204", body=ref("Pet"))},
        "/notes": {"get": operation(within), "post": operation(note, body={"type": "object"})},
        "/search": {"get": operation(LISTED), "post": operation(note, body={"type": "object"})},
    }
    assert recognized(paths) == ["/pets: create, list; by id", "/notes: create, list"]


def test_an_object_that_is_shown_and_changed():
    """A path that shows and changes an object has that alone; what takes other members is none."""
    settings = {"type": "object", "properties": {"theme": {"type": "string"}, "seen": {"type": "integer"}}}
    theme = {"type": "object", "properties": {"theme": {"type": "string"}}}
    paths = {
        "/settings": {"get": operation(settings), "patch": operation(status="204", body=theme)},
        "/search": {"get": operation(settings), "put": operation(body={"type": "object"})},
        "/reports": {"get": operation(settings), "put": operation(body=ref("Pet"))},
    }
    assert recognized(paths) == ["/settings: read, update"]


def test_any_media_type_is_json():
    """What is declared as any type, as Spring's documents do, is JSON."""
    anything = deepcopy(PETS)
    for each in (anything["/pets"]["get"], anything["/pets"]["post"], anything["/pets/{petId}"]["get"]):
        for response in each["responses"].values():
            response["content"] = {"*/*": response["content"]["application/json"]}
    assert recognized(anything) == recognized(PETS)


def test_an_extension_corrects_it():
    """`x-mock-collection` leaves a path out, names the key, or says what an operation elsewhere does."""
    without = {path: {**item, "x-mock-collection": False} for path, item in PETS.items()}
    assert recognized(without) == []
    keyed = {**PETS, "/pets/{petId}": {**PETS["/pets/{petId}"], "x-mock-collection": {"key": "name"}}}
    assert recognized(keyed)[0].endswith("by name")
    add = operation(body=NEW_PET, **{"x-mock-collection": {"path": "/pets", "role": "create"}})
    paths = {
        "/pets": {"get": operation(LISTED)},
        "/pets/{petId}": PETS["/pets/{petId}"],
        "/add": {"post": add},
    }
    assert recognized(paths) == ["/pets: create, list, read, update, replace, delete; by id"]


def test_an_action_named_by_an_extension(remembering):
    """An operation elsewhere does to the items what its extension says."""
    add = operation(ref("Pet"), body=NEW_PET, **{"x-mock-collection": {"path": "/pets", "role": "create"}})
    mock = remembering({**PETS, "/bring-in": {"post": add}}, {"Pet": PET})
    made = mock.post("/bring-in", {"name": "Rex"})
    assert mock.get(f"/pets/{made['id']}") == made


@pytest.mark.parametrize(
    ("extension", "reason"),
    [
        (True, "expected false, "),
        ("pets", "expected false, "),
        ({"keys": "name"}, "expected false, "),
        ({"path": "/pets", "role": "make"}, "role: create | list | read"),
        ({"path": "/pets"}, "expected false, "),
        ({"path": "/cats", "role": "create"}, "/cats is no collection; there are: /pets"),
    ],
)
def test_an_extension_that_says_nothing(extension, reason):
    """What is wrong in an extension is said, with its place."""
    add = operation(body=NEW_PET, **{"x-mock-collection": extension})
    with pytest.raises(ContractError) as raised:
        recognized({**PETS, "/add": {"post": add}})
    assert raised.value.pointer == "/paths/~1add/post"
    assert reason in raised.value.reason


def test_operations_elsewhere_are_found_once(monkeypatch):
    """A document may have thousands: what they have in common is not worked out again for each of them."""

    class Reader(recognizing.Reader):
        def __init__(self, *arguments):
            looks.append(arguments)
            super().__init__(*arguments)

    looks = []
    monkeypatch.setattr(recognizing, "Reader", Reader)
    paths = {f"/{number}/pets": {"post": operation(PET)} for number in range(20)}
    assert recognized(paths) == []
    assert len(looks) == 1
