"""Subtypes are compared, and what references of any kind lead to."""

import pytest

from contract_first.contract.comparison import compare
from contract_first.contract.contract import Contract

from .conftest import AGED, BODY, INTEGER, LONGER, REF, RESPONSE, SCHEMAS, STRING

BASE = {"type": "object", "properties": {"kind": STRING}}
MAPPED = BASE | {
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "dog": "Dog"}}
}
KINDS = {"Cat": {"allOf": [REF, AGED]}, "Dog": {"properties": {"age": STRING}}}
IMPLIED = {
    "Pet": BASE | {"discriminator": {"propertyName": "kind"}},
    "Feline": {"allOf": [REF]},
    "Cat": {"allOf": [{"$ref": "#/components/schemas/Feline"}, AGED]},
}
OLD_CAT = {"allOf": [REF, {"properties": {"age": {"type": "number"}}}]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"Pet": MAPPED} | KINDS, {"Pet": MAPPED} | KINDS | {"Cat": OLD_CAT}),
        ({"Pet": MAPPED} | KINDS, {"Pet": MAPPED} | KINDS | {"Dog": {"properties": {"age": LONGER}}}),
        (
            IMPLIED,
            IMPLIED | {"Cat": {"allOf": [{"$ref": "#/components/schemas/Feline"}, *OLD_CAT["allOf"][1:]]}},
        ),
    ],
)
def test_subtypes(document, rules, old, new):
    """What only a discriminator leads to is compared as well: by its mapping, or by the names of subtypes."""
    before, now = (document({BODY: REF, SCHEMAS: schemas}) for schemas in (old, new))
    (rule,) = rules(before, now)
    assert rule in {"request-type-widened", "request-max-length-narrowed"}


def test_subtype_that_comes_or_goes(document, rules):
    """A subtype that is new or gone is an alternative more or less."""
    fewer, more = (
        document({RESPONSE: REF, SCHEMAS: schemas})
        for schemas in ({"Pet": IMPLIED["Pet"]}, {"Pet": IMPLIED["Pet"], "Cat": {"allOf": [REF, AGED]}})
    )
    assert rules(fewer, more) == ["response-alternative-added"]
    assert rules(more, fewer) == ["response-alternative-removed"]


def test_subtypes_of_others(document, rules):
    """Who responds with one subtype is not concerned with the others."""
    feline = {"$ref": "#/components/schemas/Cat"}
    before, now = (
        document(
            {RESPONSE: feline, SCHEMAS: IMPLIED | {"Dog": {"allOf": [REF, {"properties": {"age": age}}]}}}
        )
        for age in (STRING, INTEGER)
    )
    assert rules(before, now) == []


@pytest.mark.parametrize("odd", ["kind", True, {"mapping": ["Cat"]}, {"mapping": {"cat": 1}}])
def test_odd_discriminator(document, rules, odd):
    """A discriminator that OpenAPI 3.1's own schema lets pass leads nowhere, if it is none."""
    same = document({BODY: REF, SCHEMAS: {"Pet": BASE | {"discriminator": odd}, "Cat": AGED}})
    assert rules(same, same) == []


NAMED = [
    ("#one", lambda schema: {"$anchor": "one", **schema}),
    ("urn:one", lambda schema: {"$id": "urn:one", **schema}),
    (
        "urn:one#/$defs/a",
        lambda schema: {"$id": "urn:one", "$defs": {"a": {"$ref": "#b"}, "b": {"$anchor": "b", **schema}}},
    ),
]


@pytest.mark.parametrize(("reference", "named"), NAMED)
@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, "enum-narrowed"),
        (INTEGER, INTEGER | {"minimum": 5}, "minimum-narrowed"),
    ],
)
def test_behind_anchors_and_ids(document, rules, reference, named, old, new, rule):
    """What changed in a schema that is referred to by its name is found as if by its pointer."""
    before, after = (
        document({BODY: {"$ref": reference}, SCHEMAS: {"Named": named(schema)}}) for schema in (old, new)
    )
    assert rules(before, before) == []
    assert rules(before, after) == [f"request-{rule}"]


def test_behind_a_dynamic_reference(document, rules):
    """A dynamic reference is followed to the anchor that it names."""
    before, after = (
        document(
            {BODY: {"$dynamicRef": "#one"}, SCHEMAS: {"Named": {"$dynamicAnchor": "one", "enum": values}}}
        )
        for values in (["a", "b"], ["a"])
    )
    assert rules(before, after) == ["request-enum-narrowed"]


FOO_OR_BAR = [{"required": ["foo"]}, {"required": ["bar"]}]
FOO_AND_BAR = {"type": "object", "properties": {"foo": STRING, "bar": STRING}}


@pytest.mark.parametrize(
    "old", [FOO_AND_BAR, FOO_AND_BAR | {"required": ["foo"]}, FOO_AND_BAR | {"anyOf": FOO_OR_BAR}]
)
def test_both_of_one_of(document, old):
    """Who sends what conforms to two schemas of a new ``oneOf`` is refused: that is not safe."""
    new = FOO_AND_BAR | {"oneOf": FOO_OR_BAR}
    changes = compare(*(Contract(document({BODY: body}), "pets") for body in (old, new)))
    assert changes
    assert all(change.severity != "safe" for change in changes)
