"""Schemas as types of msgspec, which validates JSON while it reads it, in a fraction of a validator's time.

A type accepts no more than its schema does. What msgspec has no type for, such as most formats, a function is
asked about, with that part alone. There is no type for a schema that refers to itself, or that has references
below a keyword which types do not have.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations
from types import GenericAlias, NoneType
from typing import Annotated, Any, Literal, NamedTuple, Union
from urllib.parse import unquote

from msgspec import Meta, Raw, defstruct
from msgspec.json import Decoder

from .document.anatomy import ALTERNATIVES, REFERENCES
from .document.bounds import STRICTER
from .document.formats import decider
from .document.json_types import declared_types, named_types, range_of
from .document.parsing import names_in
from .document.patterns import compiled, longest_text

Node = Mapping[str, Any]
Conforms = Callable[[Any], bool]
ANNOTATIONS = frozenset(
    {
        *("$comment", "default", "deprecated", "description", "example", "examples", "externalDocs"),
        *("readOnly", "title", "writeOnly", "xml"),
    }
)
OF_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"})
KEYWORDS = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": OF_NUMBERS | {"multipleOf"},
    "number": OF_NUMBERS,
    "array": frozenset({"items", "minItems", "maxItems"}),
    "object": frozenset({"properties", "required", "additionalProperties", "minProperties", "maxProperties"}),
    "boolean": frozenset[str](),
    "null": frozenset[str](),
}
"""The keywords that types have."""
DATE_TIME = (
    r"(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
"""The usual spelling, of all days but the 29th of February."""
FORMATS = {
    "date": dt.date,
    # msgspec's own type takes a space for the T, and offsets without a colon
    "date-time": Annotated[str, Meta(pattern=rf"\A(?:{DATE_TIME})\Z")],
}
"""Types of formats with no value that the format does not have."""
OF_FLOATS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
EXACT = 2**53
"""Up to here each integer is a float."""
MOST_STEPS = 5_000
"""Schemas and parts of them that a type is made of: a class takes 2 KB and 0.1 ms."""


class NoTypeError(Exception):
    """There is no type for a schema."""


class TooManyStepsError(Exception):
    """A type would be made of too many schemas."""


class Checked:
    """The base of classes that stand for what a function is asked about."""

    conforms: Conforms
    instance: Any


class Flat(NamedTuple):
    """A schema object without ``$ref``, ``allOf`` and annotations, and the references that were in it."""

    keywords: dict[str, Any]
    references: frozenset[str] = frozenset()

    def also(self, other: "Flat") -> "Flat":
        """Return the schema object of the values that conform to both."""
        left, right = self.keywords, other.keywords
        for closed, names in ((left, _names(right)), (right, _names(left))):
            if "additionalProperties" in closed and not names <= closed.get("properties", {}).keys():
                raise NoTypeError
        shared = left.keys() & right.keys()
        both = {keyword: _both(keyword, left[keyword], right[keyword]) for keyword in shared}
        return Flat({**left, **right, **both}, self.references | other.references)


class MsgspecTypes:
    """Makes types of the schemas of a document.

    Args:
        validator: returns the function that validates values by a schema, which refers to no others.
        refused: marks of schemas to which no value conforms.
    """

    def __init__(
        self,
        validator: Callable[[dict[str, Any]], Conforms],
        refused: frozenset[str],
    ) -> None:
        self._validator = validator
        self._refused = refused
        self._definitions: Node = {}
        self._made: dict[str, Any] = {}
        self._open: frozenset[str] = frozenset()
        self._steps = 0

    def reader(self, bundle: Node) -> Callable[[bytes], Any] | None:
        """Return a function that raises ValueError for JSON that may not conform; None if there is no type.

        Args:
            bundle: the schema with those that it refers to, see :class:`.schemas.bundling.Bundler`.
        """
        self._definitions, self._steps = bundle["$defs"], 0
        try:
            return Decoder(self._type(self._definitions["root"]), dec_hook=_ask).decode
        except (NoTypeError, TooManyStepsError, TypeError, ValueError, RecursionError):
            return None

    def _type(self, node: Any) -> Any:
        """Return the type of a schema, that of a component once for all bundles."""
        if not (isinstance(node, dict) and node.keys() == {"$ref"}):
            return self._new(node)
        reference = node["$ref"]
        if reference not in self._made:
            self._made[reference] = NoTypeError  # until it is there
            try:
                self._made[reference] = self._new(node)
            except TooManyStepsError:  # the type of another schema may have room for it
                del self._made[reference]
                raise
        if self._made[reference] is NoTypeError:
            raise NoTypeError
        return self._made[reference]

    def _new(self, node: Any) -> Any:
        """Return the type of a schema, or the class of values that a function accepts."""
        try:
            return self._of(self._flat(node))
        except (NoTypeError, TypeError, ValueError, OverflowError):
            if not isinstance(node, dict) or _refers(node):
                raise NoTypeError from None
        return _checked(self._validator(self._asserted(node)))

    def _asserted(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return a schema object without annotations."""
        return {
            name: value
            for name, value in node.items()
            if name in self._refused or not (name in ANNOTATIONS or name.startswith("x-"))
        }

    def _flat(self, node: Any, within: frozenset[str] = frozenset()) -> Flat:
        """Return a schema without references and parts; ``within`` are the references that led to it."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooManyStepsError
        if node is True:
            return Flat({})
        if not isinstance(node, dict) or any(node.get(mark) is True for mark in self._refused):
            raise NoTypeError
        keywords = self._asserted(node)
        if keywords.get("additionalProperties") in (True, {}):
            del keywords["additionalProperties"]
        parts = [self._flat(part, within) for part in keywords.pop("allOf", ())]
        if "const" in keywords:
            parts.append(Flat({"enum": [keywords.pop("const")]}))
        if "$ref" in keywords:
            reference = keywords.pop("$ref")
            if reference in within:
                raise NoTypeError
            target = self._flat(self._target(reference), within | {reference})
            parts.append(Flat(target.keywords, target.references | {reference}))
        is_closed = keywords.get("unevaluatedProperties") is False
        if is_closed:
            del keywords["unevaluatedProperties"]
        flat = Flat(keywords)
        for part in parts:
            flat = flat.also(part)
        if is_closed:
            if not flat.keywords.keys().isdisjoint(ALTERNATIVES):
                raise NoTypeError
            flat.keywords.setdefault("additionalProperties", False)
        return flat

    def _target(self, reference: str) -> Any:
        name = unquote(reference.removeprefix("#/$defs/")).replace("~1", "/").replace("~0", "~")
        if name not in self._definitions:
            raise NoTypeError
        return self._definitions[name]

    @contextmanager
    def _within(self, references: frozenset[str]) -> Iterator[None]:
        """Raise NoTypeError within references if they lead to themselves."""
        if references & self._open:
            raise NoTypeError
        before, self._open = self._open, self._open | references
        try:
            yield
        finally:
            self._open = before

    def _of(self, flat: Flat, tag: tuple[str, str] | None = None) -> Any:
        """Return the type of a schema object; ``tag`` is a member that msgspec knows it by, and its value."""
        keywords = flat.keywords
        with self._within(flat.references):
            for keyword in ALTERNATIVES:
                if keyword in keywords:
                    return self._of_alternatives(keywords, keyword)
            if "enum" in keywords:
                return self._of_values(keywords)
            types = _types(keywords)
            if keywords.keys() - {"type"}.union(*map(KEYWORDS.__getitem__, types)):
                raise NoTypeError
            return _union([self._of_type(name, keywords, tag) for name in types]) if types else Raw

    def _of_values(self, keywords: dict[str, Any]) -> Any:
        """Return the type of the values that are listed, and conform to the other keywords."""
        if _refers(keywords):
            raise NoTypeError
        values = tuple(filter(self._validator(keywords), keywords["enum"]))
        if not values or not all(value is None or type(value) is str or _is_short(value) for value in values):
            raise NoTypeError
        return Literal.__getitem__(values)

    def _of_type(self, name: str, keywords: dict[str, Any], tag: tuple[str, str] | None) -> Any:
        match name:
            case "integer":
                return _integers(keywords)
            case "number":
                return _integers(keywords) | _floats(keywords)
            case "string":
                return self._strings(keywords)
            case "array":
                items = self._type(keywords.get("items", True))
                return Annotated[GenericAlias(list, items), _lengths(keywords, "Items")]
            case "object":
                return self._objects(keywords, tag)
            case _:
                return NoneType if name == "null" else bool

    def _strings(self, keywords: dict[str, Any]) -> Any:
        name, pattern = keywords.get("format"), keywords.get("pattern")
        if name in FORMATS and KEYWORDS["string"] & keywords.keys() == {"format"}:
            return FORMATS[name]
        if name is not None and decider(name):
            raise NoTypeError
        if pattern is not None and (compiled(pattern) is None or longest_text(pattern) < math.inf):
            raise NoTypeError
        return Annotated[str, _lengths(keywords, "Length", pattern)]

    def _objects(self, keywords: dict[str, Any], tag: tuple[str, str] | None) -> Any:
        others, lengths = keywords.get("additionalProperties"), _lengths(keywords, "Properties")
        required, properties = {*keywords.get("required", ())}, keywords.get("properties", {})
        if not (required or properties) and (others or lengths != Meta()):
            values = self._type(True if others is None else others)
            return Annotated[GenericAlias(dict, (str, values)), lengths]
        if others or lengths != Meta() or (others is False and not required <= properties.keys()):
            raise NoTypeError
        tag_field, value = tag or (None, None)
        # what is unknown may have any value as well, unless it must be there
        named = [
            (name, kind)
            for name in dict.fromkeys([*properties, *required])
            if name != tag_field
            and (
                (kind := self._type(properties.get(name, True))) is not Raw
                or name in required
                or others is False
            )
        ]
        fields: list[Any] = [
            (f"m{place}", kind) if name in required else (f"m{place}", kind, None)
            for place, (name, kind) in enumerate(named)
        ]
        return defstruct(
            "Body",
            fields,
            tag_field=tag_field,
            tag=value,
            rename={f"m{place}": name for place, (name, _) in enumerate(named)},
            forbid_unknown_fields=others is False,
            kw_only=True,
            gc=False,
        )

    def _of_alternatives(self, keywords: dict[str, Any], keyword: str) -> Any:
        """Return the type of alternatives of which no value has two: by their types, or by a member."""
        rest = Flat({name: value for name, value in keywords.items() if name != keyword})
        branches = [rest.also(self._flat(node)) for node in keywords[keyword] if node is not False]
        branches = [branch for branch in branches if not self._is_impossible(branch.keywords)]
        types = [declared_types(branch.keywords) for branch in branches]
        objects = [branch for branch, names in zip(branches, types, strict=True) if names == {"object"}]
        distinct = [names for names in types if names != {"object"}] + [{"object"}] * bool(objects)
        if any(left & right for left, right in combinations(distinct, 2)):
            raise NoTypeError
        tags = self._tags(objects) if len(objects) > 1 else {}
        return _union([self._of(branch, tags.get(id(branch))) for branch in branches])

    def _is_impossible(self, keywords: dict[str, Any]) -> bool:
        """Tell whether a schema of objects alone requires a member that has no value."""
        return declared_types(keywords) == {"object"} and any(
            self._listed(keywords, name) == [] for name in keywords.get("required", ())
        )

    def _listed(self, keywords: dict[str, Any], name: str) -> list[Any] | None:
        """Return the values of a property whose schema lists texts and says no more, else None."""
        try:
            listed = self._flat(keywords.get("properties", {}).get(name, True)).keywords
        except NoTypeError:
            return None
        is_plain = listed.keys() <= {"enum", "type"} and "string" in named_types(listed)
        return listed.get("enum") if is_plain else None

    def _tags(self, objects: list[Flat]) -> dict[int, tuple[str, str]]:
        """Return the member, and its value, that tells each object from the others, by its identity."""
        for name in objects[0].keywords.get("properties", {}):
            listed = [self._listed(branch.keywords, name) or [] for branch in objects]
            values = [values[0] for values in listed if len(values) == 1 and isinstance(values[0], str)]
            if len({*values}) == len(objects):
                return {id(branch): (name, value) for branch, value in zip(objects, values, strict=True)}
        raise NoTypeError


def _ask(kind: type[Checked], value: Any) -> Any:
    if kind.conforms(value):
        return kind.instance
    raise ValueError


def _checked(conforms: Conforms) -> Any:
    kind: Any = type("Checked", (Checked,), {"conforms": staticmethod(conforms)})
    kind.instance = kind()
    return kind


def _refers(node: Any) -> bool:
    """Tell whether a reference may be in a schema."""
    return not names_in(node).isdisjoint(REFERENCES)


def _names(keywords: Node) -> set[str]:
    """Return the names of the members that an object is to have, or may have."""
    return {*keywords.get("properties", ()), *keywords.get("required", ())}


def _both(keyword: str, left: Any, right: Any) -> Any:
    """Return the value of a keyword that means what both values together do."""
    match keyword:
        case "enum":  # among other values 1 would be true
            if all(isinstance(value, str | None) for value in (*left, *right)):
                return [value for value in left if value in right]
        case _ if repr(left) == repr(right):  # 1 is equal to true
            return left
        case "type":
            return sorted(named_types({"type": left}) & named_types({"type": right}))
        case "required":
            return [*left, *right]
        case "properties":
            shared = {name: {"allOf": [left[name], right[name]]} for name in left.keys() & right.keys()}
            return {**left, **right, **shared}
        case _ if keyword in STRICTER:
            return STRICTER[keyword](left, right)
    raise NoTypeError


def _types(keywords: dict[str, Any]) -> list[str]:
    """Return the JSON types that a schema names, else those that its keywords are about."""
    if "type" in keywords:
        names = named_types(keywords)
        if not names:
            raise NoTypeError
        return [name for name in KEYWORDS if name in names and not (name == "integer" and "number" in names)]
    return [
        name for name in ("string", "number", "array", "object") if not KEYWORDS[name].isdisjoint(keywords)
    ]


def _union(kinds: list[Any]) -> Any:
    others = [kind for kind in kinds if kind is not NoneType]
    if not kinds or (len(others) > 1 and any(kind is Raw or _is_checked(kind) for kind in kinds)):
        raise NoTypeError
    return Union[tuple(kinds)]  # noqa: UP007 -- made at run time


def _is_checked(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Checked)


def _lengths(keywords: dict[str, Any], of: str, pattern: str | None = None) -> Meta:
    return Meta(min_length=keywords.get(f"min{of}"), max_length=keywords.get(f"max{of}"), pattern=pattern)


def _integers(keywords: dict[str, Any]) -> Any:
    limits = range_of(keywords)
    lows, highs = ([], []) if limits is None else ([limits[0]], [limits[1]])
    lows += [math.ceil(keywords["minimum"])] if "minimum" in keywords else []
    lows += [math.floor(keywords["exclusiveMinimum"]) + 1] if "exclusiveMinimum" in keywords else []
    highs += [math.floor(keywords["maximum"])] if "maximum" in keywords else []
    highs += [math.ceil(keywords["exclusiveMaximum"]) - 1] if "exclusiveMaximum" in keywords else []
    bounds: dict[str, Any] = {
        "ge": max(lows, default=None),
        "le": min(highs, default=None),
        "multiple_of": keywords.get("multipleOf"),
    }
    if not all(bound is None or _is_short(bound) for bound in bounds.values()):
        raise NoTypeError
    return Annotated[int, Meta(**bounds)]


def _is_short(number: Any) -> bool:
    """Tell whether msgspec can have a number as a bound of integers, or among listed values."""
    return type(number) is int and -(2**63) <= number < 2**63


def _floats(keywords: dict[str, Any]) -> Any:
    bounds: dict[str, Any] = {name: keywords.get(keyword) for name, keyword in OF_FLOATS.items()}
    if any(type(bound) is int and abs(bound) > EXACT for bound in bounds.values()):
        raise NoTypeError
    return Annotated[float, Meta(**bounds)]
