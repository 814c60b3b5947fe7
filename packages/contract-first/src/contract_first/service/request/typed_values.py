"""Arguments as the types that handlers are annotated with, decided when a handler is bound.

A value that the contract's schema accepted is a JSON value, which a TypedDict of such values describes as it
is. For all that is more, a Struct, a dataclass, an attrs class, an Enum, a date, msgspec converts it; for a
pydantic model pydantic does. Unions of dataclasses, which msgspec does not have, are distinguished here.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
from starlette.datastructures import UploadFile

from contract_first.contract.document import pointers
from contract_first.service.messages.problems import ValidationFailed, Violation

Convert = Callable[[Any], Any]
"""Returns what an annotation describes for a JSON value, or raises NotConverted."""
STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
AS_IT_IS = (str, int, float, bool, NoneType, list, dict, bytes, object, UploadFile, msgspec.UnsetType)
"""Classes of values that are handed over as they are; subclasses of files too."""
MADE = (
    enum.Enum,
    dt.date,
    dt.time,
    dt.timedelta,
    uuid.UUID,
    decimal.Decimal,
    tuple,
    set,
    frozenset,
)
"""Classes of values that msgspec makes of JSON."""
NOTHING: Mapping[str, str] = MappingProxyType({})
UNIONS = (Union, UnionType)
PYDANTIC = ("__get_pydantic_core_schema__", "__pydantic_validator__")
"""What classes have that pydantic makes: its models, its dataclasses and its types, such as ``AnyUrl``."""


class Reason(NamedTuple):
    """What is wrong with a part of a value, to which the path leads."""

    path: tuple[str | int, ...]
    rule: str
    detail: str


class NotConverted(Exception):  # noqa: N818 -- an event, which becomes violations
    """A value is not what the annotation describes, for these reasons."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(reasons)
        self.reasons = reasons


def argument_converter(annotation: Any) -> Convert | None:
    """Return the converter of JSON to a handler's annotation; None to leave a value as it is.

    Raises:
        TypeError: the annotation is of a kind that cannot be made of JSON.
    """
    classes = set(_classes(annotation))
    if any(hasattr(kind, mark) for kind in classes for mark in PYDANTIC if not issubclass(kind, UploadFile)):
        return _with_pydantic(annotation)
    if all(kind in AS_IT_IS or issubclass(kind, UploadFile) or is_typeddict(kind) for kind in classes):
        return None
    return _Converters().of(annotation)


def converted(
    convert: Convert, value: Any, location: str, name: str, parameters: Mapping[str, str] = NOTHING
) -> Any:
    """Return what an argument is to its handler.

    Args:
        location: where it was sent: ``body``, ``query`` ...
        name: the parameter's, empty for a body, and for several parameters as one object.
        parameters: the names of these, by member of the object.

    Raises:
        ValidationFailed: it conforms to the contract, and not to the annotation.
    """
    try:
        return convert(value)
    except NotConverted as error:
        raise ValidationFailed(
            [
                Violation(location, _place(name, reason.path, parameters), reason.rule, reason.detail)
                for reason in error.reasons
            ]
        ) from None


def _place(name: str, path: tuple[str | int, ...], parameters: Mapping[str, str]) -> str:
    """Return the name of a parameter and the pointer behind it."""
    if parameters and path:
        name, path = parameters.get(str(path[0]), str(path[0])), path[1:]
    return pointers.join(name, *path)


def member_names(annotation: Any) -> frozenset[str]:
    """Return how the members of an object's class are called in JSON; nothing of what is no such class."""
    kind: Any = next((kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType), None)
    if hasattr(kind, "__struct_encode_fields__"):
        return frozenset(kind.__struct_encode_fields__)
    if hasattr(kind, "model_fields"):
        aliases = (field.validation_alias for field in kind.model_fields.values())
        return frozenset(kind.model_fields) | {alias for alias in aliases if isinstance(alias, str)}
    return frozenset(_hints(kind)) if _is_object(kind) else frozenset()


def _classes(annotation: Any) -> Iterator[type]:
    """Yield the classes that a value of the annotation may hold, but abstract ones, such as ``Mapping``."""
    seen, pending = set[type](), [annotation]
    while pending:
        annotation = pending.pop()
        kind = get_origin(annotation) or annotation
        pending += () if kind is Literal else get_args(annotation)
        if not inspect.isclass(kind) or kind in seen or kind in {Any, UnionType} or inspect.isabstract(kind):
            continue
        seen.add(kind)
        yield kind
        if _is_object(kind):
            pending += _hints(kind).values()


def _is_object(kind: Any) -> bool:
    """Tell whether a class is of objects, whose members it annotates."""
    return inspect.isclass(kind) and (
        dataclasses.is_dataclass(kind)
        or is_typeddict(kind)
        or hasattr(kind, "__struct_fields__")
        or hasattr(kind, "__attrs_attrs__")
    )


def _hints(kind: type) -> dict[str, Any]:
    try:
        return get_type_hints(kind)
    except NameError as error:
        raise TypeError(f"{kind.__name__} refers to {error.name}, which its module does not have.") from None


class _Converters:
    """Makes converters; one that is being made is used by those in it, as types may be recursive."""

    def __init__(self) -> None:
        self._made: dict[Any, Convert] = {}

    def of(self, annotation: Any) -> Convert:
        """Return the converter of JSON to a type, msgspec's as far as it has one."""
        for kind in _classes(annotation):
            if not (kind in AS_IT_IS or _is_object(kind) or issubclass(kind, (*MADE, UploadFile))):
                raise TypeError(f"{kind.__name__} is no class that can be made of JSON.")
        try:
            msgspec.json.Decoder(annotation)
        except TypeError as refusal:
            return self._of_parts(annotation, refusal)
        return _with_msgspec(annotation)

    def _of_parts(self, annotation: Any, refusal: TypeError) -> Convert:
        kind, arguments = get_origin(annotation), get_args(annotation)
        if kind in UNIONS:
            return self._of_union(arguments, refusal)
        if kind in {list, dict}:
            return self._of_items(self.of(arguments[-1]))
        if (
            dataclasses.is_dataclass(annotation)
            or is_typeddict(annotation)
            or hasattr(annotation, "__attrs_attrs__")
        ):
            return self._of_members(annotation)
        raise refusal

    def _of_items(self, convert: Convert) -> Convert:
        def items(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: _within(name, convert, item) for name, item in value.items()}
            return [_within(index, convert, item) for index, item in enumerate(value)]

        return items

    def _of_members(self, kind: Any) -> Convert:
        if kind in self._made:
            return self._made[kind]
        converters: dict[str, Convert] = {}

        def members(value: Any) -> Any:
            arguments = {
                name: _within(name, converters[name], member)
                for name, member in _object(value).items()
                if name in converters
            }
            try:
                return kind(**arguments)
            except TypeError as error:
                raise NotConverted(Reason((), "type", f"is no {kind.__name__}: {error}")) from None

        self._made[kind] = members  # which may be in itself
        converters |= {name: self.of(hint) for name, hint in _hints(kind).items()}
        return members

    def _of_union(self, alternatives: tuple[Any, ...], refusal: TypeError) -> Convert:
        objects = [kind for kind in alternatives if _is_object(kind)]
        others = [kind for kind in alternatives if not _is_object(kind)]
        if len(objects) == 1 and len(others) == 1 and others[0] is NoneType:
            convert = self.of(objects[0])
            return lambda value: None if value is None else convert(value)
        key, kinds = _distinguished(objects, refusal)
        converters = {value: self.of(kind) for value, kind in kinds.items()}
        other = self.of(Union[tuple(others)]) if others else None  # noqa: UP007 -- made at run time

        def alternative(value: Any) -> Any:
            if other is not None and not isinstance(value, dict):
                return other(value)
            chosen = converters.get(_object(value).get(key))
            if chosen is None:
                expected = ", ".join(map(repr, converters))
                raise NotConverted(Reason((key,), "type", f"expected one of {expected}"))
            return chosen(value)

        return alternative


def _distinguished(objects: list[Any], refusal: TypeError) -> tuple[str, Mapping[Any, Any]]:
    """Return the member whose literals tell classes apart, and the class by its value."""
    hints = [_hints(kind) for kind in objects]
    for name in hints[0] if hints else ():
        literals = [get_args(kind[name]) if get_origin(kind.get(name)) is Literal else () for kind in hints]
        kinds = {value: kind for kind, values in zip(objects, literals, strict=True) for value in values}
        if all(literals) and len(kinds) == sum(map(len, literals)):
            return name, kinds
    raise refusal


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotConverted(Reason((), "type", f"expected an object, got {type(value).__name__}"))
    return value


def _within(step: str | int, convert: Convert, value: Any) -> Any:
    try:
        return convert(value)
    except NotConverted as error:
        reasons = (reason._replace(path=(step, *reason.path)) for reason in error.reasons)
        raise NotConverted(*reasons) from None


def _with_msgspec(annotation: Any) -> Convert:
    """Convert within a Struct: msgspec keeps how Structs are made, and works out other types each time."""
    holder: Any = msgspec.defstruct("Holder", [("value", annotation)])

    def convert(value: Any) -> Any:
        try:  # not strictly: 1.0 is an integer to JSON Schema
            return msgspec.convert({"value": value}, holder, strict=False).value
        except msgspec.ValidationError:
            return _alone(annotation, value)

    return convert


def _alone(annotation: Any, value: Any) -> Any:
    """Convert a value outside of the Struct, whose member would be in the message."""
    try:
        return msgspec.convert(value, annotation, strict=False)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        steps = [name or index for name, index in STEP.findall(place.rstrip("`"))]
        raise NotConverted(Reason(tuple(steps), "type", reason)) from None


def _with_pydantic(annotation: Any) -> Convert:
    from pydantic import PydanticUserError, TypeAdapter, ValidationError  # noqa: PLC0415 -- for handlers that use it

    try:
        validate = TypeAdapter(annotation).validate_python
    except PydanticUserError as error:
        raise TypeError(str(error).partition("\n")[0]) from None

    def convert(value: Any) -> Any:
        try:
            return validate(value)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False, include_context=False)
            raise NotConverted(*(Reason(item["loc"], item["type"], item["msg"]) for item in errors)) from None

    return convert
