"""Strings of a URL, a header or a form turned into the JSON values that their schema means."""

from __future__ import annotations

import re
from itertools import chain, repeat, zip_longest
from typing import TYPE_CHECKING, Any

from openapi_contract.schemas import EVERY_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from openapi_contract.schemas import Schema

Serialized = str | list[str] | dict[str, str]

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})\Z")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?\Z")


class NotOfTypeError(ValueError):
    """The string does not spell a value of the type."""


class RepeatedError(ValueError):
    """A parameter that takes one value was sent more than once."""


def _null(text: str) -> None:
    if text not in {"", "null"}:
        raise NotOfTypeError


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise NotOfTypeError
    return text == "true"


def _integer(text: str) -> int:
    if INTEGER.match(text):
        return int(text)
    number = _number(text)
    if not number.is_integer():
        raise NotOfTypeError
    return int(number)


def _number(text: str) -> float:
    number = float(text) if NUMBER.match(text) else float("inf")
    if number in {float("inf"), float("-inf")}:
        raise NotOfTypeError
    return number


SCALARS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("integer", _integer),
    ("number", _number),
    ("boolean", _boolean),
    ("null", _null),
    ("string", str),
)


def scalar_coercion(types: frozenset[str], is_valid: Callable[[Any], bool]) -> Callable[[str], Any]:
    """Return a function from text to the first declared type, in the order above, whose value is valid.

    A text that spells no valid value becomes the value of the first type that it spells, so that the schema
    can say what is wrong with it; else it stays text. A schema that says nothing of types takes it as it is.
    """
    # an empty text is an empty string before it is null
    wanted = types - {"null"} if "string" in types else types
    converters = [convert for name, convert in SCALARS if name in wanted]
    if types == EVERY_TYPE or converters == [str]:
        return str

    def coerce(text: str) -> Any:
        spelled = []
        for convert in converters:
            try:
                value = convert(text)
            except NotOfTypeError:
                continue
            if is_valid(value):
                return value
            spelled.append(value)
        return spelled[0] if spelled else text

    return coerce


class Coercion:
    """Turns what was sent for one parameter or form field into a JSON value.

    Attributes:
        scalar: what does so with a single text.
    """

    __slots__ = (
        "_each",
        "_is_valid",
        "_leading",
        "_named",
        "_others",
        "_takes_scalar",
        "properties",
        "scalar",
        "takes_array",
        "takes_object",
    )

    def __init__(self, schema: Schema) -> None:
        types = schema.types
        said = types != EVERY_TYPE
        self.takes_array = said and "array" in types
        self.takes_object = said and "object" in types and not self.takes_array
        self._takes_scalar = bool(types - {"array", "object"})
        self._is_valid = schema.validator.is_valid
        self.scalar = scalar_coercion(types, self._is_valid)
        branches = schema.branches
        leading = zip_longest(*(each.get("prefixItems", ()) for each in branches))
        self._leading = [member_coercion(each, schema) for each in leading]
        self._each = member_coercion(_said(branches, "items", "unevaluatedItems", "contains"), schema)
        self.properties = (
            {name for each in branches for name in each.get("properties", ())} if self.takes_object else set()
        )
        self._named = {
            name: member_coercion([each.get("properties", {}).get(name) for each in branches], schema)
            for name in self.properties
        }
        self._others = member_coercion(
            _said(branches, "additionalProperties", "unevaluatedProperties"), schema
        )

    def __call__(self, sent: Serialized) -> Any:
        """Return the JSON value that was sent."""
        if isinstance(sent, str):
            return self.scalar(sent)
        if isinstance(sent, list):
            return self._array(sent)
        return {name: self._named.get(name, self._others)(text) for name, text in sent.items()}

    def _array(self, texts: list[str]) -> Any:
        """Return an array, or what the one text means where only that is valid."""
        of_position = chain(self._leading, repeat(self._each))
        values = [coerce(text) for coerce, text in zip(of_position, texts, strict=False)]
        if self._takes_scalar and len(texts) == 1 and not self._is_valid(values):
            scalar = self.scalar(texts[0])
            return scalar if self._is_valid(scalar) else values
        return values


def _said(branches: list[dict[str, Any]], *keywords: str) -> list[Any]:
    """Return what the branches say in the first of the keywords that stands in any of them."""
    said = ([each[keyword] for each in branches if keyword in each] for keyword in keywords)
    return next((found for found in said if found), [])


def member_coercion(nodes: Iterable[Any], schema: Schema) -> Callable[[str], Any]:
    """Return the coercion of what is in an array or an object of a schema, and may have several schemas."""
    members = [schema.of(node) for node in nodes if isinstance(node, dict)]
    typed = [member for member in members if member.types != EVERY_TYPE]
    if not typed:
        return str
    checks = [member.validator.is_valid for member in typed]
    types = frozenset().union(*(member.types for member in typed))
    if len(checks) == 1:
        return scalar_coercion(types, checks[0])
    return scalar_coercion(types, lambda value: any(check(value) for check in checks))
