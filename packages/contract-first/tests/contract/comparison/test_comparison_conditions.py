"""Conditions are stricter or less strict where that is sure, and a value shows it where one is found."""

import json

import pytest

from contract_first.contract.comparison import compare
from contract_first.contract.contract import Contract

from .conftest import BODY, REF, SCHEMAS, STRING

A, B = {"required": ["a"]}, {"required": ["b"]}
LISTED = {"type": "array", "items": {"type": "integer"}}
ONE = {"contains": {"const": 1}}
IF_A = {"if": A, "then": B}
OPEN = {"type": "object", "properties": {"a": STRING, "b": STRING}}
CODES = {"type": "string", "not": {"enum": ["x", "y"]}}
# a schema, and one that is stricter by its condition alone
STRICTER = {
    "contains": (LISTED, LISTED | ONE),
    "minContains": (LISTED | ONE, LISTED | ONE | {"minContains": 2}),
    "maxContains": (LISTED | ONE, LISTED | ONE | {"maxContains": 2}),
    "dependentRequired": (OPEN, OPEN | {"dependentRequired": {"a": ["b"]}}),
    "more of dependentRequired": (
        OPEN | {"dependentRequired": {"a": ["b"]}},
        OPEN | {"dependentRequired": {"a": ["b"], "b": ["c"]}},
    ),
    "dependentSchemas": (OPEN, OPEN | {"dependentSchemas": {"a": B}}),
    "patternProperties": (OPEN, OPEN | {"patternProperties": {"^x-": STRING}}),
    "propertyNames": (OPEN, OPEN | {"propertyNames": {"maxLength": 3}}),
    "unevaluatedItems": (
        {"type": "array", "prefixItems": [STRING]},
        {"type": "array", "prefixItems": [STRING], "unevaluatedItems": {"type": "integer"}},
    ),
    "not": (OPEN, OPEN | {"not": A}),
    "another not": (CODES, CODES | {"not": {"enum": ["x", "y", "z"]}}),
    "if": (OPEN, OPEN | IF_A),
    "then": (OPEN | {"if": A}, OPEN | IF_A),
    "another if": (OPEN | {"if": {"required": ["a", "c"]}, "then": B}, OPEN | IF_A),
}


@pytest.fixture
def details(document):
    """Returns the rules by which two schemas of a request differ, and their details."""

    def listed(old, new, components=None):
        documents = (document({BODY: schema, SCHEMAS: components or {}}) for schema in (old, new))
        changes = compare(*(Contract(made, "file") for made in documents))
        return [(change.difference.rule.name, change.difference.detail) for change in changes]

    return listed


@pytest.mark.parametrize("case", STRICTER)
def test_direction(details, case):
    """A condition is narrowed or widened by the direction of its change, each with a value that shows it."""
    old, new = STRICTER[case]
    for pair, kind, words in (
        ((old, new), "narrowed", "conformed, and does not any more"),
        ((new, old), "widened", "conforms now, and did not before"),
    ):
        ((rule, detail),) = details(*pair)
        assert rule == f"request-condition-{kind}"
        assert words in detail


def test_both_directions(details):
    """A condition that refuses other values than before breaks senders of some, and takes others."""
    old, new = CODES, CODES | {"not": {"enum": ["x", "z"]}}
    assert [rule for rule, _ in details(old, new)] == [
        "request-condition-narrowed",
        "request-condition-widened",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OPEN, OPEN | {"then": A}),
        (LISTED, LISTED | {"minContains": 2}),
        (OPEN | {"then": A}, OPEN | {"then": B}),
        (CODES, CODES | {"not": {"enum": ["y", "x"]}}),
    ],
)
def test_without_effect(details, old, new):
    """Keywords that have no effect alone, and values in another order, break nobody."""
    assert "request-condition-narrowed" not in [rule for rule, _ in details(old, new)]


def test_pattern_of_a_closed_object(details):
    """A pattern of names opens an object that takes no others, so it breaks no sender."""
    old = OPEN | {"additionalProperties": False}
    ((rule, detail),) = details(old, old | {"patternProperties": {"^x-": STRING}})
    assert rule == "request-condition-widened"
    assert '"x-"' in detail


@pytest.mark.parametrize("keyword", ["contains", "unevaluatedItems", "propertyNames"])
def test_through_a_reference(document, keyword):
    """A component that such a condition refers to is stricter where it says so."""
    shorter = STRING | {"maxLength": 5}
    old, new = (document({BODY: {keyword: REF}, SCHEMAS: {"Pet": pet}}) for pet in (STRING, shorter))
    (change,) = compare(Contract(old, "old"), Contract(new, "new"))
    assert change.difference.rule.name == "request-max-length-narrowed"
    assert change.difference.pointer == "/components/schemas/Pet"


def test_large_schemas_are_not_searched(details):
    """Where schemas are large, a condition that changed has no direction."""
    large = {"properties": {f"p{number}": STRING for number in range(300)}}
    ((rule, detail),) = details(large | {"not": A}, large | {"not": B})
    assert (rule, detail) == ("request-condition-changed", "not")


@pytest.mark.parametrize(
    "wide",
    [
        {"properties": {f"p{n}": REF for n in range(60)}},
        {"anyOf": [REF] * 60},
        {"items": {"anyOf": [REF] * 60}},
    ],
)
def test_schemas_that_recur(details, wide):
    """Schemas that lead to themselves by many ways are given up in time."""
    pet = {"Pet": wide | {"not": {"required": ["p0"]}}}
    changed = {"allOf": [REF], "not": {"required": ["p1", "p2"]}}
    rules = [rule for rule, _ in details({"allOf": [REF], "not": {"required": ["p1"]}}, changed, pet)]
    assert rules[0].startswith("request-condition-")


def test_a_value_is_json(details):
    """The value that shows a change can be sent as it is printed."""
    ((_, detail),) = details(OPEN, OPEN | {"not": A})
    value = json.loads(detail.removeprefix("not: ").partition(" conformed")[0])
    assert "a" in value
