"""Responses generated from a schema, as a client gets them."""

import pytest

from .conftest import ref


def test_the_same_seed_makes_the_same_response(responding_with):
    """Another app with the same seed sends the same bytes; another seed, others."""
    schema = {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}}
    first, again, other = (responding_with(schema, seed=seed).get() for seed in ("1", "1", "2"))
    assert first.body == again.body != other.body
    assert first.source == "generated"


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "array", "minItems": 10**9, "items": {}},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "pattern": "^a{60000}$", "maxLength": 5},
        {"type": "string", "pattern": "^[\\ud800-\\udfff]$"},
        ref("Endless"),
    ],
)
def test_a_schema_that_no_value_conforms_to_is_reported(schema, responding_with):
    """What allows nothing, or nothing of a size, is a 501 that asks for an example, and no endless search."""
    endless = {"type": "object", "required": ["n"], "properties": {"n": ref("Endless")}}
    response = responding_with(schema, components={"schemas": {"Endless": endless}}).get()
    assert response.status == 501
    assert "GET /, 200" in response.json["detail"]
    assert "example" in response.json["detail"]


def test_alternatives_that_conform_to_each_other(responding_with):
    """Where an item with all that is optional conforms to two alternatives, the list is there too."""
    text = {"type": "string"}
    kinds = [{"type": "object", "properties": {"title": text, name: text}} for name in ("episode", "podcast")]
    results = {"type": "array", "items": {"oneOf": kinds}}
    schema = {"type": "object", "properties": {"total": {"type": "integer"}, "results": results}}
    got = responding_with(schema).get().json
    assert set(got) == {"total", "results"}
    assert got["results"]
