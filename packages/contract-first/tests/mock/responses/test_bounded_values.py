"""Values are generated in bounded time, and no larger than a response may be."""

from __future__ import annotations

import time

import pytest

from contract_first.generation import generator, values
from contract_first.generation.values import ValueAttempt


def test_values_that_would_be_too_large_are_given_up(responding_with, monkeypatch):
    """A schema that asks for three to the power of 30 values is not tried as often as others."""
    made = []

    def attempt(*given, **members):
        made.append(ValueAttempt(*given, **members))
        return made[-1]

    monkeypatch.setattr(generator, "ValueAttempt", attempt)
    threes = {
        f"S{index}": {
            "type": "object",
            "required": ["a", "b", "c"],
            "properties": {name: {"$ref": f"#/components/schemas/S{index + 1}"} for name in "abc"},
        }
        for index in range(30)
    }
    components = {"schemas": {**threes, "S30": {"type": "string"}}}
    assert responding_with({"$ref": "#/components/schemas/S0"}, components=components).get().status == 501
    assert 1 <= len(made) <= 3


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_patterns_that_would_backtrack_without_end(responding_with, openapi):
    """Long texts are searched by an engine that ends, to which only the digits of ASCII are digits."""
    schema = {"type": "string", "pattern": r"^(\d+)+$"}
    for digits, is_sent in (("1" * 30, True), ("\u0663", True), ("\u0663" * 30, False)):
        sent = responding_with({**schema, "example": digits}, openapi=openapi).get().json
        assert (sent == digits) is is_sent
    single = {"type": "string", "pattern": r"^\d+$", "example": "\u0663" * 30}
    assert responding_with(single, openapi=openapi).get().json == "\u0663" * 30


def test_items_that_differ_are_counted_as_often_as_they_are_tried(responding_with, monkeypatch):
    """Items that are made to differ from the others count among the values of a response."""
    made = []
    value = ValueAttempt.value
    monkeypatch.setattr(ValueAttempt, "value", lambda *given: made.append(1) or value(*given))
    monkeypatch.setattr(values, "MOST_VALUES", 200)
    monkeypatch.setattr(generator, "MOST_MADE", 400)
    item = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "maximum": 90}}}
    unique = {"type": "array", "minItems": 90, "uniqueItems": True, "items": item}
    assert responding_with(unique).get().status == 501
    assert len(made) < 1000


SLOW = {
    "distinct items": {"type": "array", "uniqueItems": True, "minItems": 5000, "items": {"type": "integer"}},
    "contained items": {"type": "array", "contains": {"type": "integer"}, "minContains": 10_000_000},
    "arrays of arrays": {
        "type": "array",
        "minItems": 1000,
        "items": {"type": "array", "minItems": 1000, "items": {"type": "integer"}},
    },
}


@pytest.mark.parametrize("schema", SLOW.values(), ids=SLOW)
def test_what_asks_for_many_items_is_given_up_in_seconds(responding_with, schema):
    """A response says so, and what to do."""
    start = time.process_time()
    response = responding_with(schema, openapi="3.1.0").get()
    assert (response.status, "give an example" in response.json["detail"]) == (501, True)
    reasons = ("allows no value, or asks for too much", "violates minContains 10000000")
    assert response.json["detail"].endswith(reasons)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("bounds", [{}, {"minimum": 1, "maximum": 2}, {"minimum": 1e300}])
def test_multiples_of_what_is_nearly_nothing(responding_with, bounds):
    """No precision is lost between the smallest number and the greatest."""
    response = responding_with({"type": "number", "multipleOf": 1e-300, **bounds}).get()
    assert (response.status, type(response.json)) == (200, float)


def test_a_dynamic_reference_that_is_no_uri(responding_with):
    """It leads nowhere, as one to a resource that the document does not have."""
    assert responding_with({"$dynamicRef": "http://["}, openapi="3.1.0").get().status == 200
