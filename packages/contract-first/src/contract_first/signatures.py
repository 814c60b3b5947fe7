"""Functions whose arguments are the fields of a record, which declares and describes each of them once."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_origin

P = ParamSpec("P")
Options = TypeVar("Options")
Result = TypeVar("Result")


def takes_fields_of(
    options: Callable[P, Options],
) -> Callable[[Callable[[Options], Result]], Callable[P, Result]]:
    """Return a decorator by which a function of a record takes the record's fields as its arguments."""

    def decorate(run: Callable[[Options], Result]) -> Callable[P, Result]:
        @wraps(run)
        def called(*arguments: P.args, **named: P.kwargs) -> Result:
            return run(options(*arguments, **named))

        called.__signature__ = inspect.signature(options)  # type: ignore[attr-defined]  # what help() shows
        return called

    return decorate


def read_fields(record: Any) -> None:
    """Give the fields of a frozen dataclass the values that texts stand for, as its ``__post_init__``.

    A text is a path where the field is one, and one item where the field is a sequence. What has a `Flag`
    that reads is read as on the command line; a mapping has been read before.

    Raises:
        ValueError: a value is refused; names the field.
    """
    for field in fields(record):
        value, flag = getattr(record, field.name), field.metadata.get("flag")
        if value is None or isinstance(value, Mapping):
            continue
        if field.type == Path | None:
            value = Path(value)
        elif get_origin(field.type) in {Sequence, tuple} and isinstance(value, str):
            value = (value,)
        try:
            value = flag.read(value) if flag and flag.read else value
        except ValueError as error:
            raise ValueError(f"{field.name}: {error}") from None
        object.__setattr__(record, field.name, value)
