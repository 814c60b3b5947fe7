import pytest

COMPONENTS = {
    "schemas": {
        "Size": {"type": "integer", "nullable": True, "maximum": 5},
        "Side": {"type": "string", "enum": ["front", "back"]},
        "Id": {"type": "integer", "readOnly": True},
        "Secret": {"type": "string", "writeOnly": True},
        "Account": {
            "type": "object",
            "required": ["id", "secret"],
            "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "secret": {"$ref": "#/components/schemas/Secret"},
            },
        },
    }
}

# schema of OpenAPI 3.0, values that it accepts, values that it refuses
SCHEMAS = {
    "nullable": ({"type": "string", "nullable": True}, ["a", None], [5]),
    "not nullable": ({"type": "string", "nullable": False}, ["a"], [None]),
    "nullable without a type says nothing": ({"nullable": True, "maxLength": 1}, ["a", None, 5], ["ab"]),
    "nullable does not lengthen an enum": (
        {"type": "string", "nullable": True, "enum": ["a"]},
        ["a"],
        [None, "b"],
    ),
    "an enum with null": ({"type": "string", "nullable": True, "enum": ["a", None]}, ["a", None], ["b"]),
    "exclusive bounds are switches": (
        {"minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False},
        [1, 9],
        [0, 10],
    ),
    "an exclusive bound alone says nothing": ({"exclusiveMaximum": True}, [10**9], []),
    "$ref stands alone": ({"$ref": "#/components/schemas/Size", "maximum": 1}, [5, None], [6]),
    "allOf": ({"allOf": [{"$ref": "#/components/schemas/Side"}]}, ["front"], [None, "x"]),
    "nested": (
        {
            "type": "object",
            "properties": {"sizes": {"type": "array", "items": {"$ref": "#/components/schemas/Size"}}},
        },
        [{"sizes": [1, None]}],
        [{"sizes": [6]}],
    ),
    "additionalProperties": (
        {"type": "object", "additionalProperties": {"type": "integer", "nullable": True}},
        [{"a": None}],
        [{"a": "x"}],
    ),
    "integers": ({"type": "integer"}, [1, 1.0], [1.5, True]),
    "keywords that 3.0 does not have": ({"example": {"$ref": "#/x"}, "xml": {"name": "a"}}, [1], []),
}

ACCOUNT = {"$ref": "#/components/schemas/Account"}
ONE_WAY = {
    "in the schema itself": {
        "required": ["id", "secret"],
        "properties": {"id": {"readOnly": True}, "secret": {"type": "string", "writeOnly": True}},
    },
    "where its properties refer to": ACCOUNT,
    "by allOf": {
        "allOf": [
            {"properties": {"id": {"readOnly": True}, "secret": {"writeOnly": True}}},
            {"required": ["id", "secret"]},
        ]
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_dialect_of_3_0_holds_in_requests(name, reading):
    """A schema of a 3.0 document means what OpenAPI 3.0.3 says, nullable and boolean bounds included."""
    schema, accepted, refused = SCHEMAS[name]
    app = reading(schema, openapi="3.0.3", components=COMPONENTS)
    assert [app.post("/", value).status for value in accepted] == [204] * len(accepted)
    assert [app.post("/", value).status for value in refused] == [422] * len(refused)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_dialect_of_3_0_holds_in_responses(name, responding):
    """What a request may hold a response may hold, and nothing else."""
    schema, accepted, refused = SCHEMAS[name]
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    for status, values in ((200, accepted), (500, refused)):
        for value in values:
            app = responding(responses, value, openapi="3.0.3", components=COMPONENTS)
            assert app.get("/").status == status, value


def test_parameters_of_3_0(taking):
    """A parameter of a 3.0 document is coerced by its type, nullable or not."""
    app = taking(
        {"in": "query", "name": "n", "schema": {"type": "integer", "nullable": True}},
        {"in": "query", "name": "s", "schema": {"$ref": "#/components/schemas/Side"}},
        {"in": "query", "name": "x", "schema": {"type": "number", "minimum": 0, "exclusiveMinimum": True}},
        openapi="3.0.0",
        components=COMPONENTS,
    )
    assert app.get("/?n=5&s=back&x=0.5").status == 204
    assert app.seen == {"n": 5, "s": "back", "x": 0.5}
    assert app.get("/?n=").status == 204
    assert app.seen["n"] is None
    assert app.get("/?x=0").errors == [("query", "x", "exclusiveMinimum")]


def test_files_of_3_0(reading):
    """A property of format binary is a file."""
    schema = {"type": "object", "properties": {"photo": {"type": "string", "format": "binary"}}}
    app = reading(schema, "multipart/form-data", openapi="3.0.3")
    body = b'--B\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nx\r\n--B--\r\n'
    assert app.post("/", body, "multipart/form-data; boundary=B").status == 204
    assert app.seen["body"]["photo"].filename == "a"


@pytest.mark.parametrize(
    ("schema", "returned", "status"),
    [
        ({"type": "integer", "nullable": True}, None, 200),
        ({"type": "integer"}, None, 500),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, 0, 500),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, 1, 200),
        ({"type": "object", "properties": {"p": {"type": "string", "writeOnly": True}}}, {"p": "x"}, 500),
    ],
)
def test_responses_of_3_0_are_validated_by_3_0(schema, returned, status, responding):
    """openapi-core validates a 3.0 document's responses by its dialect: a write-only property stays away."""
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    assert responding(responses, returned, openapi="3.0.3").get("/").status == status


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize("name", ONE_WAY)
def test_what_is_read_only_is_required_of_responses_alone(name, openapi, reading, responding):
    """A required read-only property may be left out of requests, a write-only one of responses."""
    schema = ONE_WAY[name]
    bound = {"openapi": openapi, "components": COMPONENTS}
    app = reading({"type": "array", "items": schema}, **bound)
    assert app.post("/", [{"secret": "x"}, {"secret": "x", "id": 1}]).status == 204
    assert [error[1:] for error in app.post("/", [{"id": 1}]).errors] == [("/0", "required")]
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    returned = ({"id": 1}, {"secret": "x", "id": 1}, {})
    statuses = [200, 500 if openapi == "3.0.3" else 200, 500]  # 3.0 forbids there what is write-only
    assert [responding(responses, each, **bound).get("/").status for each in returned] == statuses


@pytest.mark.parametrize(("openapi", "status"), [("3.0.3", 204), ("3.1.0", 422), ("3.2.0", 422)])
def test_what_is_read_only_is_required_both_ways_by_the_letter(openapi, status, reading, responding):
    """Read strictly, OpenAPI 3.1 and 3.2 take readOnly and writeOnly for annotations, as JSON Schema does."""
    schema, bound = ONE_WAY["in the schema itself"], {"openapi": openapi, "strict": True}
    app = reading(schema, **bound)
    assert [app.post("/", sent).status for sent in ({"secret": "x"}, {"secret": "x", "id": 1})] == [
        status,
        204,
    ]
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    expected = 200 if openapi == "3.0.3" else 500
    assert responding(responses, {"id": 1}, **bound).get("/").status == expected
