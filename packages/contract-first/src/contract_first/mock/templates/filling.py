"""Fills in templates; it knows nothing of the mock, and is what runs in a process of its own."""

import re
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from contract_first.contract.document import pointers

if TYPE_CHECKING:
    from minijinja import Environment

FUEL: Final = 20_000
"""Of one template: its steps, and about as much again for what they make."""
MOST_BYTES: Final = 1024 * 1024
"""Of all that the templates of one response make."""
MOST_MEMORY: Final = 1024 * 1024 * 1024
"""Of the process, in bytes."""
MARK: Final = re.compile(r"\{[{%]")
EXPRESSION: Final = re.compile(r"\s*\{\{-?((?:(?!\{\{|\}\}).)*?)-?\}\}\s*", re.DOTALL)


class TemplateError(ValueError):
    """A template is none, or cannot be filled in.

    Args:
        where: JSON pointer to the template; empty for one that is not known.
    """

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}" if where else detail)
        self.where = where
        self.detail = detail


def has_templates(value: Any) -> bool:
    """Return whether there are templates in a JSON value."""
    return any(MARK.search(text) for _, text in _texts(value, ""))


def check(value: Any, at: str) -> None:
    """Raise TemplateError for a text in a JSON value that is not a valid template."""
    for where, text in _texts(value, at):
        if MARK.search(text):
            with _failing(where):
                _environment().undeclared_variables_in_str(text)


class Filling:
    """Fills in the templates of one response.

    Args:
        context: what templates can name, beside ``uuid``.
        seed: of random values.
    """

    def __init__(self, context: Mapping[str, Any], seed: int = 0) -> None:
        chance = Random(seed)  # noqa: S311 -- repeatable, not secret
        self._context = {**context, "uuid": lambda: str(UUID(int=chance.getrandbits(128), version=4))}
        self._rest = MOST_BYTES

    def filled(self, value: Any, at: str = "", *, typed: bool = True) -> Any:
        """Return a JSON value with its templates filled in.

        Args:
            at: JSON pointer to the value.
            typed: a template that is a single expression becomes its value, which need not be a text.

        Raises:
            TemplateError: one cannot be filled in, or they make too much.
        """
        if isinstance(value, Mapping):
            members = [(name, member, pointers.join(at, name)) for name, member in value.items()]
            return {name: self.filled(member, where, typed=typed) for name, member, where in members}
        if isinstance(value, list):
            return [self.filled(item, pointers.join(at, i), typed=typed) for i, item in enumerate(value)]
        if not isinstance(value, str) or not MARK.search(value):
            return value
        with _failing(at):
            single = EXPRESSION.fullmatch(value) if typed else None
            if single is not None:
                result = _environment().eval_expr(single[1], **self._context)
            else:
                result = _environment().render_str(value, **self._context)
            self._rest -= len(msgspec.json.encode(result))
        if self._rest < 0:
            raise TemplateError(at, f"the templates of this response make more than {MOST_BYTES} bytes")
        return result


def _texts(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _texts(member, pointers.join(at, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, pointers.join(at, index))


@contextmanager
def _failing(at: str) -> Iterator[None]:
    from minijinja import TemplateError as Failure  # noqa: PLC0415 -- a mock without templates need not wait for it

    try:
        yield
    except (Failure, TypeError, ValueError, OverflowError) as error:
        raise TemplateError(at, f"the template fails: {str(error).partition(chr(10))[0]}") from None


@cache
def _environment() -> "Environment":
    from minijinja import Environment  # noqa: PLC0415 -- the reason above

    # a loader would read files; what comes out is JSON or plain text, not HTML
    environment = Environment(auto_escape_callback=lambda _: None, undefined_behavior="chainable", fuel=FUEL)
    environment.add_filter(
        "tojson", lambda value: msgspec.json.encode(value).decode()
    )  # indents cost no fuel
    environment.remove_global("debug")
    return environment


class Task(msgspec.Struct, tag=True, array_like=True):
    """What the process is asked for."""


class CheckTexts(Task):
    """Check the texts in a JSON value."""

    value: Any
    at: str

    def result(self) -> None:
        check(self.value, self.at)


class Fill(Task):
    """Fill in the members of an object; of some, a text that is one expression becomes its value."""

    members: dict[str, Any]
    typed: list[str]
    context: dict[str, Any]
    seed: int

    def result(self) -> dict[str, Any]:
        filling, typed = Filling(self.context, self.seed), frozenset(self.typed)
        return {
            name: filling.filled(value, f"/{name}", typed=name in typed)
            for name, value in self.members.items()
        }


class Outcome(msgspec.Struct, array_like=True):
    """The result of a task, or why there is none."""

    result: Any = None
    where: str = ""
    detail: str = ""


def main() -> None:
    """Write a line; then do the tasks on standard input, one a line, and write the outcome of each."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    decoder = msgspec.json.Decoder(CheckTexts | Fill)
    _write(b"ready")
    for line in sys.stdin.buffer:
        try:
            outcome = Outcome(decoder.decode(line).result())
            encoded = msgspec.json.encode(outcome)
        except TemplateError as error:
            encoded = msgspec.json.encode(Outcome(None, error.where, error.detail))
        _write(encoded)


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
