"""Items are found in what requests and responses have around them."""

import pytest

from .conftest import LISTED, NEW_PET, PET, PET_ID, PETS, operation, ref


def within(names, schema):
    """Return the schema of an object that has another at a way into it; ``[]`` is an array."""
    for name in reversed(names):
        wrapped = {"required": [name], "properties": {name: schema}}  # as some do, without a type
        schema = {"type": "array", "items": schema, "maxItems": 1} if name == "[]" else wrapped
    return schema


@pytest.mark.parametrize(
    ("shown", "listed"),
    [
        (("pet",), ("pets", "[]")),
        (("data",), ("data", "[]")),
        (("result", "basic_pet"), ("pet_list", "pets", "[]")),
        (("Pets", "[]"), ("Pets", "[]")),
    ],
)
def test_an_envelope_is_found_by_the_schema(remembering, shown, listed):
    """An item may be in members of what is sent and shown, and in an array of one; a list in two members."""
    wrapped, ways = within(shown, ref("Pet")), [0 if each == "[]" else each for each in shown]
    several = ref("Pet") if listed == shown else {**ref("Pet")}
    items = within(listed[:-1], {"type": "array", "items": several})
    item = {"get": operation(wrapped), "put": operation(wrapped, body=within(shown, NEW_PET))}
    paths = {
        "/pets": {
            "get": operation(items),
            "post": operation(wrapped, status="201", body=within(shown, NEW_PET)),
        },
        "/pets/{petId}": {"parameters": [PET_ID], **item, "delete": operation(status="204")},
    }
    mock = remembering(paths, {"Pet": PET})

    def sent(pet):
        for way in reversed(ways):
            pet = [pet] if way == 0 else {way: pet}
        return pet

    def found(value):
        for way in ways:
            value = value[way]
        return value

    pet = found(mock.post("/pets", sent({"name": "Rex"})))
    assert pet["name"] == "Rex"
    assert found(mock.get(f"/pets/{pet['id']}")) == pet
    changed = found(mock("PUT", f"/pets/{pet['id']}", sent({"name": "Tom", "kind": "cat"}))[1])
    assert (changed["id"], changed["name"]) == (pet["id"], "Tom")
    for page in (mock.get("/pets"), mock("DELETE", f"/pets/{pet['id']}") and mock.get("/pets")):
        for name in listed[:-1]:
            page = page[name]  # noqa: PLW2901 -- one level deeper
        assert page in ([changed], [])
    assert page == []


@pytest.mark.parametrize("is_bare", [True, False])
def test_a_list_of_two_shapes(remembering, is_bare):
    """A list may be an alternative of a response; what it is in fact is the one that was found."""
    bare = {"type": "array", "items": ref("Pet")}
    enclosed = {"type": "object", "required": ["pets"], "properties": {"pets": bare}}
    shapes = {"oneOf": [bare, enclosed] if is_bare else [enclosed, bare]}
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": operation(shapes)}}, {"Pet": PET})
    made = mock.post("/pets", {"name": "Rex"})
    assert mock.get("/pets") in ([made], {"pets": [made]})


def test_a_response_of_another_shape(remembering):
    """Where no value is found around an item, the response is as the contract shows it."""
    error = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    members = {"pet": ref("Pet"), "mark": {"type": "string", "pattern": "^(?=a)b$"}}
    enclosed = {"type": "object", "required": ["pet", "mark"], "properties": members}
    shown = operation({"oneOf": [error | {"additionalProperties": False}, enclosed]})
    mock = remembering({**PETS, "/pets/{petId}": {"parameters": [PET_ID], "get": shown}}, {"Pet": PET})
    assert mock.get(f"/pets/{mock.post('/pets', {'name': 'Rex'})['id']}").keys() == {"error"}


def test_an_item_beside_what_is_said_of_it(remembering):
    """What is sent may be in a member that has the name of the resource in its own, as `user_info`."""
    body = {"type": "object", "properties": {"action": {"type": "string"}, "pet_info": NEW_PET}}
    collection = {**PETS["/pets"], "post": operation(ref("Pet"), status="201", body=body)}
    mock = remembering({**PETS, "/pets": collection}, {"Pet": PET})
    assert mock.post("/pets", {"action": "x", "pet_info": {"name": "Rex"}})["name"] == "Rex"


@pytest.mark.parametrize("member", ["house_pet", "data"])
def test_the_only_member_of_a_response_is_the_item(remembering, member):
    """It may have any name and members; the list of such items may be at a path of another name."""
    wrapped = {"type": "object", "properties": {member: ref("Pet")}}
    listed = {"type": "object", "properties": {"house_pets": LISTED}}
    paths = {
        "/pets": {"post": operation(wrapped, status="201", body=NEW_PET)},
        "/pets/{petId}": {"parameters": [PET_ID], "get": operation(wrapped)},
        "/shops/1/pets": {"get": operation(listed), "post": operation(wrapped, body=NEW_PET)},
    }
    like_it = {"type": "object", "properties": {"id": {"type": "integer"}}}
    pet = {**PET, "properties": {**PET["properties"], "pet": like_it, "pet_tag": like_it}}
    mock = remembering(paths, {"Pet": pet})
    mock.post("/pets", {"name": "Rex"})
    made = mock.post("/shops/1/pets", {"name": "Tom"})[member]
    assert mock.get(f"/pets/{made['id']}") == {member: made}
    assert [each["name"] for each in mock.get("/shops/1/pets")["house_pets"]] == ["Rex", "Tom"]


def test_a_list_that_is_one_of_several(remembering):
    """Of lists that are alternatives, the one is shown whose items are most like the collection's."""
    other = {"type": "object", "required": ["id", "owner"], "properties": {"owner": {"type": "string"}}}
    either = {"oneOf": [{"type": "array", "items": other}, LISTED]}
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "get": operation(either)}}, {"Pet": PET})
    made = mock.post("/pets", {"name": "Rex"})
    assert mock.get("/pets") == [made]
