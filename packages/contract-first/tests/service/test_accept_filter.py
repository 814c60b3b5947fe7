import operator
import re
import runpy
import warnings
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from contract_first.contract import msgspec_types
from contract_first.contract.document.formats import decider
from contract_first.contract.document.json_types import INTEGERS
from contract_first.contract.schemas.keywords import validator_of
from contract_first.service.messages.response import Rendered

engines = runpy.run_path(str(Path(__file__).with_name("engines.py")))
Engines, rendered = engines["Engines"], engines["rendered"]
NAMES, texts, numbers, scalars, values = (
    engines[name] for name in ("NAMES", "texts", "numbers", "scalars", "values")
)


def is_python_pattern(pattern):
    """Tell whether Python reads the pattern, and without doubts."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(pattern)
        except (re.error, FutureWarning):
            return False
    return True


LITERALS = [
    "a",
    "b",
    "1",
    "é",
    " ",
    ".",
    "^",
    "$",
    "[a-c]",
    "[^a]",
    "(?:a|b)",
    "(a)",
    "(?=a)",
    "(?!1)",
    "(?<=a)",
]
ESCAPES = [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\n", r"\u00e9", r"\$", r"[\d-]", r"\1"]
pieces = st.sampled_from(LITERALS + ESCAPES)
pattern_pieces = st.tuples(pieces, st.sampled_from(["", "", "", "+", "*", "?", "{2}", "{1,}", "+?", "++"]))
patterns = st.lists(pattern_pieces, min_size=1, max_size=4).map(lambda some: "".join(map("".join, some)))
types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
type_lists = st.lists(types, min_size=1, max_size=3, unique=True)
FORMATS = [
    "byte",
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "password",
    "regex",
    "time",
    "uri",
    "uuid",
]
formats = st.sampled_from([*FORMATS, *INTEGERS])
positive = st.sampled_from([1, 2, 3, 0.01, 0.1, 0.5, 1.5, 1e-10])


def keywords(**strategies):
    """Return schemas with some of these keywords."""
    return st.fixed_dictionaries({}, optional=strategies)


leaves = (
    st.booleans()
    | keywords(type=types | type_lists)
    | keywords(const=values)
    | keywords(enum=st.lists(values, min_size=1, max_size=3))
    | keywords(pattern=patterns.filter(is_python_pattern), minLength=st.integers(0, 3))
    | keywords(type=types | type_lists, format=formats, maxLength=st.integers(0, 12))
    | keywords(minimum=numbers, exclusiveMaximum=numbers, multipleOf=positive)
    | st.just({"$ref": "#/components/schemas/Node"})
)


def write_only(schema):
    """Return a schema that is write-only, unless it is a boolean."""
    return {**schema, "writeOnly": True} if isinstance(schema, dict) else schema


def around(inner):
    """Return schemas that hold other schemas."""
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from(NAMES), inner | inner.map(write_only), max_size=2)
    sizes = st.integers(0, 2)
    return (
        keywords(items=inner, prefixItems=some, uniqueItems=st.booleans(), maxItems=sizes)
        | keywords(contains=inner, minContains=sizes, maxContains=sizes, unevaluatedItems=inner)
        | keywords(
            properties=named, required=st.lists(st.sampled_from(NAMES), unique=True), minProperties=sizes
        )
        | keywords(properties=named, additionalProperties=inner, propertyNames=inner)
        | keywords(allOf=some, properties=named, unevaluatedProperties=inner)
        | keywords(dependentSchemas=named, dependentRequired=st.just({"a": ["b"]}), anyOf=some)
        | keywords(oneOf=some, **{"not": inner})
        | keywords(**{"if": inner, "then": inner, "else": inner})
        | keywords(patternProperties=st.dictionaries(patterns.filter(is_python_pattern), inner, max_size=1))
    )


schemas = st.recursive(leaves, around, max_leaves=6)
NODE = {"properties": {"a": {"$ref": "#/components/schemas/Node"}, "b": {"type": ["integer", "null"]}}}


@settings(max_examples=250, deadline=None)
@given(schemas, st.lists(values, min_size=1, max_size=6))
def test_the_filter_accepts_nothing_that_the_validator_refuses(schema, some):
    """Whatever the schema and the body, what the filter accepts is accepted by openapi-core."""
    engines = Engines.over_schema(schema, schemas={"Node": NODE})
    event(f"accepted {sum(engines.accepts(value) for value in some) > 0}")
    assert [each for value in some for each in engines.wrongly_accepted(value)] == []


INTEGER = {"type": "integer"}
FOREIGN_TO_30 = [
    {"const": 1},
    {"contains": INTEGER},
    {"contains": {}, "maxContains": 0},
    {"prefixItems": [INTEGER]},
    {"unevaluatedItems": INTEGER},
    {"patternProperties": {"a": INTEGER}},
    {"propertyNames": {"enum": ["a"]}},
    {"unevaluatedProperties": INTEGER},
    {"dependentSchemas": {"a": INTEGER}},
    {"dependentRequired": {"a": ["b"]}},
    {"dependencies": {"a": ["b"]}},
    {"if": INTEGER, "then": {"enum": [1]}, "else": {"enum": ["a"]}},
    {"$dynamicRef": "#/components/schemas/Node"},
    {"$id": "urn:x", "const": 1},
    {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string", "nullable": True},
]


def marked(inner):
    """Return schemas of OpenAPI 3.0 with what its dialect alone has, and keywords that it lacks."""
    flags = st.booleans()
    return st.builds(
        operator.or_,
        inner.filter(lambda schema: isinstance(schema, dict)),
        keywords(nullable=flags, readOnly=flags, writeOnly=flags, exclusiveMinimum=flags)
        | st.sampled_from(FOREIGN_TO_30),
    )


leaves_30 = marked(
    keywords(type=types.filter(lambda name: name != "null"), format=formats, maxLength=st.integers(0, 12))
    | keywords(type=st.sampled_from(["string", "integer"]), enum=st.lists(values, min_size=1, max_size=3))
    | keywords(pattern=patterns.filter(is_python_pattern), minLength=st.integers(0, 3))
    | keywords(minimum=numbers, maximum=numbers, exclusiveMaximum=st.booleans(), multipleOf=positive)
    | st.just({"$ref": "#/components/schemas/Node"})
)


def around_30(inner):
    """Return schemas of OpenAPI 3.0 that hold other schemas."""
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)
    names = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)
    sizes = st.integers(0, 2)
    return marked(
        keywords(items=inner, uniqueItems=st.booleans(), maxItems=sizes, type=st.just("array"))
        | keywords(properties=named, required=names, minProperties=sizes)
        | keywords(properties=named, required=names, additionalProperties=inner | st.booleans())
        | keywords(allOf=some, properties=named, required=names)
        | keywords(oneOf=some, anyOf=some, **{"not": inner})
    )


schemas_30 = st.recursive(leaves_30, around_30, max_leaves=6)
NODE_30 = {
    "type": "object",
    "nullable": True,
    "required": ["a", "b"],
    "properties": {
        "a": {"$ref": "#/components/schemas/Node"},
        "b": {"type": "integer", "nullable": True, "writeOnly": True},
    },
}


@settings(max_examples=250, deadline=None)
@given(schemas_30, st.lists(values, min_size=1, max_size=6))
def test_the_filter_accepts_nothing_of_3_0_that_the_validator_refuses(schema, some):
    """The same of OpenAPI 3.0: null, exclusive bounds, and what is not for responses."""
    engines = Engines.over_schema(schema, openapi="3.0.3", schemas={"Node": NODE_30})
    event(f"accepted {sum(engines.accepts(value) for value in some) > 0}")
    assert [wrong for value in some for wrong in engines.wrongly_accepted(value)] == []


KINDS = {
    "A": {"required": ["b"], "properties": {"b": {"type": "integer"}}},
    "B": {"properties": {"a": {"type": "string", "writeOnly": True}}, "required": ["a"]},
    "Node": NODE_30,
}
references = st.sampled_from([{"$ref": f"#/components/schemas/{name}"} for name in KINDS])
kinds = st.lists(references, min_size=1, max_size=3)
mappings = st.dictionaries(
    st.sampled_from(["x", "A", ""]), st.sampled_from(["#/components/schemas/A", "B", "#/nowhere"]), max_size=2
)
discriminated = st.fixed_dictionaries(
    {
        "discriminator": st.fixed_dictionaries(
            {"propertyName": st.just("kind")}, optional={"mapping": mappings}
        )
    },
    optional={
        "oneOf": kinds,
        "anyOf": kinds | st.lists(references | st.booleans().map(lambda _: {}), min_size=1),
        "allOf": kinds,
        "properties": st.just({"kind": {"type": "string"}}),
        "nullable": st.booleans(),
        "type": st.just("object"),
    },
)
objects = st.fixed_dictionaries(
    {"kind": st.sampled_from(["A", "B", "Node", "x", "", None, 1])}, optional={"a": scalars, "b": scalars}
)


@settings(max_examples=200, deadline=None)
@given(
    discriminated
    | discriminated.map(lambda schema: {"items": schema})
    | discriminated.map(lambda schema: {"not": schema})
    | discriminated.map(lambda schema: {"oneOf": [schema, {"type": "object"}]}),
    st.lists(objects | scalars | objects.map(lambda value: [value]), min_size=1, max_size=6),
    st.sampled_from(["3.0.3", "3.1.0", "3.2.0"]),
)
def test_the_filter_accepts_nothing_by_a_discriminator_that_the_validator_refuses(schema, some, openapi):
    """The same of alternatives that a discriminator selects, with any mapping at any place."""
    engines = Engines.over_schema(schema, openapi=openapi, schemas=KINDS)
    event(f"accepted {sum(engines.accepts(value) for value in some) > 0}")
    assert [wrong for value in some for wrong in engines.wrongly_accepted(value)] == []


kinds_of_leaves = (
    keywords(type=st.sampled_from(["integer", "number"]), minimum=numbers, exclusiveMaximum=numbers)
    | keywords(type=st.just("integer"), format=st.sampled_from(sorted(INTEGERS)), multipleOf=positive)
    | keywords(type=st.just("number"), multipleOf=positive, minimum=numbers, maximum=numbers)
    | keywords(type=st.just("string"), minLength=st.integers(0, 3), maxLength=st.integers(0, 3))
    | keywords(type=st.just("string"), format=formats)
    | keywords(type=types | type_lists, enum=st.lists(scalars, min_size=1, max_size=3))
    | keywords(type=types | type_lists)
    | st.just({"$ref": "#/components/schemas/Node"})
    | st.sampled_from([True, {}])
)


def typed_around(inner):
    """Return schemas of kinds that types of msgspec have: objects, tagged alternatives, parts of them."""
    named = st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    names = st.lists(st.sampled_from(NAMES), unique=True)
    tags = st.lists(st.sampled_from(["a", "b", 1, None]), min_size=1, max_size=2).map(
        lambda values: {"enum": values}
    )
    objects = keywords(
        type=st.just("object"), properties=named, required=names, additionalProperties=st.booleans()
    )
    tagged = st.builds(
        lambda schema, tag: {**schema, "properties": {**schema.get("properties", {}), "a": tag}},
        objects,
        tags,
    )
    some = st.lists(objects | tagged | inner, min_size=1, max_size=3)
    return (
        objects
        | keywords(type=st.just("array"), items=inner, minItems=st.integers(0, 2), maxItems=st.integers(0, 2))
        | keywords(type=st.just("object"), additionalProperties=inner, maxProperties=st.integers(0, 2))
        | keywords(oneOf=some, type=st.just("object"))
        | keywords(anyOf=some)
        | keywords(oneOf=st.lists(tagged, min_size=2, max_size=3), properties=named)
        | keywords(
            allOf=some, properties=named, required=names, unevaluatedProperties=st.sampled_from([False])
        )
        | keywords(allOf=some, enum=st.lists(values, min_size=1, max_size=3))
    )


typed_schemas = st.recursive(kinds_of_leaves, typed_around, max_leaves=8)
members = st.dictionaries(st.sampled_from(NAMES), scalars | st.sampled_from(["a", "b", 1]), max_size=3)


@settings(max_examples=150, deadline=None)
@given(
    typed_schemas,
    st.lists(values | members | members.map(lambda value: [value]), min_size=1, max_size=4),
    st.sampled_from(["3.0.3", "3.1.0"]),
)
def test_types_accept_nothing_that_the_validator_refuses(schema, some, openapi):
    """The same of schemas that are types of msgspec, by which a body is read."""
    engines = Engines.over_schema(
        schema, openapi=openapi, schemas={"Node": NODE_30 if openapi == "3.0.3" else NODE}
    )
    event(f"has a type {engines.reader is not None}")
    assert [wrong for value in some for wrong in engines.wrongly_accepted(value)] == []


OBJECT = {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}}
OBJECTS = {"A": OBJECT, "B": {**OBJECT, "required": ["a"]}, "Node": NODE}
A, B = {"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}
CLOSED = {"allOf": [A], "unevaluatedProperties": False}
TAGGED = [{"properties": {"kind": {"const": kind}, kind: A}, "type": "object"} for kind in ("x", "y")]

# schema, values that its type reads, values that it refuses
TYPES = [
    ({"type": "integer", "format": "int64"}, [2**63 - 1, -(2**63)], [2**63, "1", True]),
    ({"type": "integer", "minimum": 0.5, "exclusiveMaximum": 2}, [1], [0, 2]),
    ({"type": "integer", "multipleOf": 0.5}, [1], [None]),
    ({"type": "integer", "maximum": 2**64}, [2**63], [2**64 + 1]),
    ({"enum": [2**63, 1.5, True, {}]}, [2**63, 1.5, True, {}], [1, 2**63 + 1, [1]]),
    ({"type": "number", "maximum": 2**53}, [2**53, 0.5], [2**53 + 1]),
    ({"type": ["string", "null"], "maxLength": 1}, ["é", None], ["ab", 1]),
    ({"type": "string", "enum": ["a", "ab"], "maxLength": 1}, ["a"], ["ab"]),
    ({"anyOf": [A, {"type": "null"}]}, [None, {"b": 1}], [{}, {"b": "1"}]),
    (CLOSED, [{"b": 1}], [{"b": 1, "a": 1}]),
    ({"oneOf": TAGGED}, [{"kind": "x", "x": {"b": 1}}, {"kind": "y", "x": 1}], [{"kind": "x", "x": 1}, {}]),
    ({"required": ["a"], "properties": {"b": True}, "additionalProperties": False}, [], [{"a": 1}]),
    ({"type": "object", "properties": {'"': {"type": "integer"}}}, [{'"': 1}], [{'"': "1"}]),
    ({"type": "array", "items": A, "maxItems": 1}, [[], [{"b": 1}]], [[{}], [{"b": 1}, {"b": 1}]]),
    ({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, [[1, 2]], [[1, 1]]),
    (
        {"type": "string", "format": "date-time"},
        ["2026-01-31T00:00:00Z", "2026-04-30T23:59:59.123456+01:00"],
        ["2026-01-01 00:00:00+00:00", "2026-01-01T00:00:00+0000", "2026-04-31T00:00:00Z"],
    ),
    (
        {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": True}}}]},
        [],
        [{"a": 1}],
    ),
    ({"oneOf": [{"type": "integer"}, {"required": ["k"], "properties": {"k": {"enum": []}}}]}, [], [5]),
]


@pytest.mark.parametrize(("schema", "accepted", "refused"), TYPES)
def test_types_read_what_conforms(schema, accepted, refused):
    """What conforms is accepted as it is read, without a validator of the whole."""
    engines = Engines.over_schema(schema, schemas=OBJECTS)
    assert [engines.reads(value) for value in accepted] == [True] * len(accepted)
    assert [engines.accepts(value) for value in refused] == [False] * len(refused)


@pytest.mark.parametrize(
    "schema", [{"$ref": "#/components/schemas/Node"}, {"oneOf": [A, B]}, {"contains": A}, {"not": A}]
)
def test_schemas_without_a_type(schema):
    """What refers to itself, or has alternatives that nothing tells apart, a validator accepts."""
    engines = Engines.over_schema(schema, schemas=OBJECTS)
    assert engines.reader is None
    assert any(engines.accepts(value) for value in ({"b": 1}, [{"b": 1}], 1))


def test_a_schema_too_large_for_a_type_costs_no_other_its_type(monkeypatch):
    """Whichever of them is asked for first."""
    monkeypatch.setattr(msgspec_types, "MOST_STEPS", 20)
    large = {"type": "array", "items": {"allOf": [A] * 30}}
    engines = Engines.over_schema({"type": "object", "properties": {"large": large}}, schemas=OBJECTS)
    assert engines.reader is None
    schemas = engines.filter._schemas
    assert schemas.of(A).reader is not None


@pytest.mark.parametrize("body", [b'{"c": "\xff"}', b'{"c": "\xed\xa0\x80"}', b'{"c": 1} 2', b'{"c": NaN}'])
def test_members_that_no_property_describes_are_json(body):
    """A type skips them, which is no reason to accept what is not JSON in UTF-8."""
    engines = Engines.over_schema(A, schemas=OBJECTS)
    assert not engines.filter.accepts(Rendered(200, [], body.replace(b"{", b'{"b": 1, ')), "application/json")
    assert engines.filter.accepts(Rendered(200, [], '{"b": 1, "c": "é"}'.encode()), "application/json")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["date", "date-time"]),
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]([Tt ][0-2][0-9]:[0-6][0-9](:[0-6][0-9]([.,][0-9]{0,9})?)?"
        r"([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?)?",
        fullmatch=True,
    ),
)
def test_dates_that_are_read_are_dates(name, text):
    """What msgspec reads as a date or a time is one."""
    engines = Engines.over_schema({"type": "string", "format": name})
    if engines.reads(text):
        assert decider(name)(text)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([0.01, 0.05, 0.1, 0.25, 1.5, 2, 3.0, 1e-6, 1e-10]),
    st.decimals(-(10**12), 10**12, places=3).map(float)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(),
)
def test_multiples_are_found_as_the_validator_finds_them(step, number):
    """What is faster for numbers with few digits finds the same multiples."""
    schema = {"type": "number", "multipleOf": step}
    for value in (number, step * round(number) if abs(number) < 10**12 else number):
        conforms = jsonschema_rs.Draft202012Validator(schema).is_valid(value)
        assert validator_of(schema, refused=())(value) == conforms


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0", "3.2.0"])
def test_the_filter_speaks_for_discriminators(openapi):
    """What the schema accepts that the discriminator names is accepted without openapi-core."""
    alternatives = [{"$ref": f"#/components/schemas/{name}"} for name in ("A", "B")]
    discriminator = {"propertyName": "kind", "mapping": {"x": alternatives[0]["$ref"]}}
    schema = {"type": "array", "items": {"oneOf": alternatives, "discriminator": discriminator}}
    engines = Engines.over_schema(schema, openapi=openapi, schemas=KINDS)
    assert engines.accepts([{"kind": "A", "b": 1}, {"kind": "x", "b": 1}])
    assert not engines.accepts([{"kind": "x", "b": "not an integer"}])
    assert not engines.accepts([{"kind": "Node", "a": None, "b": 1}])


@settings(max_examples=100, deadline=None)
@given(patterns.filter(is_python_pattern), st.lists(texts, min_size=1, max_size=8), st.booleans())
def test_the_filter_reads_patterns_as_the_validator_does(pattern, some, negated):
    """Escapes, classes, lookarounds, newlines and characters beyond ASCII mean the same to both."""
    schema = {"not": {"pattern": pattern}} if negated else {"pattern": pattern}
    engines = Engines.over_schema(schema)
    for text in some:
        assert engines.accepts(text) == ((re.search(pattern, text) is None) == negated)


@settings(max_examples=100, deadline=None)
@given(
    keywords(type=types, pattern=patterns.filter(is_python_pattern), format=formats)
    | keywords(type=st.just("integer"), minimum=numbers, multipleOf=positive, format=formats)
    | keywords(type=st.just("string"), maxLength=st.integers(0, 3), enum=st.lists(texts, min_size=1)),
    st.lists(
        st.text("0123456789-+.,e=ab _٣", max_size=4).filter(lambda text: text.isascii() or "٣" in text),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
    st.sampled_from(["3.0.3", "3.1.0"]),
)
def test_the_filter_reads_headers_as_the_validator_does(schema, some, required, openapi):
    """Whatever the header, what the filter accepts is accepted by openapi-core."""
    header = {"schema": schema, "required": required}
    engines = Engines.over({"headers": {"X-H": header}}, openapi=openapi)
    for text in some:
        for fields in ([(b"x-h", text.encode("latin-1", "replace"))], []):
            response = Rendered(200, fields, b"")
            if engines.filter.accepts(response, None):
                assert engines.validator.errors(engines.operation, response, None) == []


# schema, a value that jsonschema-rs left alone would accept and the validator refuses
DIFFERENCES = [
    ({"pattern": r"^\D$"}, "\N{ARABIC-INDIC DIGIT THREE}"),
    ({"not": {"pattern": "^a$"}}, "a\n"),
    ({"type": "integer", "format": "int32"}, 2**31),
    ({"type": "integer", "format": "uint8"}, -1),
    ({"format": "date-time"}, "tomorrow"),
    ({"patternProperties": {"^a$": {"type": "integer"}}}, {"a\n": "x"}),
    ({"patternProperties": {r"^\d$": {"type": "integer"}}}, {"\N{ARABIC-INDIC DIGIT THREE}": "x"}),
    (
        {
            "$id": "https://example.com/schema",
            "discriminator": {"propertyName": "kind"},
            "anyOf": [{"$ref": "#/$defs/any"}],
            "$defs": {"any": True},
        },
        {"kind": "x"},
    ),
]


@pytest.mark.parametrize(("schema", "value"), DIFFERENCES)
def test_where_the_engines_differ_the_validator_is_right(schema, value):
    """jsonschema-rs alone would accept what openapi-core refuses; the filter does not."""
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(value)
    engines = Engines.over_schema(schema)
    assert engines.validator.errors(engines.operation, rendered(value), "application/json") != []
    assert not engines.accepts(value)


# schema of OpenAPI 3.0, values that the filter accepts, values that it refuses
OPENAPI_30 = [
    ({"type": "string", "nullable": True}, ["a", None], [1]),
    ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, [1], [0]),
    ({"type": "string", "format": "date"}, ["2026-04-09"], ["tomorrow"]),
    ({"properties": {"a": {"writeOnly": True}}, "required": ["a"]}, [{}], [{"a": 1}]),
    ({"properties": {"a": {"readOnly": True}}, "required": ["a"]}, [{"a": 1}], [{}]),
    ({"allOf": [{"allOf": [{"required": ["a"]}]}], "properties": {"a": {"writeOnly": True}}}, [{}], []),
    ({"$ref": "#/components/schemas/Node"}, [None, {"a": None}, {"a": {"a": None}}], [{}, {"a": 1}]),
    ({"const": 1, "type": "integer"}, [2], ["1"]),
]


@pytest.mark.parametrize("foreign", FOREIGN_TO_30, ids=lambda foreign: next(iter(foreign)))
@pytest.mark.parametrize(
    "around",
    [
        lambda foreign: {"not": foreign},
        lambda foreign: {"not": {**foreign, "additionalProperties": False}},
        lambda foreign: {"oneOf": [{}, foreign]},
        lambda foreign: {"items": {**foreign, "items": INTEGER}},
    ],
    ids=["not", "closed", "oneOf", "items"],
)
def test_the_filter_reads_no_keywords_that_3_0_lacks(foreign, around):
    """What openapi-core ignores neither refuses a value nor makes another part accept it."""
    engines = Engines.over_schema(around(foreign), openapi="3.0.3", schemas={"Node": NODE_30})
    some = [1, "a", None, [], ["a"], [["a"]], [1], {"a": 1}, {"a": "b"}, {"b": 1}, [None]]
    assert [wrong for value in some for wrong in engines.wrongly_accepted(value)] == []


@pytest.mark.parametrize(("schema", "accepted", "refused"), OPENAPI_30)
def test_the_filter_speaks_for_openapi_3_0(schema, accepted, refused):
    """What conforms in the dialect of 3.0 is accepted without openapi-core, and nothing else is."""
    engines = Engines.over_schema(schema, openapi="3.0.3", schemas={"Node": NODE_30})
    assert all(map(engines.accepts, accepted))
    assert not any(map(engines.accepts, refused))


DIALECTS = [
    ("3.1.0", "https://spec.openapis.org/oas/3.1/dialect/base"),
    ("3.2.0", "https://spec.openapis.org/oas/3.2/dialect/2025-09-17"),
    ("3.1.0", "https://json-schema.org/draft/2020-12/schema"),
]


@pytest.mark.parametrize(("openapi", "dialect"), DIALECTS)
def test_the_filter_speaks_for_documents_that_name_their_dialect(openapi, dialect):
    """A document may name the dialect that its version has anyway."""
    engines = Engines.over_schema({"type": "integer"}, openapi=openapi, jsonSchemaDialect=dialect)
    assert engines.accepts(5)
    assert not engines.accepts("5")


def test_the_filter_leaves_other_dialects_to_the_validator():
    """Draft 4 is not JSON Schema 2020-12."""
    dialect = "http://json-schema.org/draft-04/schema#"
    assert not Engines.over_schema({"type": "integer"}, jsonSchemaDialect=dialect).accepts(5)


def test_a_pattern_that_python_cannot_read_is_read_by_the_filter():
    """Unicode properties are ECMA-262 and not Python; the filter accepts what keeps them, nothing else."""
    engines = Engines.over_schema({"pattern": r"^\p{Lu}$"})
    assert engines.accepts("Ä")
    assert not engines.accepts("ä")


def test_header_values_are_remembered_within_bounds():
    """However many header values a process sees, it remembers a bounded number of short ones."""
    engines = Engines.over({"headers": {"X-H": {"schema": {"type": "string"}}}})
    for number in range(5000):
        assert engines.filter.accepts(Rendered(200, [(b"x-h", b"%d" % number)], b""), None)
    assert engines.filter.accepts(Rendered(200, [(b"x-h", b"x" * 10_000)], b""), None)
    (declared,) = engines.filter._declared.values()
    (header,) = declared._headers
    assert len(header.found_valid - {None}) == 4095
    assert max(map(len, header.found_valid - {None})) < 64


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_a_price_is_a_multiple_of_a_cent(openapi):
    """Numbers of JSON are decimal: 0.07 is a multiple of 0.01 in responses as it is in requests."""
    engines = Engines.over_schema({"type": "number", "multipleOf": 0.01}, openapi=openapi)
    errors = engines.validator.errors
    assert [errors(engines.operation, rendered(each), "application/json") for each in (0.07, 19.99)] == [
        [],
        [],
    ]
    assert errors(engines.operation, rendered(0.075), "application/json") == [
        "body: violates multipleOf 0.01"
    ]


@settings(max_examples=20, deadline=None)
@pytest.mark.parametrize("pattern", ["^x-", "^[a-z_-]+$", "a{2} b?", "^$"])
@given(names=st.lists(st.text("ax-_ \n", max_size=6), max_size=4, unique=True), is_text=st.booleans())
def test_the_filter_speaks_for_plain_patterns_of_names(pattern, names, is_text):
    """What it says of names is what openapi-core says, without asking it."""
    engines = Engines.over_schema({"patternProperties": {pattern: {"type": "string"}}})
    value = dict.fromkeys(names, "" if is_text else 1)
    conforms = engines.validator.errors(engines.operation, rendered(value), "application/json") == []
    assert engines.accepts(value) == conforms
