"""Examples are what their authors mean, wherever in an Example Object they wrote it."""

from __future__ import annotations

import pytest

PET = {"type": "object", "properties": {"name": {"type": "string"}}}
REX = {"name": "Rex"}
COMPONENTS = {
    "examples": {
        "rex": {"summary": "A dog", "value": REX},
        "again": {"value": {"$ref": "#/components/examples/rex"}},
        "loop": {"value": {"$ref": "#/components/examples/loop"}},
    }
}


@pytest.fixture(scope="module")
def response_of(responding):
    """Return the response that a Media Type Object has."""

    def make(holder, media_type="application/json", openapi="3.1.0"):
        content = {media_type: holder}
        return responding(
            {"200": {"description": "", "content": content}}, components=COMPONENTS, openapi=openapi
        ).get()

    return make


@pytest.mark.parametrize(
    "example",
    [
        {"value": REX},
        {"value": {"$ref": "#/components/examples/rex"}},
        {"value": {"$ref": "#/components/examples/again"}},
        {"value": {"value": REX}},
        {"value": {"summary": "A dog", "value": REX}},
    ],
)
def test_an_example_in_an_example_is_unwrapped(example, response_of):
    """And a reference to one where a value stands is followed, in `example` and in a schema, too."""
    response = response_of({"schema": PET, "examples": {"x": example}})
    assert (response.source, response.json) == ("example", REX)
    for holder in (
        {"schema": PET, "example": example["value"]},
        {"schema": PET | {"example": example["value"]}},
    ):
        response = response_of(holder)
        assert (response.source, response.json) == ("example", REX)


def test_a_member_of_the_name_is_no_wrapper(response_of):
    """A value that has a member ``value`` by its schema is as it is, and so is a reference of its own."""
    measured = {"type": "object", "properties": {"value": {}}}
    assert response_of({"schema": measured, "example": {"value": REX}}).json == {"value": REX}
    loop = {"$ref": "#/components/examples/loop"}
    assert response_of({"schema": PET, "example": loop}).status == 200


@pytest.mark.parametrize(
    ("example", "media_type", "body"),
    [
        ({"dataValue": REX}, "application/json", b'{"name":"Rex"}'),
        ({"dataValue": REX, "serializedValue": "{}"}, "application/json", b'{"name":"Rex"}'),
        ({"serializedValue": '{"name": "Rex"}'}, "application/json", b'{"name":"Rex"}'),
        ({"serializedValue": "name=Rex"}, "text/plain", b"name=Rex"),
    ],
)
def test_the_values_of_openapi_3_2_are_read(example, media_type, body, response_of):
    """As data, or as they are serialized."""
    schema = PET if media_type != "text/plain" else {"type": "string"}
    response = response_of({"schema": schema, "examples": {"x": example}}, media_type, openapi="3.2.0")
    assert (response.source, response.body) == ("example", body)
