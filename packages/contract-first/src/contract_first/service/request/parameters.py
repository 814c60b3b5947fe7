"""Path, query, header and cookie parameters: read by style, coerced by schema, validated, defaulted.

What does not change from request to request (style, delimiter, effective types, validator, default) is worked
out when an operation is bound. Styles are those of OpenAPI 3.1, section 4.8.12.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any

from contract_first.contract.document.anatomy import STYLES
from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.contract.schemas.validator import Validator
from contract_first.contract.schemas.violations import advice
from contract_first.service.messages.problems import Violation
from contract_first.service.messages.request import Request
from contract_first.service.names import argument_names

from .coercion import Coercion, Node, RepeatedError, Serialized, read_deep
from .decoding import decode, read_json

QueryPairs = list[tuple[str, bytes]]
Read = Callable[[Request, QueryPairs], Any]
"""Returns what was sent for a parameter, from the request and its query pairs; None if nothing was."""
Coerce = Callable[[Any], Any]
"""Turns what was sent into a JSON value."""
EMPTY = ("", [""])
"""An empty value, which ``allowEmptyValue`` allows though the schema may not."""
DELIMITERS: dict[str, tuple[bytes, ...]] = {
    "form": (b",",),
    "simple": (b",",),
    "label": (b".",),
    "matrix": (b",",),
    "spaceDelimited": (b"%20", b"+"),
    "pipeDelimited": (b"|", b"%7C", b"%7c"),
    "numbers": (b",", b"%2C", b"%2c"),
}
"""By style; ``numbers`` is ``form`` of items that hold no comma: most clients encode those between."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, compiled."""

    name: str
    argument: str
    location: str
    required: bool
    may_be_empty: bool
    default: Any
    validator: Validator
    read: Read
    coerce: Coerce

    def argument_of(self, request: Request, pairs: QueryPairs, violations: list[Violation]) -> Any:
        """Return the value for the handler; its violations are added to ``violations``."""
        try:
            serialized = self.read(request, pairs)
            value = None if serialized is None else self.coerce(serialized)
        except RepeatedError:
            violations.append(
                Violation(self.location, self.name, "repeated", "takes one value and was sent more than once")
            )
            return None
        if serialized is None:
            return self._absent(violations)
        if not self.validator.is_valid(value):
            if self.may_be_empty and serialized in EMPTY:
                return self._default()
            violations.extend(self.validator.violations(value, self.location, self.name))
        return value

    def _absent(self, violations: list[Violation]) -> Any:
        if self.required:
            violations.append(Violation(self.location, self.name, "required", "is required and was not sent"))
        return self._default()

    def _default(self) -> Any:
        return copy.deepcopy(self.default) if self.default.__class__ in {dict, list} else self.default


def compile_parameters(
    definitions: Sequence[Mapping[str, Any]], schema_of: Callable[[Any], Schema]
) -> tuple[Parameter, ...]:
    """Compile an operation's parameters.

    Args:
        schema_of: returns the contract's schema that a part of the document is.
    """
    arguments = argument_names(definitions)
    return tuple(
        _compile(definition, argument, schema_of)
        for definition, argument in zip(definitions, arguments, strict=True)
    )


def undeclared(pairs: QueryPairs, declared: Sequence[str]) -> list[Violation]:
    """Return the violations of undeclared query parameters."""
    names = dict.fromkeys(name for name, _ in pairs if name not in declared)
    return [
        Violation("query", name, "undeclared", f"is no parameter here{advice(name, declared)}")
        for name in names
    ]


def _compile(definition: Mapping[str, Any], argument: str, schema_of: Callable[[Any], Schema]) -> Parameter:
    location, name = definition["in"], definition["name"]
    media_type, content = next(iter(definition.get("content", {}).items()), ("", None))
    schema = schema_of((definition if content is None else content).get("schema", True))
    if location == "querystring":
        read, coerce = _whole_query(media_type, schema)
    elif content is None:
        read, coerce = _reading(definition, schema)
    else:
        read, coerce = _single(location, name), _of_content(media_type, f"{location} parameter {name!r}")
    required = bool(definition.get("required", False))
    default = None if schema.default is MISSING else schema.default
    if required and content is None and _is_spelled_by_nothing(definition, schema):
        required, default = False, {}
    return Parameter(
        name=name,
        argument=argument,
        location=location,
        required=required,
        may_be_empty=location == "query" and content is None and definition.get("allowEmptyValue") is True,
        default=default,
        validator=schema.validator,
        read=read,
        coerce=coerce,
    )


def _is_spelled_by_nothing(definition: Mapping[str, Any], schema: Schema) -> bool:
    """Tell whether an empty object is valid, and in a query, which has the names of members, not there."""
    style = definition.get("style", "form")
    by_members = style == "deepObject" or (style == "form" and definition.get("explode", True))
    is_object = definition["in"] == "query" and by_members and Coercion([schema]).takes_object
    return is_object and schema.conforms({})


def _reading(definition: Mapping[str, Any], schema: Schema) -> tuple[Read, Coerce]:
    """Return the reader of a parameter by its style, and its coercion."""
    coercion = Coercion([schema])
    if definition.get("style") == "deepObject" and definition["in"] == "query":
        return _deep_object(definition["name"]), coercion
    has_members = coercion.takes_array or coercion.takes_object
    return _styled(definition, coercion), coercion if has_members else coercion.scalar


def _whole_query(media_type: str, schema: Schema) -> tuple[Read, Coerce]:
    """Return the reader of the whole query string as JSON or as a form (OpenAPI 3.2, section 4.12.1)."""
    where = "query string"
    if is_json(essence(media_type)):
        return (
            lambda request, _: decode(request.query_string, where) or None,
            lambda text: read_json(text, where),
        )

    def read(_: Request, pairs: QueryPairs) -> Node | None:
        root = Node()
        for key, value in pairs:
            root.inside(key).texts.append(decode(value, where, plus_is_space=True))
        return root if pairs else None

    return read, Coercion([schema])


def _of_content(media_type: str, where: str) -> Coerce:
    """Read JSON; text of any other media type is taken as it is."""
    return (lambda text: read_json(str(text), where)) if is_json(essence(media_type)) else str


# Reading: where a parameter stands in a request ------------------------------------------------------------


def _in_query(name: str, text: Callable[[bytes], Any] = bytes) -> Read:
    """Return a reader of a query parameter that takes one value; without ``text`` it stays encoded."""

    def read(_: Request, pairs: QueryPairs) -> Any:
        values = [value for key, value in pairs if key == name]
        if len(values) > 1:
            raise RepeatedError
        return text(values[0]) if values else None

    return read


def _raw(location: str, name: str) -> Read:
    """Return a reader of the still encoded text of a parameter that takes one value."""
    if location == "query":
        return _in_query(name)
    if location == "path":
        return lambda request, _: request.path_parameters[name]
    if location == "header":
        field = name.lower().encode("latin-1", "replace")
        return lambda request, _: request.headers.get(field)

    def cookie(request: Request, _: QueryPairs) -> bytes | None:
        value = request.cookies.get(name)
        return None if value is None else value.encode("latin-1", "replace")

    return cookie


def _text(location: str, name: str) -> Callable[[bytes], str]:
    """Return what decodes a parameter, or a piece of it."""
    if location in {"header", "cookie"}:
        return _field_text
    return partial(decode, where=f"{location} parameter {name!r}", plus_is_space=location == "query")


def _field_text(raw: bytes) -> str:
    """Return the text of a header field or cookie: UTF-8, and where it is none, Latin-1.

    What bytes beyond ASCII mean is open (RFC 9110, section 5.5); browsers write Latin-1, most others UTF-8.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _single(location: str, name: str) -> Read:
    """Return a reader of a parameter that takes one value."""
    if location == "query":
        return _in_query(name, _text(location, name))
    if location == "path":
        return lambda request, _: decode(request.path_parameters[name], "path")
    raw = _raw(location, name)

    def read(request: Request, pairs: QueryPairs) -> str | None:
        value = raw(request, pairs)
        return None if value is None else _field_text(value)

    return read


def _styled(definition: Mapping[str, Any], coercion: Coercion) -> Read:
    location, name = definition["in"], definition["name"]
    style = definition.get("style", STYLES[location])
    explode = definition.get("explode", style == "form")
    if not (coercion.takes_array or coercion.takes_object):
        single = _single(location, name)
        return single if style not in {"label", "matrix"} else _prefixed(single, style, name)
    if location == "query" and explode:
        return _exploded_members(name, coercion)
    if location == "query" and style == "form" and coercion.takes_array and not coercion.items_may_be_text:
        style = "numbers"
    return _delimited_members(location, name, style, explode=explode, coercion=coercion)


def _prefixed(single: Read, style: str, name: str) -> Read:
    """Take ``.value``, and ``;name=value`` or ``;name``, apart."""
    prefix, sign = (".", "") if style == "label" else (f";{name}", "=")

    def read(request: Request, pairs: QueryPairs) -> str | None:
        return (single(request, pairs) or "").removeprefix(prefix).removeprefix(sign)

    return read


def _exploded_members(name: str, coercion: Coercion) -> Read:
    text, single = _text("query", name), _single("query", name)

    def array(_: Request, pairs: QueryPairs) -> list[str] | None:
        return [text(value) for key, value in pairs if key == name] or None

    def members(request: Request, pairs: QueryPairs) -> Serialized | None:
        alone: str | None = single(request, pairs) if coercion.takes_scalar else None
        if alone is not None:
            return alone
        return _distinct((key, text(value)) for key, value in pairs if key in coercion.properties) or None

    return array if coercion.takes_array else members


def _deep_object(name: str) -> Read:
    text = _text("query", name)

    def read(_: Request, pairs: QueryPairs) -> Node | None:
        return read_deep(name, ((key, text(value)) for key, value in pairs if key.startswith(name)))

    return read


def _delimited_members(location: str, name: str, style: str, *, explode: bool, coercion: Coercion) -> Read:
    raw, text = _raw(location, name), _text(location, name)

    def read(request: Request, pairs: QueryPairs) -> Serialized | None:
        value = raw(request, pairs)
        if value is None:
            return None
        pieces = _pieces(value, style, name, explode=explode)
        if explode and coercion.takes_object:
            pieces = [part for piece in pieces for part in piece.partition(b"=")[::2]]
        if location == "header":
            pieces = [piece.strip() for piece in pieces]
        return _members(pieces, text, coercion)

    return read


def _pieces(raw: bytes, style: str, name: str, *, explode: bool) -> list[bytes]:
    if style == "label":
        return _split(raw.removeprefix(b"."), "label" if explode else "form")
    if style == "matrix":
        head = name.encode() + b"="
        if explode:
            return [piece.removeprefix(head) for piece in raw.split(b";") if piece]
        return _split(raw.removeprefix(b";" + head), "form")
    return _split(raw, style)


def _split(raw: bytes, style: str) -> list[bytes]:
    first, *others = DELIMITERS.get(style, (b",",))
    for other in others:
        raw = raw.replace(other, first)
    return raw.split(first) if raw else []


def _members(pieces: list[bytes], text: Callable[[bytes], str], coercion: Coercion) -> Serialized:
    if coercion.takes_array:
        return [text(piece) for piece in pieces]
    if coercion.takes_scalar and len(pieces) == 1:
        return text(pieces[0])
    return _distinct(
        (text(key), text(value)) for key, value in zip_longest(*[iter(pieces)] * 2, fillvalue=b"")
    )


def _distinct(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    members: dict[str, str] = {}
    for key, value in pairs:
        if key in members:
            raise RepeatedError
        members[key] = value
    return members
