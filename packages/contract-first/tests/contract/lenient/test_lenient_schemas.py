"""What is wrong in a schema is repaired or left out, the smallest part, and reported with its place."""

from copy import deepcopy

import pytest

from contract_first.contract import load_contract
from contract_first.contract.document import pointers

from .conftest import BOTH, DOCUMENT, PET, schema

KIND = {"discriminator": {"propertyName": "kind"}}


@pytest.mark.parametrize(
    ("version", "node", "becomes"),
    [
        ("3.1.0", {"$recursiveAnchor": True, "type": "object"}, {"type": "object"}),
        ("3.1.0", {"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ("3.1.0", {"type": "date"}, {"type": "string"}),
        ("3.1.0", {"type": "int", "$id": "a b"}, {"type": "integer"}),
        ("3.0.3", {"exclusiveMaximum": 3}, {"maximum": 3, "exclusiveMaximum": True}),
        ("3.0.3", {"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ("3.0.3", {"type": "null"}, {"type": "string", "nullable": True, "enum": [None]}),
        ("3.0.3", {"type": "int64"}, {"type": "integer"}),
        ("3.0.3", {"const": 1}, {"enum": [1]}),
        ("3.0.3", {"$comment": "x", "type": "string"}, {"type": "string"}),
        ("3.0.3", {"required": ["a", "b", "a"]}, {"required": ["a", "b"]}),
        (
            "3.0.3",
            {"properties": {"a": {"required": True}}},
            {"properties": {"a": {}}, "required": ["a"]},
        ),
    ],
)
def test_schema_of_another_dialect(lenient, version, node, becomes):
    """What another version would say is said in the document's own, and unknown keywords go."""
    contract, _ = lenient(schema(node), version)
    assert contract.document["components"]["schemas"]["Pet"] == becomes


DRAFT_4 = "http://json-schema.org/draft-04/schema#"


@pytest.mark.parametrize("dialect", [DRAFT_4, "https://json-schema.org/draft-05/schema"])
@pytest.mark.parametrize("named_by", ["$schema", "jsonSchemaDialect"])
@pytest.mark.parametrize(
    ("node", "becomes", "invalid"),
    [
        ({"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}, 0),
        (
            {"items": [{"type": "string"}], "additionalItems": False},
            {"prefixItems": [{"type": "string"}], "items": False},
            ["x", "y"],
        ),
    ],
)
def test_schema_that_names_an_older_dialect(write, named_by, dialect, node, becomes, invalid):
    """Its keywords are said in JSON Schema 2020-12, where they differ; so values can be validated."""
    members = {"jsonSchemaDialect": dialect} if named_by == "jsonSchemaDialect" else {}
    own = {} if members else {"$schema": dialect}
    document = {"openapi": "3.1.0", **members, **DOCUMENT, **schema({**own, "properties": {"a": node}})}
    contract = load_contract(write(document), lenient=True)
    pet = contract.document["components"]["schemas"]["Pet"]
    assert pet == {"properties": {"a": becomes}}
    assert "jsonSchemaDialect" not in contract.document
    assert not contract.schemas.of(pet).validator.is_valid({"a": invalid})
    pointer = f"{PET}/$schema" if named_by == "$schema" else "/jsonSchemaDialect"
    keyword = "items" if "items" in node else "exclusiveMinimum"
    assert {each.pointer for each in contract.defects} == {pointer, f"{PET}/properties/a/{keyword}"}


def test_schema_that_names_an_older_dialect_and_means_the_same(write):
    """What JSON Schema 2020-12 says in the same words stays as it is."""
    node = {"$schema": DRAFT_4, "type": "string", "minLength": 1}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, **schema(node)}), lenient=True)
    assert contract.document["components"]["schemas"]["Pet"] == node
    assert not contract.defects


def test_nullable_in_3_1(write):
    """What OpenAPI 3.0 says of null is said as JSON Schema does, and listed once."""
    cases = [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": ["null"], "nullable": True}, {"type": ["null"]}),
        ({"allOf": [{}], "nullable": True}, {"anyOf": [{"allOf": [{}]}, {"type": "null"}]}),
        ({"oneOf": [{}], **KIND, "nullable": True}, {"anyOf": [{"oneOf": [{}], **KIND}, {"type": "null"}]}),
        ({"allOf": [{}], **KIND, "nullable": True}, {**KIND, "anyOf": [{"allOf": [{}]}, {"type": "null"}]}),
        ({"nullable": True}, {}),
    ]
    node = {"properties": {f"p{index}": given for index, (given, _) in enumerate(cases)}}
    contract = load_contract(write({"openapi": "3.1.0", **DOCUMENT, **schema(node)}), lenient=True)
    found = contract.document["components"]["schemas"]["Pet"]["properties"]
    assert list(found.values()) == [becomes for _, becomes in cases]
    assert [each.pointer for each in contract.defects] == [f"{PET}/properties/p0/nullable"]


def test_nullable_without_a_type(write):
    """It says nothing in OpenAPI 3.0, and authors mean it."""
    node = {"allOf": [{"type": "object"}], "nullable": True}
    contract = load_contract(write({"openapi": "3.0.3", **DOCUMENT, **schema(node)}), lenient=True)
    validator = contract.schemas.named("Pet").validator
    assert [validator.is_valid(each) for each in (None, {}, "a")] == [True, True, False]
    assert [each.pointer for each in contract.defects] == [f"{PET}/nullable"]


def test_unusable_schemas(write):
    """Invalid patterns and repeated alternatives are valid OpenAPI, and left out all the same."""
    node = {
        "oneOf": [{"pattern": "["}, {"type": "string"}, {"type": "string", "title": "again"}],
        "allOf": [],
    }
    contract = load_contract(write({"openapi": "3.0.3", **DOCUMENT, **schema(node)}), lenient=True)
    assert contract.document["components"]["schemas"]["Pet"] == {"oneOf": [{}, {"type": "string"}]}
    places = [each.pointer for each in contract.defects]
    assert places == [f"{PET}/allOf", f"{PET}/oneOf/0/pattern", f"{PET}/oneOf/2"]


@pytest.mark.parametrize("branches", [[True, True], [True, True, True], [True, True, False]])
def test_alternatives_that_allow_anything_stay(write, branches):
    """No value conforms to one alone, and the schema goes on to say so; it is a defect."""
    path = write({"openapi": "3.1.0", **DOCUMENT, **schema({"oneOf": branches})})
    contract = load_contract(path, lenient=True)
    assert not contract.schemas.named("Pet").validator.is_valid(5)
    assert {(each.pointer, each.action) for each in contract.defects} == {
        (f"{PET}/oneOf/{index}", "accepted") for index in range(1, branches.count(True))
    }


@BOTH
@pytest.mark.parametrize(
    ("mapping", "stays"),
    [({}, False), ({"cat": "#/components/schemas/Cat", "dog": "Dog"}, True), ({"cat": "Cat"}, False)],
)
def test_a_discriminator_that_has_other_values_than_its_alternatives(write, version, mapping, stays):
    """Nothing would conform to both; the values that the alternatives list tell them apart without it."""

    def kind(name):
        return {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": [name]}}}

    pet = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Cat", "Dog")],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    schemas = {"Pet": pet, "Cat": {"allOf": [kind("cat")]}, "Dog": kind("dog")}
    contract = load_contract(
        write({"openapi": version, **DOCUMENT, "components": {"schemas": schemas}}), lenient=True
    )
    assert ("discriminator" in contract.document["components"]["schemas"]["Pet"]) is stays
    assert [each.pointer for each in contract.defects] == ([] if stays else [f"{PET}/discriminator"])


def test_a_defect_deep_in_a_schema_of_30(write):
    """A schema of OpenAPI 3.0 is validated level by level: its alternatives would take exponential time."""
    node = {"type": "money"}
    for _ in range(90):
        node = {"items": node}
    contract = load_contract(write({"openapi": "3.0.3", **DOCUMENT, **schema(node)}), lenient=True)
    assert [each.pointer for each in contract.defects] == [f"{PET}{'/items' * 90}/type"]


def defects_of_schemas(write, schemas, version="3.0.3"):
    """Load a valid document of these schemas, and return the defects as (pointer, action)."""
    document = {"openapi": version, **DOCUMENT, "components": {"schemas": schemas}}
    path = write(document)
    load_contract(path)
    return [(each.pointer, each.action) for each in load_contract(path, lenient=True).defects]


@BOTH
def test_a_part_of_an_all_of_that_forbids_what_another_requires(write, version):
    """``additionalProperties: false`` is left out where nothing conforms to the whole, and else stays."""
    base = {"type": "object", "properties": {"id": {}}, "required": ["id"], "additionalProperties": False}
    own = {"type": "object", "properties": {"name": {}}, "required": ["name"]}
    optional = {"type": "object", "properties": {"age": {}}}
    schemas = {
        "Base": base,
        "Deep": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
        "Pet": {"allOf": [{"$ref": "#/components/schemas/Deep"}, own]},
        "Cat": {"allOf": [deepcopy(base), optional]},
        "Dog": {**deepcopy(own), "additionalProperties": False, "allOf": [deepcopy(optional)]},
        "Any": {"allOf": [{**deepcopy(base), "patternProperties": {"^n": {}}}, deepcopy(own)]}
        if version == "3.1.0"
        else {},
    }
    assert defects_of_schemas(write, schemas, version) == [
        ("/components/schemas/Base/additionalProperties", "left out")
    ]


@BOTH
@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_schemas_that_multiply(write, version, keyword):
    """Schemas that lead twice to one that leads twice to another, and so on, are cut."""
    twice = {
        f"S{index}": {
            keyword: [
                {
                    "allOf": [{"$ref": f"#/components/schemas/S{index + 1}"}],
                    "minLength": length,
                }
                for length in (1, 2)
            ]
        }
        for index in range(40)
    }
    found = defects_of_schemas(write, {**twice, "S40": {"type": "string"}}, version)
    assert {action for _, action in found} == {"left out"}
    assert 2 <= len(found) <= 4  # of 2 to the power of 40, some 100,000 are looked at each time
    few = {name: twice[name] for name in list(twice)[-10:]}
    assert not defects_of_schemas(write, {**few, "S40": {"type": "string"}}, version)


def test_a_schema_that_leads_to_itself(write):
    """A circle is not counted without end."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Pet"}}}
    circle = {"anyOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "string"}]}
    pet = {"anyOf": [node, {"$ref": "#/components/schemas/Circle"}]}
    anchored = {"$anchor": "a", "allOf": [{"not": {"$ref": "#a"}}, {"$ref": "#a", "title": "A"}]}
    assert not defects_of_schemas(write, {"Pet": pet, "Circle": circle, "Anchored": anchored}, "3.1.0")


@pytest.mark.parametrize("number", ["9" * 5000, "007", "1." + "0" * 5000])
def test_a_text_that_is_a_number_of_no_use(write, number):
    """It is left out, though Python takes such digits."""
    contract = load_contract(
        write({"openapi": "3.0.3", **DOCUMENT, **schema({"maxLength": number})}), lenient=True
    )
    assert "maxLength" not in pointers.lookup(contract.document, PET)
