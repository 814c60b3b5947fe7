"""Values of context variables for the length of a ``with`` block."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Value = TypeVar("Value")


@contextmanager
def assignment(variable: ContextVar[Value], value: Value) -> Iterator[None]:
    """Have a variable have a value inside the ``with`` block, and the one before it afterwards."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
