import re
import runpy
import warnings
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from contract_first.contract.document.json_types import INTEGERS
from contract_first.contract.schemas.keywords import format_checker
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
formats = st.sampled_from(sorted({*format_checker().checkers, *INTEGERS}))
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


def around(inner):
    """Return schemas that hold other schemas."""
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)
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
)
def test_the_filter_reads_headers_as_the_validator_does(schema, some, required):
    """Whatever the header, what the filter accepts is accepted by openapi-core."""
    engines = Engines.over({"headers": {"X-H": {"schema": schema, "required": required}}})
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


def test_the_filter_leaves_openapi_3_0_to_the_validator():
    """The dialect of 3.0 is not JSON Schema 2020-12, and is validated by openapi-core alone."""
    engines = Engines.over_schema({"type": "integer"}, openapi="3.0.3")
    assert not engines.accepts(5)


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
    assert errors(engines.operation, rendered(0.075), "application/json") == ["body: breaks multipleOf 0.01"]
