"""Strings of a URL, a header or a form turned into the JSON values that their schema means."""

from __future__ import annotations

import re
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from .shapes import EVERY_TYPE, parts_of, properties_of, types_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .schemas import Schema, SchemaCompiler

Serialized = str | list[str] | dict[str, str]

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})\Z")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?\Z")


class NotOfTypeError(ValueError):
    """The string does not spell a value of the type."""


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
    """Turns what was sent for one parameter or form field into a JSON value."""

    __slots__ = (
        "_each",
        "_is_valid",
        "_leading",
        "_named",
        "_others",
        "_scalar",
        "_takes_scalar",
        "properties",
        "takes_array",
        "takes_object",
    )

    def __init__(self, schema: Any, compiled: Schema, compiler: SchemaCompiler) -> None:
        types = types_of(schema, compiler)
        said = types != EVERY_TYPE
        self.takes_array = said and "array" in types
        self.takes_object = said and "object" in types and not self.takes_array
        self._takes_scalar = bool(types - {"array", "object"})
        self._is_valid = compiled.is_valid
        self._scalar = scalar_coercion(types, compiled.is_valid)
        parts = parts_of(schema, compiler)
        leading = _first(parts, "prefixItems") or () if self.takes_array else ()
        self._leading = [_member(each, compiler) for each in leading]
        self._each = _member(_first(parts, "items", "unevaluatedItems", "contains"), compiler)
        self.properties = properties_of(schema, compiler) if self.takes_object else {}
        self._named = {name: _member(inner, compiler) for name, inner in self.properties.items()}
        self._others = _member(_first(parts, "additionalProperties", "unevaluatedProperties"), compiler)

    def __call__(self, sent: Serialized) -> Any:
        """Return the JSON value that was sent."""
        if isinstance(sent, str):
            return self._scalar(sent)
        if isinstance(sent, list):
            return self._array(sent)
        return {name: self._named.get(name, self._others)(text) for name, text in sent.items()}

    def _array(self, texts: list[str]) -> Any:
        """Return an array, or what the one text means where only that is valid."""
        of_position = chain(self._leading, repeat(self._each))
        values = [coerce(text) for coerce, text in zip(of_position, texts, strict=False)]
        if self._takes_scalar and len(texts) == 1 and not self._is_valid(values):
            scalar = self._scalar(texts[0])
            return scalar if self._is_valid(scalar) else values
        return values


def _first(parts: list[dict[str, Any]], *keywords: str) -> Any:
    """Return what the first of the keywords that stands in a schema says, None for none."""
    return next((part[keyword] for keyword in keywords for part in parts if keyword in part), None)


def _member(schema: Any, compiler: SchemaCompiler) -> Callable[[str], Any]:
    if not isinstance(schema, dict):
        return str
    return scalar_coercion(types_of(schema, compiler), compiler.compile(schema).is_valid)
