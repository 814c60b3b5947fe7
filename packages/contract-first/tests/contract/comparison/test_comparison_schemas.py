"""Two spellings of one thing are no change, and a change is found wherever it stands."""

import pytest

from contract_first.contract.comparison import compare
from contract_first.contract.contract import Contract
from contract_first.contract.document import pointers

from .conftest import AGED, BODY, INTEGER, LONGER, PET, REF, SCHEMAS, SHORTER, STRING

NULL = {"type": "null"}
SAME = [
    (STRING | {"const": "a"}, {"enum": ["a"]}),
    ({"const": 1}, {"const": 1.0}),
    ({"enum": [{"a": [1]}]}, {"enum": [{"a": [1.0]}]}),
    (STRING | {"format": "byte"}, STRING | {"contentEncoding": "base64"}),
    (STRING | {"format": "binary"}, STRING | {"contentMediaType": "application/octet-stream"}),
    ({"type": ["string", "null"]}, {"anyOf": [STRING, NULL]}),
    ({"type": ["string", "null"]}, {"oneOf": [NULL, STRING]}),
    ({"type": ["string", "integer"]}, {"anyOf": [INTEGER, STRING]}),
    ({"type": ["integer", "number"]}, {"type": "number"}),
    ({"enum": ["a", "b"]}, {"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]}),
    (PET, {"allOf": [{"type": "object", "required": ["name"]}, {"properties": {"name": STRING}}]}),
    (PET, {"allOf": [PET, PET]}),
    (PET, {"anyOf": [PET]}),
    (PET, REF),
    (PET, {"$ref": "#/components/schemas/Pet", "description": "A pet"}),
    ({"anyOf": [PET, AGED]}, {"anyOf": [AGED, PET]}),
    ({"anyOf": [PET, {"anyOf": [AGED, STRING]}]}, {"anyOf": [STRING, AGED, REF]}),
    (True, {}),
    (STRING | {"minLength": 0}, STRING),
    (STRING | {"maxItems": 3}, STRING),
    (STRING | {"pattern": ""}, STRING),
    (STRING | {"pattern": "^"}, STRING | {"pattern": ".*"}),
    (PET | {"additionalProperties": True}, PET),
    (PET | {"additionalProperties": False}, PET | {"unevaluatedProperties": False}),
    ({"type": "array", "items": {}}, {"type": "array"}),
    (STRING | {"title": "A", "description": "a", "examples": ["a"]}, STRING),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling(schema_rules, one, other):
    """Two spellings of one schema are no change, in either direction."""
    assert schema_rules(one, other, schemas={"Pet": PET}) == ([], [])
    assert schema_rules(other, one, schemas={"Pet": PET}) == ([], [])


@pytest.mark.parametrize(
    ("in_30", "in_31"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
            {"type": "integer", "exclusiveMinimum": 0},
        ),
        ({"type": "number", "maximum": 9, "exclusiveMaximum": False}, {"type": "number", "maximum": 9}),
        ({"$ref": "#/components/schemas/Pet", "nullable": True}, REF),
    ],
)
def test_spelling_of_versions(document, rules, in_30, in_31):
    """OpenAPI 3.0 and 3.1 spell one schema in their own ways."""
    pets = {SCHEMAS: {"Pet": PET}}
    old, new = document(pets | {BODY: in_30}), document(pets | {BODY: in_31})
    old["openapi"] = "3.0.3"
    assert rules(old, new) == []
    assert rules(new, old) == []


PLACES = {
    "property": lambda schema: {"type": "object", "properties": {"a": schema}},
    "items": lambda schema: {"type": "array", "items": schema},
    "first item": lambda schema: {"type": "array", "prefixItems": [schema]},
    "additional properties": lambda schema: {"type": "object", "additionalProperties": schema},
    "properties of a pattern": lambda schema: {"type": "object", "patternProperties": {"^x-": schema}},
    "names of properties": lambda schema: {"type": "object", "propertyNames": schema},
    "allOf": lambda schema: {"allOf": [{"type": "string"}, schema]},
    "anyOf": lambda schema: {"anyOf": [schema, PET]},
    "nullable": lambda schema: {"anyOf": [schema, NULL]},
    "far below": lambda schema: {
        "allOf": [{"properties": {"a": {"items": {"oneOf": [{"properties": {"b": schema}}, INTEGER]}}}}]
    },
    "allOf of a property": lambda schema: {
        "allOf": [{"properties": {"a": STRING}}, {"properties": {"a": schema}}]
    },
}


@pytest.mark.parametrize("place", PLACES)
def test_found_wherever_it_stands(schema_rules, place):
    """A limit that became stricter is found below properties, items and alternatives."""
    built = PLACES[place]
    assert schema_rules(built(LONGER), built(SHORTER)) == (
        ["request-max-length-narrowed"],
        ["response-max-length-narrowed"],
    )


def test_through_references(document, rules):
    """A change of a component is found where a ``$ref`` leads to it through another component."""
    old, new = (
        document(
            {
                SCHEMAS: {
                    "Pet": {"properties": {"tag": {"$ref": "#/components/schemas/Tag"}}},
                    "Tag": tag,
                },
                ("paths", "/pets", "post", "requestBody", "content", "application/json", "schema"): REF,
            }
        )
        for tag in (LONGER, SHORTER)
    )
    assert rules(old, new) == ["request-max-length-narrowed"]


@pytest.mark.parametrize("condition", ["not", "if", "then", "else"])
def test_condition_through_a_reference(document, condition):
    """A component that a condition refers to has changed the condition, which is reported there."""
    old, new = (document({BODY: {condition: REF}, SCHEMAS: {"Pet": pet}}) for pet in (LONGER, SHORTER))
    assert compare(Contract(old, "old"), Contract(old, "new")) == []
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    found = change.difference
    assert (found.rule.name, found.detail) == ("request-condition-changed", condition)
    assert found.pointer == pointers.join("", *BODY)


CAT = {"$ref": "#/components/schemas/Cat"}
WRAPPED = [
    ({"allOf": [REF], "additionalProperties": False}, {"allOf": [REF]}, ()),
    ({"$ref": "#/components/schemas/Pet", "minProperties": 1}, REF, ()),
    ({"anyOf": [REF, NULL]}, REF, ("anyOf", 1)),
    ({"oneOf": [REF, CAT]}, REF, ("oneOf", 1)),
    ({"oneOf": [REF, CAT], "discriminator": {"propertyName": "name"}}, {"oneOf": [REF, CAT]}, ()),
]


@pytest.mark.parametrize(("one", "other", "keys"), WRAPPED)
def test_found_where_it_changed(document, one, other, keys):
    """What changed around components is reported there, once, and not where the components stand."""
    documents = [document({BODY: body, SCHEMAS: {"Pet": PET, "Cat": AGED}}) for body in (one, other)]
    for old, new in (documents, reversed(documents)):
        (change,) = compare(Contract(old, "old"), Contract(new, "new"))
        assert change.difference.pointer == pointers.join("", *BODY, *keys)


RECURSIVE = {
    "itself": {"Pet": {"$ref": "#/components/schemas/Pet"}},
    "property": {"Pet": {"type": "object", "properties": {"a": LONGER, "child": REF}}},
    "allOf": {"Pet": {"allOf": [REF, {"properties": {"a": LONGER}}]}},
    "anyOf": {"Pet": {"anyOf": [REF, STRING, {"type": "array", "items": REF}]}},
    "two": {
        "Pet": {"oneOf": [{"$ref": "#/components/schemas/Tag"}, STRING]},
        "Tag": {"type": "object", "additionalProperties": REF},
    },
}


@pytest.mark.parametrize("schemas", RECURSIVE.values(), ids=RECURSIVE)
def test_recursion(schema_rules, schemas):
    """A schema that recurs is compared to the end, and equals itself."""
    assert schema_rules(REF, REF, schemas=schemas) == ([], [])


def test_change_within_recursion(document):
    """A change in a schema that recurs is reported once."""
    old, new = (
        document({BODY: REF, SCHEMAS: {"Pet": {"properties": {"a": leaf, "child": REF}}}})
        for leaf in (LONGER, SHORTER)
    )
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    assert (change.difference.where, change.difference.detail) == ("Pet.a", "maxLength 5, was 9")


@pytest.mark.parametrize("marked", ["readOnly", "writeOnly"])
def test_properties_for_the_other_side(schema_rules, marked):
    """A property that only responses have concerns no request, and the reverse."""
    old = PET | {"required": ["name", "id"], "properties": {"name": STRING, "id": STRING | {marked: True}}}
    requests, responses = schema_rules(old, PET)
    concerned, other = (responses, requests) if marked == "readOnly" else (requests, responses)
    assert concerned[0].endswith("property-removed")
    assert other == []


def test_alternatives_that_stay(document):
    """An alternative that stays as it is has not changed, whatever becomes of the others."""
    hexadecimal, words = STRING | {"pattern": "^[0-9a-f]+$"}, STRING | {"pattern": "^[a-z ]+$"}
    old, new = (document({BODY: {"anyOf": [first, words]}}) for first in (hexadecimal, {"type": "boolean"}))
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    assert change.difference.rule.name == "request-type-changed"
    assert change.difference.pointer == pointers.join("", *BODY, "anyOf", 0)


def test_alternatives_by_their_constants(schema_rules):
    """An alternative is known by its constants: taking out one of many is one change."""
    cats, dogs, birds = (
        {"type": "object", "properties": {"kind": {"const": kind}, "name": STRING}}
        for kind in ("cat", "dog", "bird")
    )
    assert schema_rules({"oneOf": [cats, dogs, birds]}, {"oneOf": [cats, birds]}) == (
        ["request-alternative-removed"],
        ["response-alternative-removed"],
    )


def test_a_pattern_that_every_string_matches_breaks_no_request(schema_rules):
    """A pattern that bounds nothing any more is less strict, and refuses no request of before."""
    wider = schema_rules(STRING | {"pattern": r"^\w+$"}, STRING | {"pattern": ""})
    assert wider == (["request-pattern-widened"], ["response-pattern-widened"])


def test_a_schema_without_a_value_is_described(minimal_pair):
    """That no value conforms, or that none did, is said in words."""
    nothing = STRING | {"enum": [1]}
    assert "no value conforms any more, it was string" in minimal_pair(STRING, nothing)
    assert "string, no value conformed before" in minimal_pair(nothing, STRING)


@pytest.fixture
def minimal_pair():
    """Return a function that compares two schemas of a parameter and returns the details."""

    def details(old, new):
        contracts = []
        for schema in (old, new):
            parameter = {"in": "query", "name": "kind", "schema": schema}
            operation = {"parameters": [parameter], "responses": {"200": {"description": "OK"}}}
            info = {"title": "Kinds", "version": "1"}
            contracts.append(
                Contract({"openapi": "3.1.0", "info": info, "paths": {"/k": {"get": operation}}}, "kinds")
            )
        return [change.difference.detail for change in compare(*contracts)]

    return details
