"""``scanner-api contract coverage``: which operations are answered, mocked and tested."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from .beginnings import common_beginning
from .reading import File, read_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table

    from openapi_contract import Contract, Operation

VALUE = r"(?:\{[^{}]*\}|[^/\s\"'?{}]+)"
"""What stands in a path of a test for a parameter: an expression in an f-string, or a value."""
MARKS = {True: "[green]yes[/]", False: "[red]no[/]", None: "[yellow]unknown[/]"}


class Covered(NamedTuple):
    """What there is for an operation.

    Attributes:
        method: upper case.
        path: the path template.
        handler: module and name of the function that answers it, in the service and in the mock alike; None
            if the mock answers by the contract alone.
        is_tested: whether a test names it; None if there are no tests to look at.
    """

    method: str
    path: str
    handler: str | None
    is_tested: bool | None


def coverage(
    file: File = None,
    *,
    tests: Annotated[Path, typer.Option(help="Folder whose tests are searched.")] = Path("tests"),
) -> None:
    """Tell for each operation whether a handler answers it, what does in the mock, and whether it is tested.

    The mock answers with the same handler, else with examples and made-up values of the contract.
    An operation counts as tested if a Python file of the tests names its handler, or its method and path;
    where there are no tests, that is unknown.
    """
    from rich.console import Console  # noqa: PLC0415 -- help does without

    covered = _covered(read_contract(file), tests)
    Console().print(_table(covered))
    answered = sum(each.handler is not None for each in covered)
    tested = sum(each.is_tested is True for each in covered)
    has_tests = all(each.is_tested is not None for each in covered)
    told = f" and {tested} a test that names it." if has_tests else f"; there are no Python files in {tests}."
    typer.echo(f"Of {len(covered)} operations, {answered} have a handler{told}")


def _covered(contract: Contract, tests: Path) -> list[Covered]:
    from openapi_service.binding import handlers_of  # noqa: PLC0415 -- the same
    from openapi_service.names import handler_named  # noqa: PLC0415 -- the same
    from scanner_api import operations  # noqa: PLC0415 -- help does without

    handlers = handlers_of(operations)
    texts = [path.read_text(errors="replace") for path in tests.rglob("*.py")]
    prefix = _prefix([each.path for each in contract.operations])
    found = []
    for operation in contract.operations:
        name = handler_named(operation, handlers)
        handler = f"{handlers[name].__module__.rpartition('.')[2]}.{name}" if name else None
        naming = _naming(operation, name, prefix)
        is_tested = any(map(naming, texts)) if texts else None
        found.append(Covered(operation.method.upper(), operation.path, handler, is_tested))
    return found


def _prefix(paths: Sequence[str]) -> str:
    """Return what all paths begin with, which tests may have in the URL of their client."""
    return "/".join(common_beginning([path.split("/") for path in paths]))


def _naming(operation: Operation, handler: str | None, prefix: str) -> Callable[[str], bool]:
    """Return what tells whether a text has a handler's name as a word, or a path in a string and a method."""
    word = re.compile(rf"\b{re.escape(handler)}\b" if handler else r"(?!)")
    before, below = (
        VALUE.join(map(re.escape, re.split(r"\{[^{}]*\}", part)))
        for part in (prefix, operation.path.removeprefix(prefix))
    )
    path = re.compile(rf"""(?:{before}|["'}}]){below}["'?]""" if below else rf"""{before}["'?]""")
    method = re.compile(rf"\b{operation.method}\b", re.IGNORECASE)
    return lambda text: bool(word.search(text) or (path.search(text) and method.search(text)))


def _table(covered: Sequence[Covered]) -> Table:
    from rich import box  # noqa: PLC0415 -- help does without
    from rich.table import Table  # noqa: PLC0415 -- imported when it is needed
    from rich.text import Text  # noqa: PLC0415 -- the same

    from openapi_contract.comparison.findings import printable  # noqa: PLC0415 -- the same

    prefix = _prefix([each.path for each in covered])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(f"operation (below {printable(prefix)})" if prefix else "operation", overflow="fold")
    for heading in ("handler", "mock", "tested"):
        table.add_column(heading, no_wrap=True)
    for each in covered:
        path = printable(each.path.removeprefix(prefix)) or "/"
        operation = Text.assemble(f"{each.method:6} {path}")
        if each.handler:
            operation.append(f"\n{'':7}{each.handler}", "dim")
        mock = "[green]handler[/]" if each.handler else "[green]contract[/]"
        table.add_row(operation, MARKS[each.handler is not None], mock, MARKS[each.is_tested])
    return table
