"""Functions whose arguments are the fields of a record, which declares and describes each of them once."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

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
