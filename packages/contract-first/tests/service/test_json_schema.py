import json
from urllib.parse import quote

import pytest

from contract_first.contract.document.formats import COSTLY

TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
    },
}

# what a keyword is called: schema, values that it accepts, values that it refuses
SCHEMAS = {
    "type list": ({"type": ["integer", "null"]}, [7, None], ["7", 7.5]),
    "integer without a fraction": ({"type": "integer"}, [1.0, 1e3], [1.5, True]),
    "const": ({"const": {"unit": "g"}}, [{"unit": "g"}], [{"unit": "kg"}, None]),
    "const tells 1 from true": ({"const": 1}, [1, 1.0], [True]),
    "enum with null": ({"enum": ["front", None]}, ["front", None], ["back"]),
    "numeric exclusive bounds": ({"exclusiveMinimum": 0, "exclusiveMaximum": 1}, [0.5], [0, 1]),
    "multipleOf a decimal": ({"multipleOf": 0.01}, [0.07, 19.99], [0.075]),
    "prefixItems": (
        {"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        [["01"], ["01", 9506000134352]],
        [[1], ["01", "x"], ["01", 1, 2]],
    ),
    "contains, minContains, maxContains": (
        {"contains": {"minimum": 10}, "minContains": 2, "maxContains": 3},
        [[10, 1, 11], [10, 10, 10]],
        [[10], [10, 10, 10, 10]],
    ),
    "minContains of 0": ({"contains": {"type": "null"}, "minContains": 0}, [[], [1]], []),
    "uniqueItems": ({"uniqueItems": True}, [[1, True, "1"]], [[{"a": 1}, {"a": 1.0}]]),
    "unevaluatedItems": (
        {"allOf": [{"prefixItems": [True]}], "unevaluatedItems": {"type": "string"}},
        [[1, "a"]],
        [[1, 2]],
    ),
    "unevaluatedProperties": (
        {"allOf": [{"properties": {"a": True}}], "properties": {"b": True}, "unevaluatedProperties": False},
        [{"a": 1, "b": 2}],
        [{"c": 3}],
    ),
    "patternProperties": (
        {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False},
        [{"x-a": "1"}],
        [{"x-a": 1}, {"a": "1"}],
    ),
    "propertyNames": ({"propertyNames": {"maxLength": 3}}, [{"abc": 1}], [{"abcd": 1}]),
    "dependentRequired": (
        {"dependentRequired": {"lot": ["gtin"]}},
        [{"lot": 1, "gtin": 2}, {}],
        [{"lot": 1}],
    ),
    "dependentSchemas": (
        {"dependentSchemas": {"lot": {"properties": {"gtin": {"type": "string"}}}}},
        [{"gtin": 5}, {"lot": 1, "gtin": "5"}],
        [{"lot": 1, "gtin": 5}],
    ),
    "if, then, else": (
        {
            "if": {"properties": {"kind": {"const": "url"}}},
            "then": {"required": ["url"]},
            "else": {"required": ["gtin"]},
        },
        [{"kind": "url", "url": 1}, {"kind": "x", "gtin": 1}],
        [{"kind": "url", "gtin": 1}, {"kind": "x"}],
    ),
    "anyOf with null": (
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
        ["abc", None],
        ["abcd", 1],
    ),
    "oneOf": ({"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]}, [2, 3], [6, 5]),
    "not": ({"not": {"required": ["password"]}}, [{}], [{"password": 1}]),
    "true": (True, [None, 0, [{}]], []),
    "false": (False, [], [None, 0]),
    "siblings of $ref": (
        {"$ref": "#/components/schemas/Tree", "properties": {"name": {"maxLength": 2}}, "maxProperties": 1},
        [{"name": "ab"}],
        [{"name": "abc"}, {"name": "ab", "x": 1}, {}],
    ),
    "recursion": (
        {"$ref": "#/components/schemas/Tree"},
        [{"name": "a", "parts": [{"name": "b", "parts": []}]}],
        [{"name": "a", "parts": [{"parts": []}]}],
    ),
    "$defs in place": (
        {"$defs": {"one": {"const": 1}}, "$ref": "#/components/schemas/WithDefs/$defs/two"},
        [2],
        [1],
    ),
    "$anchor": (
        {"properties": {"a": {"$ref": "#positive"}}, "$defs": {"p": {"$anchor": "positive", "minimum": 1}}},
        [{"a": 1}],
        [{"a": 0}],
    ),
    "$anchor in another component": ({"items": {"$ref": "#short"}}, [["ab"]], [["abc"]]),
    "$id makes a resource": (
        {"$id": "urn:box", "$defs": {"side": {"minimum": 1}}, "items": {"$ref": "#/$defs/side"}},
        [[1]],
        [[0]],
    ),
    "$ref to the $id of another component": ({"$ref": "https://schemas.test/weight"}, [5], ["5"]),
    "relative $id and $ref": ({"$ref": "lengths.json#/$defs/metre"}, [5], ["5"]),
    "$ref in a resource is relative to it": ({"$ref": "https://schemas.test/box"}, [[5]], [["5"]]),
    "$dynamicRef": (
        {
            "$id": "urn:strict",
            "$dynamicAnchor": "node",
            "$ref": "https://schemas.test/node",
            "unevaluatedProperties": False,
        },
        [{"next": {"next": {}}}],
        [{"next": {"nxt": {}}}],
    ),
    "names that need escaping": (
        {"$ref": "#/components/schemas/a~1b%25c/properties/d~0e%20f"},
        [1],
        ["1"],
    ),
    "a property called $ref": (
        {"properties": {"$ref": {"type": "string"}}},
        [{"$ref": "#/x"}],
        [{"$ref": 1}],
    ),
    "keywords as values": ({"enum": [{"$ref": "#/nowhere"}]}, [{"$ref": "#/nowhere"}], [{}]),
    "format is an annotation": ({"format": "date-time"}, ["tomorrow", 5], []),
    "content is an annotation": ({"contentMediaType": "application/json"}, ["{"], []),
    "pattern is ECMA-262, and not anchored": (
        {"pattern": r"\p{Lu}\d"},
        ["aÄ1b"],
        ["a1", "Ä\N{ARABIC-INDIC DIGIT THREE}"],
    ),
    "a code point is a character": ({"maxLength": 1}, ["👍"], ["👍👍"]),
}

COMPONENTS = {
    "schemas": {
        "Tree": TREE,
        "WithDefs": {"$defs": {"two": {"const": 2}}},
        "Weight": {"$id": "https://schemas.test/weight", "type": "integer"},
        "Lengths": {"$id": "lengths.json", "$defs": {"metre": {"type": "integer"}}},
        "Box": {"$id": "https://schemas.test/box", "items": {"$ref": "weight"}},
        "Node": {
            "$id": "https://schemas.test/node",
            "$dynamicAnchor": "node",
            "properties": {"next": {"$dynamicRef": "#node"}},
        },
        "Short": {"$anchor": "short", "maxLength": 2},
        "a/b%c": {"properties": {"d~e f": {"type": "integer"}}},
    }
}


def in_body(reading, schema):
    """Return a function that sends a value as a request body."""
    app = reading(schema, components=COMPONENTS)
    return lambda value: app.post("/", value).status


def in_component(reading, schema):
    """Return a function that sends a value for a schema that is a component."""
    schemas = {**COMPONENTS["schemas"], "Here": schema}
    app = reading({"$ref": "#/components/schemas/Here"}, components={"schemas": schemas})
    return lambda value: app.post("/", value).status


def in_query(taking, schema):
    """Return a function that sends a value as the JSON content of a query parameter."""
    content = {"application/json": {"schema": schema}}
    app = taking({"in": "query", "name": "q", "content": content}, components=COMPONENTS)
    return lambda value: app.get("/?q=" + quote(json.dumps(value))).status


@pytest.mark.parametrize("keyword", SCHEMAS)
@pytest.mark.parametrize("place", [in_body, in_component, in_query])
def test_json_schema_2020_12_holds(keyword, place, reading, taking):
    """Each keyword means in bodies, components and parameters what JSON Schema 2020-12 says it does."""
    schema, accepted, refused = SCHEMAS[keyword]
    send = place(taking if place is in_query else reading, schema)
    assert [send(value) for value in accepted] == [204] * len(accepted)
    assert [send(value) for value in refused] == [422] * len(refused)


REFUSED = object()

# a schema: what each text means under it
COERCED = [
    ({"type": "integer"}, {"5": 5, "-0": 0, "1.0": 1, "1e2": 100}),
    ({"type": "integer"}, {"1" * 30: int("1" * 30)}),
    (
        {"type": "integer"},
        dict.fromkeys(["007", "0x1F", "\N{FULLWIDTH DIGIT ONE}2", "", " 5", "5_0", "+5", "1.5"], REFUSED),
    ),
    ({"type": "integer"}, dict.fromkeys(["9" * 400, "1e400", "-1e400"], REFUSED)),
    ({"type": "number", "exclusiveMinimum": 0}, {"0.5": 0.5, "0": REFUSED, "NaN": REFUSED, ".5": REFUSED}),
    ({"type": "boolean"}, {"true": True, "false": False, "True": REFUSED, "1": REFUSED, "": REFUSED}),
    ({"type": "null"}, {"null": None, "": None, "x": REFUSED}),
    ({"type": ["integer", "null"]}, {"5": 5, "null": None, "": None}),
    ({"type": ["string", "null"]}, {"null": "null", "": ""}),
    ({"type": ["integer", "string"]}, {"5": 5, "007": "007", "x": "x"}),
    ({"const": 5}, {"5": 5, "6": REFUSED, "x": REFUSED}),
    ({"enum": [1, True, "x"]}, {"1": 1, "true": True, "x": "x", "2": REFUSED}),
    ({"anyOf": [{"type": "integer", "maximum": 9}, {"type": "null"}]}, {"9": 9, "null": None, "10": REFUSED}),
    (
        {"oneOf": [{"type": "integer", "maximum": 9}, {"type": "string", "maxLength": 1}]},
        {"9": 9, "x": "x", "10": REFUSED},
    ),
    (
        {"allOf": [{"$ref": "#/components/schemas/Size"}, {"maximum": 9}]},
        {"9": 9, "10": REFUSED, "x": REFUSED},
    ),
    ({"$ref": "#/components/schemas/Size", "minimum": 5}, {"5": 5, "4": REFUSED}),
    ({"$id": "urn:q", "$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, {"5": 5, "x": REFUSED}),
    ({"$ref": "#small"}, {"5": 5, "50": REFUSED}),
    ({"pattern": "^a+$"}, {"aa": "aa", "b": REFUSED}),
    (True, {"5": "5", "null": "null"}),
    ({}, {"5": "5"}),
    (False, {"5": REFUSED}),
]


@pytest.mark.parametrize(("schema", "texts"), COERCED)
def test_a_parameter_is_coerced_by_its_effective_type(schema, texts, taking):
    """A text becomes the JSON value that the schema means, through $ref, allOf, anyOf and type lists."""
    schemas = {"Size": {"type": "integer"}, "Small": {"$anchor": "small", "type": "integer", "maximum": 9}}
    app = taking({"in": "query", "name": "q", "schema": schema}, components={"schemas": schemas})
    for text, value in texts.items():
        response = app.get("/?q=" + quote(text))
        if value is REFUSED:
            assert response.status == 422, text
        else:
            assert response.status == 204, text
            assert app.seen["q"] == value
            assert type(app.seen["q"]) is type(value)


def test_a_violation_names_part_rule_and_what_was_expected(reading):
    """A 422 points at every offending part of a body, and never repeats the value itself."""
    schema = {
        "properties": {
            "a/b": {"type": "integer"},
            "list": {"items": {"anyOf": [{"type": "object", "required": ["x"]}, {"type": "null"}]}},
        },
        "required": ["c"],
    }
    response = reading(schema).post("/", {"a/b": "secret-value", "list": [None, {}]})
    assert sorted(response.errors) == [
        ("body", "", "required"),
        ("body", "/a~1b", "type"),
        ("body", "/list/1", "required"),
    ]
    assert b"integer" in response.body
    assert b"secret-value" not in response.body


@pytest.mark.parametrize(
    ("schema", "value", "error"),
    [
        (False, 1, ("body", "", "false")),
        ({"additionalProperties": False}, {"a": 1}, ("body", "", "additionalProperties")),
        ({"properties": {"a": False}}, {"a": 1}, ("body", "/a", "properties")),
        ({"prefixItems": [False]}, [1], ("body", "/0", "prefixItems")),
        ({"items": False}, [1], ("body", "/0", "items")),
        ({"$id": "urn:none", "items": False}, [1], ("body", "/0", "items")),
    ],
)
def test_a_false_schema_is_named_by_its_keyword(schema, value, error, reading):
    """Where nothing is allowed, the rule is the keyword that says so."""
    assert reading(schema).post("/", value).errors == [error]


def test_violations_are_bounded(reading):
    """A body that is wrong in many places gets a response of bounded size."""
    response = reading({"items": {"type": "integer"}}).post("/", ["x"] * 1500)
    assert len(response.json["errors"]) == 100


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"maxLength": 0}}, ["x"] * 100_000),
        ({"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}, ["x"] * 100_000),
        (
            {"additionalProperties": {"propertyNames": {"maxLength": 1}}},
            {"a": dict.fromkeys(map(str, range(5000)))},
        ),
    ],
)
def test_a_large_body_that_is_wrong_is_not_taken_apart(schema, value, reading):
    """Where a value of many parts is wrong could take minutes and gigabytes to say; only that it is, is."""
    assert reading(schema).post("/", value).errors == [("body", "", "schema")]


def test_a_pattern_that_backtracks_is_given_up(taking):
    """A pattern that would take exponential time refuses the value in bounded time."""
    app = taking({"in": "query", "name": "q", "schema": {"type": "string", "pattern": r"^(?:(a|a)*)\1b$"}})
    assert app.get("/?q=" + "a" * 3000).errors == [("query", "q", "pattern")]


@pytest.mark.parametrize("name", sorted(COSTLY))
def test_costly_formats_have_a_longest_value(name, reading, responding):
    """A longer one is a violation, in requests and in responses, and is not asked about."""
    schema = {"type": "string", "format": name}
    text = "a" * 1001
    response = reading(schema, formats=True).post("/", text)
    detail = f'value is not a "{name}", which has 1000 characters at most'
    assert (response.status, response.json["errors"][0]["detail"]) == (422, detail)
    declared = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    for openapi in ("3.0.3", "3.1.0"):
        response = responding(declared, text, openapi=openapi).get("/")
        assert (response.status, "format" in response.json["detail"]) == (500, True)


def test_a_regex_may_be_as_long_as_its_bound(reading, responding):
    """Both engines validate it."""
    schema = {"type": "string", "format": "regex"}
    declared = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    for text, statuses in (("a" * 1000, (204, 200)), ("(" * 1000, (422, 500))):
        sent = reading(schema, formats=True).post("/", text)
        assert (sent.status, responding(declared, text).get("/").status) == statuses
