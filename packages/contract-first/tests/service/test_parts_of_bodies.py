"""A handler that validates the parts of a body itself, and reports problems of parts in its response."""

import pytest

from contract_first.service.messages.problems import Conflict, ValidationFailed

PAIR = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"$ref": "#/components/schemas/Name"},
        "size": {"type": "integer", "default": 7},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
COMPONENTS = {"schemas": {"Name": {"type": "string", "minLength": 1}, "Pair": PAIR}}
ANYTHING = {"200": {"description": "", "content": {"application/json": {"schema": {}}}}}


@pytest.fixture
def reading_parts(serve):
    """Bind ``POST /`` to a handler that reads each item of its body as a Pair, or as what else is named."""

    def make(name="Pair"):
        async def op(body, schemas):
            def read(part):
                try:
                    return schemas.read(name, part)
                except ValidationFailed as problem:
                    return {"problem": problem}

            return [read(part) for part in body]

        body = {"required": True, "content": {"application/json": {"schema": {"type": "array"}}}}
        operation = {"operationId": "op", "requestBody": body, "responses": ANYTHING}
        return serve({"/": {"post": operation}}, {"op": op}, components=COMPONENTS)

    return make


def test_a_right_part_gets_its_defaults(reading_parts):
    """A part that keeps its schema is given to the handler with the schema's defaults in it."""
    response = reading_parts().post("/", [{"name": "a"}, {"name": "b", "size": 1}])
    assert response.json == [{"name": "a", "size": 7}, {"name": "b", "size": 1}]


def test_a_wrong_part_says_where(reading_parts):
    """A part that breaks its schema has a problem whose pointers are into the part, beside what is right."""
    wrong, right = reading_parts().post("/", [{"name": "", "size": "x"}, {"name": "b"}]).json
    assert right == {"name": "b", "size": 7}
    assert {(each["pointer"], each["rule"]) for each in wrong["problem"]["errors"]} == {
        ("/name", "minLength"),
        ("/size", "type"),
    }


def test_a_part_has_few_violations(reading_parts):
    """Of a part with very many faults ten are reported, so that hundreds of parts stay readable."""
    (wrong,) = reading_parts().post("/", [{"name": "a", "tags": [1] * 90}]).json
    assert len(wrong["problem"]["errors"]) == 10


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"few": [{"a": {}}] * 2500}, [("/few", "maxItems")]),
        (
            {"few": [{}] * 150, "named": {name: [[0] * 1000] for name in "abcd"}},
            [("/few", "maxItems"), ("/named", "maxProperties")],
        ),
        ({"few": {str(n): 0 for n in range(3000)}}, [("/few", "type")]),
        ({"named": {"a": ["x"] * 3000}}, [("", "schema")]),
        ([[]] * 3000, [("", "type")]),
        ({str(n): [0] * 40 for n in range(300)}, [("", "maxProperties")]),
    ],
    ids=["items", "several", "type", "deeper", "whole", "properties"],
)
def test_of_a_large_body_what_is_near_its_top_is_reported(reading, value, expected):
    """Of a body too large to be explained, sizes and types near its top are reported, and nothing untrue."""
    parts = {
        "few": {
            "type": "array",
            "maxItems": 100,
            "items": {"required": ["a"], "properties": {"a": {"type": "object", "minProperties": 0}}},
        },
        "named": {
            "type": "object",
            "maxProperties": 3,
            "additionalProperties": {"items": {"type": "integer"}},
        },
    }
    schema = {"type": "object", "properties": parts, "maxProperties": 10}
    errors = reading(schema).post("/", value).errors
    assert [(pointer, rule) for _, pointer, rule in errors] == expected


def test_a_name_that_the_contract_has_not_is_an_error_of_ours(reading_parts):
    """A handler that asks for a schema that is not there has a fault, and the client a 500."""
    assert reading_parts("Nothing").post("/", [{}]).status == 500


def test_a_problem_in_a_body_is_written_as_a_response_would_be(responding):
    """A Problem within a response has every member that it has when it is the response."""
    app = responding(ANYTHING, [{"problem": Conflict("Taken.")}])
    response = app.get("/", x_request_id="r-1")
    (expected,) = response.json
    assert expected["problem"] | {"timestamp": ""} == {
        "type": "https://errors.test/conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "Taken.",
        "instance": "/",
        "error_code": "conflict",
        "retryable": False,
        "timestamp": "",
        "request_id": "r-1",
    }


def test_what_is_no_json_value_is_an_error_of_ours(responding):
    """A response that JSON cannot say is a 500, not a broken body."""
    assert responding(ANYTHING, [object()]).get("/").status == 500
