"""Request bodies as the types that handlers are annotated with, decided when a handler is bound.

A body that the contract's schema accepted is a JSON value, which a TypedDict describes as it is. For a
msgspec.Struct or a dataclass msgspec converts it, for a pydantic model pydantic does.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from contract_first.contract.document import pointers
from contract_first.service.messages.problems import ValidationFailed, Violation

STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def body_converter(function: Callable[..., Any], parameter: inspect.Parameter) -> Callable[[Any], Any] | None:
    """Return the converter of JSON to the annotation of a handler's ``body``; None to leave it as it is.

    A name in the annotation that exists for type checkers alone says nothing here.

    Raises:
        TypeError: the annotation is of a kind that msgspec cannot make.
    """
    annotation = _annotation(function, parameter)
    leaves = list(_leaves(annotation))
    if any(hasattr(leaf, "model_validate") for leaf in leaves):
        return _pydantic_converter(annotation)
    if any(dataclasses.is_dataclass(leaf) or hasattr(leaf, "__struct_fields__") for leaf in leaves):
        msgspec.json.Decoder(annotation)  # raises TypeError at start
        return partial(_with_msgspec, annotation)
    return None


def _annotation(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    def annotated() -> None: ...

    annotated.__annotations__ = {"body": parameter.annotation}
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return get_type_hints(annotated, globalns=scope)["body"]
    except NameError:
        return Any


def _leaves(annotation: Any) -> Iterator[Any]:
    yield get_origin(annotation) or annotation
    for argument in get_args(annotation):
        yield from _leaves(argument)


def _with_msgspec(annotation: Any, value: Any) -> Any:
    try:
        return msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        steps = [name or index for name, index in STEP.findall(place.rstrip("`"))]
        raise ValidationFailed([Violation("body", pointers.join("", *steps), "type", reason)]) from None


def _pydantic_converter(annotation: Any) -> Callable[[Any], Any]:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 -- for handlers that use it

    validate = TypeAdapter(annotation).validate_python

    def convert(value: Any) -> Any:
        try:
            return validate(value)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False, include_context=False)
            raise ValidationFailed(
                [
                    Violation(
                        "body", pointers.join("", *violation["loc"]), violation["type"], violation["msg"]
                    )
                    for violation in errors
                ]
            ) from None

    return convert
