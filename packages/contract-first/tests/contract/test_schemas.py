"""What a schema means: facts through references and combinators, and violations where they stand."""

import math
from copy import deepcopy
from dataclasses import replace

import pytest

from contract_first.contract import Contract
from contract_first.contract.document.patterns import ecma_matcher, is_small

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
SCHEMAS = {
    "Shop": {
        "type": "object",
        "properties": {
            "pet": {"$ref": "#/components/schemas/Pet"},
            "place": {"$ref": "urn:place"},
            "age": {"$ref": "#age"},
        },
        "additionalProperties": False,
    },
    "Pet": {"maxLength": 1, "$defs": {"age": {"$anchor": "age", "minimum": 3}}},
    "Place": {
        "$id": "urn:place",
        "properties": {"floor": {"$ref": "#/$defs/floor"}},
        "$defs": {"floor": {"maximum": 1}},
    },
    "Tree": {
        "allOf": [{"$ref": "#/components/schemas/Node"}],
        "required": ["child"],
        "properties": {"child": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, STRING]}},
    },
    "Node": {"type": "object", "properties": {"name": STRING | {"readOnly": True, "default": "a"}}},
    "Endless": {
        "type": "object",
        "required": ["child"],
        "properties": {"child": {"$ref": "#/components/schemas/Endless"}},
    },
    "Itself": {"$ref": "#/components/schemas/Itself"},
}


def contract_of(version="3.1.0"):
    """Return the contract of the schemas above."""
    info = {"title": "Pets", "version": "1"}
    return Contract(
        {"openapi": version, "info": info, "paths": {}, "components": {"schemas": SCHEMAS}}, "pets"
    )


@pytest.fixture
def schema():
    """Returns the schema of a component."""
    contract = contract_of()
    return lambda name: contract.schemas.of(SCHEMAS[name])


def test_facts(schema):
    """Parts hold together; alternatives may apply; a schema that recurs has an end."""
    tree = schema("Tree")
    assert tree.types == {"object"}
    assert list(tree.properties) == ["name", "child"]
    assert tree.properties["name"].default == "a"
    assert tree.properties["name"].is_marked("readOnly")
    assert tree.properties["child"].types == {"object", "string"}
    assert tree.parts == [SCHEMAS["Tree"], SCHEMAS["Tree"]["allOf"][0], SCHEMAS["Node"]]
    assert tree.minimum_depth == 1
    assert schema("Endless").minimum_depth == math.inf
    assert len(schema("Itself").types) == 7
    assert tree is tree.of(SCHEMAS["Tree"])


def test_a_violation_says_where_its_keyword_stands(schema):
    """The pointer is into the document, through references, anchors and ids."""
    value = {"pet": "Rex", "place": {"floor": 2}, "age": 1, "other": None}
    found = schema("Shop").violations(value, "body", "", "/components/schemas/Shop")
    assert {each.pointer for each in found} == {
        "/components/schemas/Pet/maxLength",
        "/components/schemas/Place/$defs/floor/maximum",
        "/components/schemas/Pet/$defs/age/minimum",
        "/components/schemas/Shop/additionalProperties",
    }


def test_a_path_passes_references(schema):
    """References are no steps of a path, and one that leads in a circle ends it."""
    path = ["properties", "pet", "$defs", "age", "minimum"]
    assert schema("Shop").along("/shop", path) == "/components/schemas/Pet/$defs/age/minimum"
    assert schema("Itself").along("/itself", ["type"]) == "/components/schemas/Itself"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_bytes_are_base64(version):
    """In any spelling of it (RFC 4648), where formats count."""
    schemas = contract_of(version).schemas.view(formats=True)
    accepts = schemas.of({"type": "string", "format": "byte"}).validator.is_valid
    assert all(map(accepts, ["", "Zm9v", "Zg==", "Zg", "-_-_", "Zm9v\r\nZm9v"]))
    assert not any(map(accepts, ["%", "Zm9v!", "é"]))


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_references_to_one_schema_share_its_properties(keyword):
    """However many properties refer to it, even its own, they are looked at once."""
    references = {f"p{number}": {keyword: "#node"} for number in range(9)}
    node = {"$dynamicAnchor": "node", "properties": references}
    document = {"openapi": "3.1.0", "components": {"schemas": {"Node": node, "Itself": {"$ref": "#itself"}}}}
    schema = Contract(document, "shop.yaml").schemas.named("Node")
    assert not schema.has_defaults
    assert all(each.properties is schema.properties for each in schema.properties.values())
    assert not Contract(document, "shop.yaml").schemas.named("Itself").properties


def test_a_schema_is_compiled_once(schema):
    """All bare references to a schema share its validator."""
    shop, pet = schema("Shop"), schema("Pet")
    assert shop.properties["pet"].validator is pet.validator
    assert shop.properties["age"].validator is not pet.validator


VALUES = [
    *({"pet": "a"}, {"pet": "ab"}, {"age": 3}, {"age": 2}, {"place": {"floor": 1}}, {"place": {"floor": 2}}),
    *({"other": 1}, {"child": "a"}, {"child": 1}, {"child": {"child": "a"}}, {"child": {"name": 1}}, {}, []),
]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_validator_for_one_value(version, value):
    """It leaves out what cannot apply to the value, and decides as the whole schema does."""
    schemas = contract_of(version).schemas
    for node in (*SCHEMAS.values(), {"not": SCHEMAS["Shop"]}, {"$ref": "#/components/schemas/Tree"}):
        assert schemas.accepts(node, value) is schemas.of(node).validator.is_valid(value)


def test_schemas_of_one_text_share_a_validator():
    """Thousands of parameters have few different schemas; those of resources mean something else in each."""
    places = {name: deepcopy(SCHEMAS["Place"]) | {"$id": f"urn:{name}"} for name in ("hall", "yard")}
    places["yard"]["$defs"]["floor"]["maximum"] = 2
    components = {"schemas": places, "parameters": {name: {"schema": {**STRING}} for name in places}}
    schemas = Contract({"openapi": "3.1.0", "components": components}, "pets").schemas
    first, second = (schemas.in_media_type(holder) for holder in components["parameters"].values())
    assert first is not second
    assert first.validator is second.validator
    floors = [schemas.named(name).properties["floor"].validator for name in places]
    assert [floor.is_valid(2) for floor in floors] == [False, True]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_directions(version):
    """A property that is ``readOnly`` is required of responses alone; read strictly, from 3.1 on, of both."""
    node = {"required": ["name"], "properties": {"name": STRING | {"readOnly": True}}}
    contract = contract_of(version)
    for is_strict in (False, True):
        schemas = replace(contract, strict=is_strict).schemas
        is_required = is_strict and version != "3.0.3"
        assert schemas.for_requests.of(node).validator.is_valid({}) is not is_required
        assert not schemas.for_responses.of(node).validator.is_valid({})


def test_schemas_without_directions_are_one():
    """Where no property is marked, requests and responses share what is compiled."""
    schemas = Contract({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}}, "t").schemas
    assert schemas.for_requests is schemas.for_responses is schemas


@pytest.mark.parametrize("pattern", ["^[^a]{0,4096}$", "^[^A-Z]*$", r"^[^\p{Lu}]{0,99}$"])
@pytest.mark.parametrize("formats", [True, False])
def test_patterns_that_take_megabytes(pattern, formats):
    """A pattern means the same, and is reported alike, whether it is shared or a validator's own."""
    text = {"type": "string", "pattern": pattern}
    holder = {"type": "object", "properties": {"a": text, "n": {"format": "int8"}}}
    contract = Contract({**contract_of().document, "components": {"schemas": {"Holder": holder}}}, "pets")
    schema = contract.schemas.view(formats=formats).of(holder)
    assert schema.validator.is_valid({"a": "b" * 90, "n": 1})
    assert schema.validator.is_valid({"a": 7}) is False
    (found,) = schema.violations({"a": "bAa"}, "body", "", "/components/schemas/Holder")
    assert (found.name, found.rule) == ("/a", "pattern")
    assert found.detail == f'value does not match "{pattern}"'
    assert found.pointer == "/components/schemas/Holder/properties/a/pattern"


def test_large_patterns_are_compiled_once():
    """All validators that a large pattern is in share what it is compiled to."""
    large = "^[^a]{0,4096}$"
    assert not is_small(large)
    assert is_small("^a{3}$")
    assert ecma_matcher(large) is ecma_matcher(large)


def test_a_schema_that_leads_to_too_much(monkeypatch):
    """It cannot be compiled; what it leads to counts once, however many references do."""
    monkeypatch.setattr("contract_first.contract.schemas.bundling.MOST_PARTS", 100)
    many = {"enum": [[number] for number in range(60)]}
    both = {"properties": {name: {"$ref": "#/components/schemas/B"} for name in "abc"}}
    wide = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in "AB"]}
    components = {"schemas": {"A": {"items": many}, "B": many}}
    document = {"openapi": "3.1.0", "paths": {}, "components": components}
    schemas = Contract(document, "pets.yaml").schemas
    assert schemas.of(both).validator.is_valid({"a": [1], "b": [59]})
    with pytest.raises(ValueError, match="leads to more than 100 objects and arrays"):
        _ = schemas.of(wide).validator
