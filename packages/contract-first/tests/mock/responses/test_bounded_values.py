"""Values are generated in bounded time, and no larger than a response may be."""

from __future__ import annotations

import pytest

from contract_first.mock.generation import generator, values
from contract_first.mock.generation.values import ValueAttempt


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
