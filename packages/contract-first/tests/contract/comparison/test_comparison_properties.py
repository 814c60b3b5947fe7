"""What holds for every pair of schemas."""

import jsonschema_rs
from hypothesis import given
from hypothesis import strategies as st

from contract_first.contract.comparison import compare
from contract_first.contract.contract import Contract

TYPES = ("string", "integer", "null")
TEXTS = ("", "x", "yy", "zzz")
NAMES = ("a", "b", "c")
SCALARS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 3),
            "enum": st.lists(st.sampled_from(TEXTS), min_size=1, unique=True),
            "pattern": st.sampled_from(["^x", "y"]),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={
            "minimum": st.integers(0, 2),
            "maximum": st.integers(0, 3),
            "exclusiveMaximum": st.integers(2, 5),
            "multipleOf": st.sampled_from([0.5, 1, 2, 3]),
        },
    ),
    st.builds(
        lambda types: {"type": types},
        st.lists(st.sampled_from(["string", "integer", "null"]), min_size=1, unique=True),
    ),
    st.builds(lambda value: {"const": value}, st.sampled_from([None, True, 1, 1.5, "x"])),
    st.just({}),
    st.just({"$ref": "#/components/schemas/Tree"}),
)
TREE = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/components/schemas/Tree"}},
}


def containers(inner):
    """Return objects, arrays and alternatives of schemas."""
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)},
        optional={
            "required": st.lists(st.sampled_from(NAMES), unique=True),
            "additionalProperties": st.booleans() | inner,
            "maxProperties": st.integers(0, 3),
        },
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={
            "minItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
        },
    )
    several = st.lists(inner, min_size=1, max_size=3)
    groups = st.builds(
        lambda keyword, members: {keyword: members}, st.sampled_from(["anyOf", "allOf"]), several
    )
    return objects | arrays | groups


SCHEMAS = st.recursive(SCALARS, containers, max_leaves=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 6) | st.sampled_from([0.5, 1.5, *TEXTS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
MIRRORS = {"narrowed": "widened", "removed": "added", "refused": "added", "required": "optional"}
MIRRORS |= {word: mirror for mirror, word in MIRRORS.items()} | {"widened": "narrowed", "added": "removed"}


def contract(schema):
    """Return a contract with a schema in a request body."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {"/": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}},
        "components": {"schemas": {"Tree": TREE}},
    }
    return Contract(document, "pets")


def rules(old, new):
    """Return the rules by which two schemas of requests differ."""
    return [change.difference.rule for change in compare(contract(old), contract(new))]


def mirrored(name):
    """Return the name of a rule with the old and the new swapped."""
    *stem, kind = name.replace("required-property", "property").split("-")
    return "-".join([*stem, MIRRORS.get(kind, kind)]).replace("refused", "removed")


def plain(name):
    """Return the name of a rule without what its mirror does not tell."""
    return name.replace("required-property", "property").replace("refused", "removed")


@given(SCHEMAS)
def test_nothing_differs_from_itself(schema):
    """A schema compared with itself has not changed."""
    assert rules(schema, schema) == []


@given(SCHEMAS, SCHEMAS)
def test_swapped_pairs_mirror(old, new):
    """What is stricter one way is less strict the other way, and so on for every rule."""
    there = {plain(rule.name) for rule in rules(old, new)}
    back = {plain(mirrored(rule.name)) for rule in rules(new, old)}
    assert there == back


@given(SCHEMAS, SCHEMAS, st.lists(VALUES, max_size=20))
def test_what_was_taken_is_refused_by_a_breaking_rule_only(old, new, values):
    """A request that the old schema takes and the new one refuses is a breaking change.

    But for a property that was not declared and is now: anybody who sent it knew that it is not read.
    """
    if any(takes(old, value) and not takes(new, value) for value in values):
        found = rules(old, new)
        assert any(rule.severity == "breaking" or rule.name == "request-property-added" for rule in found)


def test_a_property_that_is_required_and_no_longer_declared():
    """What had not to be sent has to be, whether it is declared or not."""
    found = rules({"properties": {"a": {}}}, {"properties": {}, "required": ["a"]})
    assert "request-property-became-required" in {rule.name for rule in found}


def takes(schema, value):
    """Tell whether a schema takes a value, by a validator that has nothing to do with the comparison."""
    document = {"allOf": [schema], "components": {"schemas": {"Tree": TREE}}}
    return jsonschema_rs.Draft202012Validator(document).is_valid(value)
