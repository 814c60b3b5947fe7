"""Templates in what an override sends, such as ``{{ request.query.name }}``, by MiniJinja, within bounds."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from contract_first.contract.document import pointers

if TYPE_CHECKING:
    from minijinja import Environment

FUEL: Final = 20_000
"""Of one template: its steps, and about as much again for what they make."""
MOST_BYTES: Final = 1024 * 1024
"""Of all that the templates of one response make."""
MARK: Final = re.compile(r"\{[{%]")
EXPRESSION: Final = re.compile(r"\s*\{\{-?((?:(?!\{\{|\}\}).)*?)-?\}\}\s*", re.DOTALL)


class TemplateError(ValueError):
    """A template is none, or cannot be filled in.

    Args:
        where: JSON pointer to the template.
    """

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}")
        self.where = where
        self.detail = detail


def has_templates(part: msgspec.Struct) -> bool:
    """Return whether there are templates in a struct."""
    return any(MARK.search(text) for _, text in _texts(msgspec.to_builtins(part), ""))


def check(value: Any, at: str) -> None:
    """Raise TemplateError for a text in a JSON value that is not a valid template."""
    for where, text in _texts(value, at):
        if MARK.search(text):
            with _failing(where):
                _environment().undeclared_variables_in_str(text)


class Filling:
    """Fills in the templates of one response.

    Args:
        describe: returns what templates can name; called if there is a template.
    """

    def __init__(self, describe: Callable[[], Mapping[str, Any]]) -> None:
        self._describe = describe
        self._rest = MOST_BYTES

    @cached_property
    def _context(self) -> Mapping[str, Any]:
        return self._describe()

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
