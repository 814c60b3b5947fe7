"""The alternative that a request chooses is the one that comes back."""

from __future__ import annotations

import pytest

from .conftest import ref
from .test_related_responses import ANYTHING, responses


def alternative(kind, member, schema, *, tag="kind"):
    """Return an object that says of which kind it is."""
    properties = {"id": {"type": "integer"}, tag: kind, member: schema}
    return {"type": "object", "required": ["id", tag, member], "properties": properties}


def listed(kind):
    """Return the schema of one text."""
    return {"type": "string", "enum": [kind]}


A = alternative(listed("a"), "x", {"type": "string"})
B = alternative(listed("b"), "y", {"type": "integer"})
FREE = {"type": "string"}
COMPONENTS = {
    "schemas": {
        "Card": alternative(FREE, "digits", {"type": "string"}),
        "Bank": alternative(FREE, "iban", {"type": "string"}),
    }
}
NAMED = {"propertyName": "kind"}
MAPPED = NAMED | {"mapping": {"card": "#/components/schemas/Card", "bank": "#/components/schemas/Bank"}}
BARE = NAMED | {"mapping": {"card": "Card", "bank": "Bank"}}
REFERENCES = {"oneOf": [ref("Card"), ref("Bank")]}


@pytest.fixture(scope="module", params=["3.0.3", "3.1.0"])
def posting(request, mocked):
    """Post a body where a response has a schema; return the JSON of the response."""

    def post(schema, body):
        path = {"post": ANYTHING | responses(schema, "201")}
        response = mocked({"/": path}, openapi=request.param, components=COMPONENTS).post("/", body)
        assert response.status == 201, response.body
        return response.json

    return post


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize("more", [{}, {"discriminator": NAMED}], ids=["enum", "discriminator"])
def test_an_alternative_is_chosen_by_its_listed_value(keyword, more, posting):
    """With a discriminator over inline schemas, too."""
    schema = {keyword: [A, B], **more}
    made = posting(schema, {"kind": "b", "y": 5})
    assert made.keys() == {"id", "kind", "y"}
    assert (made["kind"], made["y"]) == ("b", 5)
    assert posting(schema, {"kind": "a", "x": "mine"})["x"] == "mine"
    assert posting(schema, {"kind": "b"}).keys() == {"id", "kind", "y"}


@pytest.mark.parametrize(
    ("discriminator", "kind"),
    [(NAMED, "Bank"), (MAPPED, "bank"), (BARE, "bank")],
    ids=["named", "mapped", "bare"],
)
def test_an_alternative_is_chosen_by_its_discriminator(discriminator, kind, posting):
    """By the name of a component, or what is mapped to it."""
    schema = REFERENCES | {"discriminator": discriminator}
    made = posting(schema, {"kind": kind})
    assert made.keys() == {"id", "kind", "iban"}
    assert made["kind"] == kind


def test_alternatives_are_chosen_at_any_depth(posting):
    """In a member, an envelope, the items of a list."""
    either = {"oneOf": [A, B]}
    shop = {
        "type": "object",
        "required": ["id", "source"],
        "properties": {
            "id": {"type": "integer"},
            "source": either,
            "all": {"type": "array", "items": either},
        },
    }
    made = posting(shop, {"source": {"kind": "b", "y": 5}})["source"]
    assert made | {"id": 0} == {"id": 0, "kind": "b", "y": 5}
    made = posting(shop, {"all": [{"kind": "b", "y": 5}, {"kind": "a", "x": "mine"}]})["all"]
    assert [(item["kind"], item.get("y"), item.get("x")) for item in made] == [
        ("b", 5, None),
        ("a", None, "mine"),
    ]
    envelope = {"type": "object", "required": ["data"], "properties": {"data": either}}
    assert posting(envelope, {"kind": "b"})["data"]["kind"] == "b"


def test_alternatives_without_tags_are_chosen_by_their_members(posting):
    """By what is sent, if one has it and the others have not."""
    schema = {
        "oneOf": [
            {
                "type": "object",
                "required": ["id", name],
                "properties": {"id": {"type": "integer"}, name: FREE},
            }
            for name in ("meow", "bark")
        ]
    }
    made = posting(schema, {"bark": "loud"})
    assert made | {"id": 0} == {"id": 0, "bark": "loud"}


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_an_example_gives_way_to_the_alternative_that_is_chosen(openapi, mocked):
    """To the author's example of it, else to a generated value; not where it is of that alternative."""
    a, b = ({"id": 1, "kind": "a", "x": "hers"}, {"id": 2, "kind": "b", "y": 7})

    def posting(schema, *examples):
        named = {str(number): {"value": example} for number, example in enumerate(examples)}
        content = {"application/json": {"schema": schema, "examples": named}}
        post = ANYTHING | {"responses": {"201": {"description": "", "content": content}}}
        app = mocked({"/": {"post": post}}, openapi=openapi)
        return lambda body, **headers: app.post("/", body, **headers)

    post = posting({"oneOf": [A, B]}, a)
    chosen = post({"kind": "b", "y": 5})
    assert (chosen.source, chosen.json["kind"], chosen.json["y"]) == ("generated", "b", 5)
    for body in ({"kind": "a", "x": "mine"}, {}, {"other": 1}, {"kind": "c"}):
        same = post(body)
        assert (same.source, same.json) == ("example", a)
    assert post({"kind": "b", "y": 5}, prefer="example=0").json == a
    chosen = posting({"oneOf": [A, B]}, a, b)({"kind": "b", "y": 5})
    assert (chosen.source, chosen.json) == ("example", b)
    envelope = {"type": "object", "properties": {"data": {"anyOf": [A, B]}}}
    post = posting(envelope, {"data": a}, {"data": b})
    assert [post({"kind": kind}).json["data"]["id"] for kind in "ab"] == [1, 2]
    plain = {**A, "properties": {**A["properties"], "kind": {"enum": ["a", "b"]}}}
    assert posting(plain, a)({"kind": "b", "x": "mine"}).json == a


def heir(*bases, **members):
    """Return an object that has other schemas' members, too."""
    inner = {"type": "object", "required": list(members), "properties": members}
    return {"allOf": [*map(ref, bases), inner]}


PETS = {
    "Pet": {
        "type": "object",
        "required": ["kind"],
        "properties": {"id": {"type": "integer"}, "kind": FREE},
        "discriminator": NAMED | {"mapping": {"frog": "#/components/schemas/Frog", "toad": "Toad"}},
    },
    "Frog": heir("Pet", jump={"type": "integer"}),
    "Toad": heir("Frog", warts={"type": "integer"}),
    "Cat": heir("Pet", claws={"type": "boolean"}, friend=ref("Pet")),
}


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("pet", [ref("Pet"), {"description": "A pet.", "allOf": [ref("Pet")]}])
def test_an_heir_is_chosen_by_the_discriminator_of_its_base(openapi, pet, mocked):
    """The base has no list of those that inherit from it; a value without a choice is of one of them, too."""
    path = {"get": responses(pet), "post": ANYTHING | responses(pet, "201")}
    boxed = responses({"type": "object", "required": ["pet"], "properties": {"pet": pet}}, "201")
    frogs = {"post": ANYTHING | responses(ref("Frog"), "201")}
    paths = {"/": path, "/boxes": {"post": ANYTHING | boxed}, "/frogs": frogs}
    mock = mocked(paths, openapi=openapi, components={"schemas": PETS})
    for body, names in (
        ({"kind": "frog", "jump": 7}, {"kind", "jump"}),
        ({"kind": "toad", "jump": 8, "warts": 9}, {"kind", "jump", "warts"}),
        ({"kind": "Cat", "claws": True}, {"kind", "claws", "friend"}),
    ):
        for made in (mock.post("/", body).json, mock.post("/boxes", {"pet": body}).json["pet"]):
            assert made.keys() - {"id"} == names
            assert made.items() >= body.items()
    friends = {"kind": "Cat", "claws": True, "friend": {"kind": "frog", "jump": 3}}
    assert mock.post("/", friends).json["friend"].items() >= friends["friend"].items()
    shown = mock.get("/").json
    assert {"frog": "jump", "toad": "warts", "Cat": "claws"}[shown["kind"]] in shown
    assert mock.post("/frogs", {"kind": "toad", "jump": 1, "warts": 2}).json["warts"] == 2


def test_a_base_that_allows_no_heir_s_name_is_shown_as_it_is(mocked):
    """Which value means which heir is not said; its enum knows other values."""
    kind = {"type": "string", "enum": ["FROG"]}
    pet = {**PETS["Pet"], "properties": {"kind": kind}, "discriminator": NAMED}
    paths = {"/": {"get": responses(ref("Pet"))}}
    schemas = {"Pet": pet, "Frog": PETS["Frog"]}
    assert mocked(paths, components={"schemas": schemas}).get("/").json == {"kind": "FROG"}
