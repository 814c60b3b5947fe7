"""Values generated from schemas; openapi-core validates every response, as it does for handlers."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contract_first.contract import Contract
from contract_first.mock.pipeline import ContractResponses
from contract_first.mock.responses.authenticators import OpenAuthenticator
from contract_first.mock.responses.documented import DocumentedResponses
from contract_first.mock.responses.selection import Selection
from contract_first.service.assembly import Assembly
from contract_first.service.messages.response import Rendered

from .conftest import ref

COMPONENTS = {
    "Node": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer"},
            "parent": ref("Node"),
            "children": {"type": "array", "items": ref("Node")},
            "either": {"oneOf": [ref("Node"), {"type": "null"}]},
        },
    },
    "Chain": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"oneOf": [ref("Chain"), {"type": "null"}]}},
    },
    "Expression": {"oneOf": [ref("Sum"), {"type": "integer"}]},
    "Sum": {
        "type": "object",
        "required": ["left", "right"],
        "properties": {"left": ref("Expression"), "right": ref("Expression")},
        "additionalProperties": False,
    },
    "Cat": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}},
    "Dog": {
        "type": "object",
        "required": ["kind", "barks"],
        "properties": {"kind": {"type": "string"}, "barks": {"type": "boolean"}},
        "additionalProperties": False,
    },
}
NASTY = {
    "recursion": ref("Node"),
    "recursion that must go on until it may end": ref("Chain"),
    "recursion through alternatives": ref("Expression"),
    "allOf": {
        "allOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 5}}},
            {"properties": {"a": {"maximum": 6}, "b": {"type": "string", "format": "uuid"}}},
        ]
    },
    "closed allOf": {
        "type": "object",
        "allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}],
        "properties": {"b": {"type": "string"}},
        "unevaluatedProperties": False,
    },
    "anyOf": {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer", "minimum": 5}]},
    "oneOf of types that overlap": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    "oneOf of multiples": {
        "oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]
    },
    "oneOf of required properties": {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "oneOf of objects that any object conforms to": {
        "oneOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {"type": "string"}, "c": {"type": "integer"}}},
        ]
    },
    "discriminator": {
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog"}},
    },
    "not a range": {"type": "integer", "not": {"minimum": 3, "maximum": 900}},
    "not a value": {"enum": ["a", "b", "c"], "not": {"enum": ["a", "b"]}},
    "not a type": {"not": {"type": ["string", "object"]}},
    "not both": {"type": "object", "properties": {"a": {}, "b": {}}, "not": {"required": ["a", "b"]}},
    "if then else": {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": ["x", "y"]}, "value": {}},
        "if": {"properties": {"kind": {"const": "x"}}},
        "then": {"required": ["value"], "properties": {"value": {"type": "integer"}}},
        "else": {"properties": {"value": {"type": "string"}}},
    },
    "const": {"const": {"a": [1, None]}},
    "enum of some types": {"type": ["integer", "null"], "enum": ["a", 7, None]},
    "unique items of a few": {
        "type": "array",
        "uniqueItems": True,
        "minItems": 3,
        "items": {"enum": ["a", "b", "c"]},
    },
    "unique booleans": {"type": "array", "uniqueItems": True, "minItems": 2, "items": {"type": "boolean"}},
    "unique examples": {
        "type": "array",
        "uniqueItems": True,
        "minItems": 2,
        "items": {"type": "string", "example": "same"},
    },
    "contains": {
        "type": "array",
        "items": {"type": "integer"},
        "contains": {"minimum": 2000},
        "minContains": 2,
    },
    "prefix": {"type": "array", "prefixItems": [{"type": "string"}, {"const": 5}], "items": False},
    "empty array": {"type": "array", "maxItems": 0, "items": {"type": "string"}},
    "multiples of a fraction": {"type": "number", "multipleOf": 0.1, "minimum": 1, "exclusiveMaximum": 1.3},
    "multiples of next to nothing": {"type": "number", "multipleOf": 1e-300, "minimum": 0.5},
    "multiples of two numbers": {"type": "integer", "allOf": [{"multipleOf": 4}, {"multipleOf": 6}]},
    "an open interval": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "the greatest integer": {"type": "integer", "format": "int64", "minimum": 9223372036854775807},
    "below zero": {"type": "integer", "maximum": -5},
    "pattern": {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
    "pattern that looks ahead": {"type": "string", "pattern": "^(?!admin)[a-z]+$", "minLength": 12},
    "pattern of two": {"type": "string", "allOf": [{"pattern": "^[a-z]+$"}, {"maxLength": 3}]},
    "pattern of what is not": {"type": "string", "pattern": "^[^a-z]{4,}$", "maxLength": 5},
    "pattern that Python cannot read": {"type": "string", "pattern": "^\\p{L}+$"},
    "length": {"type": "string", "minLength": 200, "maxLength": 210},
    "one character": {"type": "string", "maxLength": 1},
    "a moment with an offset": {"type": "string", "format": "date-time", "minLength": 25, "maxLength": 25},
    "a moment to the millisecond": {"type": "string", "format": "date-time", "pattern": "\\.\\d{3}Z$"},
    "pattern properties": {
        "type": "object",
        "patternProperties": {"^x-[a-z]+$": {"type": "integer"}},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "names": {
        "type": "object",
        "propertyNames": {"pattern": "^[a-c]{2}$"},
        "minProperties": 3,
        "additionalProperties": {"type": "boolean"},
    },
    "few properties": {
        "type": "object",
        "maxProperties": 1,
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    },
    "dependent": {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "dependentRequired": {"a": ["b", "c"]},
        "dependentSchemas": {"b": {"required": ["d"]}},
    },
    "an example that violates the schema": {
        "type": "object",
        "properties": {"a": {"type": "integer", "example": "no"}, "b": {"type": "string", "example": "yes"}},
    },
    "anything": {},
    "true": True,
    "no type but properties": {"properties": {"a": {"type": "null"}}, "required": ["a"]},
    "an embedded resource": {
        "$id": "https://schemas.test/thing",
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"$ref": "#/$defs/small"}},
        "$defs": {"small": {"type": "integer", "maximum": 3}},
    },
    "an anchor": {"$ref": "#/components/schemas/Anchored"},
    "a number beyond its width": {"type": "number", "format": "int32", "minimum": 3e9},
}
BEYOND_THE_VALIDATOR = {"pattern that Python cannot read", "an anchor", "an embedded resource", "true"}
FORMATS = [
    *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4"),
    *("ipv6", "uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer"),
    *("relative-json-pointer", "regex", "byte", "password", "int32", "unheard-of"),
]


NASTY |= {f"format {each}": {"type": "string", "format": each} for each in FORMATS}


COMPONENTS["Anchored"] = {"type": "array", "items": {"$ref": "#leaf"}, "minItems": 1}


COMPONENTS["Leaf"] = {"$anchor": "leaf", "type": "string", "minLength": 3}
SCHEMAS_OF_3_0 = {
    "nullable": {"type": "string", "nullable": True},
    "an enum without null": {"type": "string", "nullable": True, "enum": ["a"]},
    "exclusive bounds": {
        "type": "number",
        "minimum": 0,
        "exclusiveMinimum": True,
        "maximum": 1,
        "exclusiveMaximum": True,
    },
    "write-only": {
        "type": "object",
        "required": ["secret", "id"],
        "properties": {"secret": {"type": "string", "writeOnly": True}, "id": {"type": "integer"}},
    },
    "write-only, by allOf and behind a reference": {
        "allOf": [
            {"type": "object", "properties": {"secret": ref("Secret"), "id": {"readOnly": True}}},
            {"required": ["secret", "id"]},
        ]
    },
    "discriminator of inline schemas": {
        "oneOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": [each]}}}
            for each in ("cat", "dog")
        ],
        "discriminator": {"propertyName": "kind"},
    },
    "discriminator of a reference and an inline schema": {
        "anyOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["cat"]}}},
            ref("Tree"),
        ],
        "discriminator": {"propertyName": "kind"},
    },
    "discriminator beside allOf": {
        "allOf": [ref("Tree")],
        "required": ["kind"],
        "properties": {"kind": {"enum": ["cat", "dog"]}},
        "discriminator": {"propertyName": "kind"},
    },
    "recursion": ref("Tree"),
    "allOf": {"allOf": [ref("Tree"), {"type": "object", "properties": {"x": {"type": "string"}}}]},
}
SECRET = {"type": "string", "writeOnly": True}
TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": ref("Tree")}},
}


def assert_accepted(contract, operation, status, seed, drawn):
    """Make a response, and validate its bytes."""
    assembly = Assembly(contract, OpenAuthenticator())
    generator = ContractResponses(seed).generator(assembly)
    made = DocumentedResponses(operation, assembly, generator).make(Selection(status, drawn=drawn), [])
    rendered = made.rendered
    media_type = next((value.decode() for name, value in rendered.headers if name == b"content-type"), None)
    with_all = Rendered(rendered.status, rendered.headers, rendered.body)
    assert assembly.response_validator.errors(operation, with_all, media_type) == []
    return made


def contract_of(schema, openapi="3.1.0", components=COMPONENTS):
    """Return a contract whose only response has this schema."""
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    paths = {"/": {"get": {"operationId": "op", "responses": {"200": response}}}}
    document = {"openapi": openapi, "info": {"title": "t", "version": "1"}, "paths": paths}
    return Contract({**document, "components": {"schemas": components}}, "test")


@pytest.mark.parametrize("name", sorted(set(NASTY) - BEYOND_THE_VALIDATOR))
def test_generated_values_are_valid(name):
    """Values conform to each keyword, alone and with others, whatever the seed and the request."""
    contract = contract_of(NASTY[name])
    for drawn in ("", "a", "b", "c"):
        assert_accepted(contract, contract.operations[0], 200, f"seed {drawn}", drawn)


@pytest.mark.parametrize("name", SCHEMAS_OF_3_0)
def test_generated_values_of_3_0_are_valid(name):
    """A document of 3.0 is read in its own dialect."""
    contract = contract_of(SCHEMAS_OF_3_0[name], "3.0.3", {"Tree": TREE, "Secret": SECRET})
    for drawn in ("", "a", "b"):
        assert_accepted(contract, contract.operations[0], 200, "", drawn)


SIMPLE = st.deferred(
    lambda: st.one_of(
        st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, INT, SMALL),
        st.builds(
            lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more}, SMALL, SMALL
        ),
        st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": 3}, {}, ref("Node"), ref("Chain")]),
        st.builds(lambda each: {"anyOf": each}, st.lists(SIMPLE, min_size=1, max_size=3)),
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, SIMPLE, SMALL),
        st.builds(
            lambda properties, required: {
                "type": "object",
                "properties": properties,
                "required": [each for each in properties if each in required],
            },
            st.dictionaries(st.sampled_from("abc"), SIMPLE),
            st.sets(st.sampled_from("abc")),
        ),
        st.builds(lambda one, other: {"if": one, "then": other}, SIMPLE, SIMPLE),
    )
)
INT, SMALL = st.integers(-1000, 1000), st.integers(0, 3)


def nested(schema, *least):
    """Return the schema of arrays of arrays of so many items."""
    for each in least:
        schema = {"type": "array", "items": schema, "minItems": each}
    return schema


NOT_NAUGHT = {"if": {"const": 0, "type": "integer", "maximum": 0}, "then": {"minimum": 1}}


@given(SIMPLE, st.text(max_size=5))
@example(nested(NOT_NAUGHT, 1, 3, 2), "")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_generated_values_of_random_schemas_are_valid(schema, seed):
    """Schemas put together at random, to each of which some value conforms, get one that does."""
    contract = contract_of(schema)
    assert_accepted(contract, contract.operations[0], 200, seed, "")


def test_a_pattern_that_python_cannot_read_is_validated_by_another_engine(responding_with):
    """Where openapi-core cannot validate, jsonschema-rs does."""
    response = responding_with(NASTY["pattern that Python cannot read"]).get()
    assert response.status == 200
    assert response.json.isalpha()
    anchored = responding_with(NASTY["an anchor"], components={"schemas": COMPONENTS}).get()
    assert len(anchored.json[0]) >= 3


def test_a_recursive_response_is_small(responding_with):
    """Recursion is shown once, and not followed as far as it would go."""
    response = responding_with(ref("Node"), components={"schemas": COMPONENTS}).get()
    assert response.json.keys() == {"id", "children"}
    assert [each["children"] for each in response.json["children"]] == [[]]
    assert len(json.dumps(response.json)) < 100


def test_what_no_value_conforms_to_as_it_was_written(responding_with):
    """It is left out where it is optional, and lists of it are empty; what is required is sent as read."""
    one = {"type": "string", "enum": ["1"], "x-no-value": True}
    properties = {"optional": one, "required": one, "list": {"type": "array", "items": one}}
    response = responding_with({"type": "object", "properties": properties, "required": ["required"]}).get()
    assert response.json == {"required": "1", "list": []}
