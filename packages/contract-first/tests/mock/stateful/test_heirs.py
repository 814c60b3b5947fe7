"""Lists of a base with a discriminator, or of alternatives: each item has the members of its kind."""

import pytest

from .conftest import in_path, in_query, operation, ref

TEXT = {"type": "string"}


def heir(**members):
    """Return a schema that inherits from the base."""
    inner = {
        "type": "object",
        "required": [*members],
        "properties": {name: {"type": "integer"} for name in members},
    }
    return {"allOf": [ref("Animal"), inner]}


ANIMAL = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {"id": {"type": "integer"}, "kind": TEXT},
    "discriminator": {
        "propertyName": "kind",
        "mapping": {name.lower(): f"#/components/schemas/{name}" for name in ("Cat", "Dog")},
    },
}
SCHEMAS = {
    "Animal": ANIMAL,
    "Cat": heir(lives=1),
    "Dog": heir(tricks=1),
    "Any": {"oneOf": [ref("Cat"), ref("Dog")], "discriminator": ANIMAL["discriminator"]},
}
MEMBERS = {"cat": {"id", "kind", "lives"}, "dog": {"id", "kind", "tricks"}}


def paths(name):
    """Return the paths of animals of this schema."""
    return {
        "/animals": {
            "get": operation({"type": "array", "items": ref(name)}, parameters=[in_query("kind")]),
            "post": operation(ref(name), status="201", body=ref(name)),
        },
        "/animals/{id}": {"parameters": [in_path("id", "integer")], "get": operation(ref(name))},
    }


@pytest.mark.parametrize("name", ["Animal", "Any"])
@pytest.mark.parametrize("remembers", [True, False])
def test_a_list_has_items_of_each_kind(remembering, name, remembers):
    """With their members; a filter returns those of one kind as they are, and a read the same."""
    mock = remembering(paths(name), SCHEMAS, items=4, remembers=remembers)
    animals = mock.get("/animals")
    assert {animal["kind"] for animal in animals} == {"cat", "dog"}
    for animal in animals:
        assert animal.keys() == MEMBERS[animal["kind"]]
        assert mock.get(f"/animals/{animal['id']}") == animal
    for kind in MEMBERS:
        assert mock.get(f"/animals?kind={kind}") == [animal for animal in animals if animal["kind"] == kind]


@pytest.mark.parametrize("name", ["Animal", "Any"])
def test_what_is_created_has_the_members_of_its_kind(remembering, name):
    """And no others; a filter finds it."""
    mock = remembering(paths(name), SCHEMAS)
    for number, (kind, member) in enumerate((("dog", "tricks"), ("cat", "lives"))):
        created = mock.post("/animals", {"id": number, "kind": kind, member: 7})
        assert created.keys() == MEMBERS[kind]
        assert mock.get(f"/animals?kind={kind}") == [created]
