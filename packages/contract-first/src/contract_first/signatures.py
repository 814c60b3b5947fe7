"""Options, each declared once: a field of a record, an argument of functions, and an option of commands.

A field of the type ``Annotated[type, Flag(...)]`` is an option of commands as well; the others are for Python
alone. The docstring of the record says under ``Attributes:`` what each is for, which becomes the help of
commands, and the ``Args:`` of functions.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, ParamSpec, TypeVar, get_args, get_origin

P = ParamSpec("P")
Options = TypeVar("Options")
Result = TypeVar("Result")
ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
SECTION = re.compile(r"\n(?=Raises:)|\Z")
"""Before which the arguments of a function stand in its docstring."""


class Flag(NamedTuple):
    """How a command takes an option.

    Attributes:
        metavar: name of its value in help: DIR for a folder, PORT for a port.
        read: parses a value, on the command line a text; its ValueError is the message to the user.
        default: text of the default in help, where that is not its value.
        names: of the flag, where they are not that of the field.
        variable: of the environment, that has a value as well.
        kind: the type of the option, where it is not that of the field.
        alone: the value where neither option nor setting says; a port's is 0 beside ``exec``.
        minimum: the least number.
        maximum: the greatest number.
        help: what it is for, where the record's docstring does not say.
    """

    metavar: str | None = None
    read: Callable[[Any], Any] | None = None
    default: str = ""
    names: tuple[str, ...] = ()
    variable: str | None = None
    kind: Any = None
    alone: str | int | None = None
    minimum: float | None = None
    maximum: float | None = None
    help: str = ""


class Field(NamedTuple):
    """A field of a record: type, default, what it is for, and its `Flag` if it is an option of commands."""

    kind: Any
    default: Any
    help: str
    flag: Any = None


@cache
def fields_of(record: Any) -> Mapping[str, Field]:
    """Return the fields of a record by name: of a dataclass, a struct, a named tuple."""
    docs = "\n".join(inspect.cleandoc(kind.__doc__ or "") for kind in reversed(inspect.getmro(record)))
    texts = {name: " ".join(text.split()) for name, text in ATTRIBUTE.findall(docs)}
    fields = {}
    for name, parameter in inspect.signature(record).parameters.items():
        kind, flag = parameter.annotation, None
        if get_origin(kind) is Annotated:
            kind, flag = kind.__origin__, Flag(**kind.__metadata__[0]._asdict())
        text = texts.get(name) or (flag.help if flag else "")
        fields[name] = Field(kind, parameter.default, text, flag)
    return fields


def declared(record: Any, beside: Any = None) -> dict[str, Field]:
    """Return the fields of a record that are options of commands by name, but for those of another."""
    others = fields_of(beside) if beside else {}
    return {name: field for name, field in fields_of(record).items() if field.flag and name not in others}


def takes_fields_of(
    options: Callable[P, Options],
) -> Callable[[Callable[[Options], Result]], Callable[P, Result]]:
    """Return a decorator by which a function of a record takes the record's fields, and describes them."""

    def decorate(run: Callable[[Options], Result]) -> Callable[P, Result]:
        @wraps(run)
        def called(*arguments: P.args, **named: P.kwargs) -> Result:
            return run(options(*arguments, **named))

        lines = [f"{name}: {field.help}" for name, field in fields_of(options).items()]
        text = "\n    ".join(["\nArgs:", *lines])
        called.__signature__ = inspect.signature(options)  # type: ignore[attr-defined]  # what help() shows
        called.__doc__ = SECTION.sub(f"{text}\n\n", inspect.cleandoc(run.__doc__ or ""), count=1)
        return called

    return decorate


def read_fields(record: Any) -> None:
    """Give the fields of a frozen record the values that texts stand for, as its ``__post_init__``.

    A text is a path where the field is one, and one item where the field is a sequence. What has a `Flag` is
    read and refused as on the command line; a mapping has been read before.

    Raises:
        ValueError: a value is refused; names the field.
    """
    kind: Any = type(record)
    for name, field in fields_of(kind).items():
        value = getattr(record, name)
        if value is not None and not isinstance(value, Mapping):
            try:
                object.__setattr__(record, name, _read(_typed(value, field.kind), field))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None


def _typed(value: Any, kind: Any) -> Any:
    """Return a value as one of its type: a text may stand for a path, or for a sequence of itself."""
    if get_origin(kind) not in {Sequence, tuple}:
        return Path(value) if kind == Path | None else value
    items = (value,) if isinstance(value, str | Path) else value
    return tuple(map(Path, items)) if Path in get_args(kind) else items


def _read(value: Any, field: Field) -> Any:
    """Return the value of an option; raise ValueError for one that the command would refuse."""
    if field.flag is None:
        return value
    if field.flag.read:
        return field.flag.read(value)
    literals = (part for part in (field.kind, *get_args(field.kind)) if get_origin(part) is Literal)
    if (choices := get_args(next(literals, None))) and value not in choices:
        raise ValueError(f"expected one of {', '.join(map(str, choices))}, got {value!r}.")
    low, high = field.flag.minimum, field.flag.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        limits = f"{low} or more" if high is None else f"{low} to {high}"
        raise ValueError(f"expected {limits}, got {value!r}.")
    return value
