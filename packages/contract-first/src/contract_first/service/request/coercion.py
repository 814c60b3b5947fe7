"""Strings of a URL, a header or a form turned into the JSON values that their schema means.

OpenAPI defines ``deepObject`` (``p[a]=1``) for objects of plain values alone (3.1, section 4.8.12). Contracts
use it for arrays too, and for what is deeper; clients write those ``p[]=1`` or ``p[0]=1``, and
``p[a][0][b]=1``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from contract_first.contract.document.json_types import EVERY_TYPE
from contract_first.contract.schemas.schema import ANYTHING, Schema

Serialized = str | list[str] | dict[str, str]

STEP = re.compile(r"\[([^\[\]]*)\]")
STEPS = re.compile(r"(?:\[[^\[\]]*\]){0,20}")
"""How deep a value may be; a key that is deeper does not belong to it."""
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})\Z")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?\Z")


class NotOfTypeError(ValueError):
    """The string does not spell a value of the type."""


class RepeatedError(ValueError):
    """A parameter that takes one value was sent more than once."""


def _literal(values: Mapping[str, bool | None], text: str) -> bool | None:
    if text not in values:
        raise NotOfTypeError
    return values[text]


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
    ("boolean", partial(_literal, {"true": True, "false": False})),
    ("null", partial(_literal, {"": None, "null": None})),
    ("string", str),
)


@dataclass(slots=True)
class Node:
    """The texts that were sent for a value, or its members by name."""

    texts: list[str] = field(default_factory=list)
    members: "dict[str, Node]" = field(default_factory=dict)

    def inside(self, name: str) -> "Node":
        """Return the member of this name; where brackets are empty, a new one each time."""
        return self.members.setdefault(name or str(len(self.members)), Node())


def read_deep(name: str, pairs: Iterable[tuple[str, str]]) -> Node | None:
    """Return the value of the parameter of this name in the pairs; None without one."""
    root, is_there = Node(), False
    for key, text in pairs:
        tail = key.removeprefix(name)
        if key.startswith(name) and STEPS.fullmatch(tail):
            place, is_there = root, True
            for step in STEP.findall(tail):
                place = place.inside(step)
            place.texts.append(text)
    return root if is_there else None


def scalar_coercion(types: frozenset[str], is_valid: Callable[[Any], bool]) -> Callable[[str], Any]:
    """Return a function from text to the first declared type, in the order above, whose value is valid.

    A text that spells no valid value becomes the value of the first type that it spells, so that the schema
    can say what is wrong with it; else it stays text. A schema that says nothing of types takes it as it is.
    """
    # an empty text is an empty string before it is null
    kinds = types - {"null"} if "string" in types else types
    converters = [convert for name, convert in SCALARS if name in kinds]
    if types == EVERY_TYPE or converters == [str]:
        return str

    if len(converters) == 1:
        (convert_alone,) = converters

        def coerce_to_one(text: str) -> Any:
            try:
                return convert_alone(text)
            except NotOfTypeError:
                return text

        return coerce_to_one

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
    """Turns what was sent for a parameter or form field, or inside of one, into a JSON value.

    Attributes:
        takes_array: the schemas declare an array.
        takes_object: they declare an object, and no array.
        takes_scalar: they declare, or allow, what is neither.
    """

    def __init__(self, schemas: Sequence[Schema]) -> None:
        self._schemas = schemas
        self._types = frozenset().union(*(schema.types for schema in schemas))
        declares = self._types != EVERY_TYPE
        self.takes_array = declares and "array" in self._types
        self.takes_object = declares and "object" in self._types and not self.takes_array
        self.takes_scalar = bool(self._types - {"array", "object"})
        self._inside: dict[str | int, Coercion] = {}

    @cached_property
    def scalar(self) -> Callable[[str], Any]:
        """What turns a single text into a JSON value."""
        typed = [schema for schema in self._schemas if schema.types != EVERY_TYPE]
        types = frozenset().union(*(schema.types for schema in typed))
        checks = [schema.validator.is_valid for schema in typed]
        if len(checks) == 1:
            return scalar_coercion(types, checks[0])
        return scalar_coercion(types, lambda value: any(check(value) for check in checks)) if checks else str

    @property
    def items_may_be_text(self) -> bool:
        """Whether an item, or a value that is no array, may be a text."""
        return "string" in self._types or "string" in self._item(0)._types  # noqa: SLF001 -- its own kind

    @cached_property
    def properties(self) -> set[str]:
        """The names of the properties that are declared."""
        return {name for branch in self._branches for name in branch.get("properties", ())}

    def __call__(self, value: Serialized | Node) -> Any:
        """Return the JSON value that a client sent; RepeatedError if it is more than one."""
        if isinstance(value, str):
            return self.scalar(value)
        if isinstance(value, list):
            return self._array(value)
        if isinstance(value, Node):
            return self._deep(value)
        return {name: self._named(name)(text) for name, text in value.items()}

    def _array(self, texts: list[str]) -> Any:
        """Return an array, or what the one text means where only that is valid."""
        values = [self._item(index)(text) for index, text in enumerate(texts)]
        if self.takes_scalar and len(texts) == 1 and not self._is_valid(values):
            scalar = self.scalar(texts[0])
            return scalar if self._is_valid(scalar) else values
        return values

    def _deep(self, node: Node) -> Any:
        takes_array = "array" in self._types
        if node.texts:
            if node.members or not (takes_array or len(node.texts) == 1):
                raise RepeatedError
            if len(node.texts) == 1 and (self.takes_scalar or not takes_array):
                return self.scalar(node.texts[0]) if self.takes_scalar else node.texts[0]
            return [self._item(index)(Node([text])) for index, text in enumerate(node.texts)]
        if takes_array and all(name.isdecimal() for name in node.members):
            names = sorted(node.members, key=lambda name: (len(name), name))
            return [self._item(index)(node.members[name]) for index, name in enumerate(names)]
        return {name: self._named(name)(member) for name, member in node.members.items()}

    def _is_valid(self, value: Any) -> bool:
        return any(schema.validator.is_valid(value) for schema in self._schemas)

    @cached_property
    def _branches(self) -> list[dict[str, Any]]:
        return [branch for schema in self._schemas for branch in schema.branches]

    def _item(self, index: int) -> "Coercion":
        leading = [branch for branch in self._branches if index < len(branch.get("prefixItems", ()))]
        if not leading:
            return self._within(-1, self._declared("items", "unevaluatedItems", "contains"))
        return self._within(index, [branch["prefixItems"][index] for branch in leading])

    def _named(self, name: str) -> "Coercion":
        properties = (branch.get("properties", {}) for branch in self._branches)
        declaring = [members for members in properties if name in members]
        if not declaring:
            return self._within(-1, self._declared("additionalProperties", "unevaluatedProperties"))
        return self._within(name, [members[name] for members in declaring])

    def _declared(self, *keywords: str) -> list[Any]:
        """Return the branches' values of the first keyword that any of them has."""
        for keyword in keywords:
            if nodes := [branch[keyword] for branch in self._branches if keyword in branch]:
                return nodes
        return []

    def _within(self, place: str | int, nodes: list[Any]) -> "Coercion":
        """Return the coercion of a member or item; it is made at its first use."""
        if place not in self._inside:
            of = self._schemas[0].of
            self._inside[place] = Coercion([of(node) for node in nodes or [ANYTHING]])
        return self._inside[place]
