"""``contract coverage``: which operations have a handler, what responds in the mock, and which are tested."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contract_first.cli.commands import Overlays
from contract_first.cli.reading import File, Load, follows_references, read_contract
from contract_first.cli.serve import Handlers, imported_handlers
from contract_first.contract import Contract, Operation, load_contract
from contract_first.service.names import handler_named
from contract_first.terminal import printable

from .scaffold import UNUSED, common_beginning, handler_place, unused

VALUE = r"(?:\{[^{}]*\}|[^/\s\"'?{}]+)"
"""What stands in a path of a test for a parameter: an expression in an f-string, or a value."""
MOST_LISTED = 1_000
"""Operations in the table, of more those that lack most; 15,000 rows would take half the time."""
MARKS = {True: "[green]yes[/]", False: "[red]no[/]", None: "[yellow]unknown[/]"}


class Covered(NamedTuple):
    """What there is for an operation.

    Attributes:
        handler: module and name of its handler; None if it has none.
        is_tested: whether a test names it; None if there are no tests to look at.
    """

    operation: Operation
    handler: str | None
    is_tested: bool | None


@follows_references
def coverage(
    file: File,
    *,
    overlay: Overlays = None,
    handlers: Handlers = None,
    tests: Annotated[Path, typer.Option(metavar="DIR", help="Folder whose tests are searched.")] = Path(
        "tests"
    ),
    load: Load = load_contract,
    package: str = "",
    handled: str = "contract",
) -> None:
    """Show for each operation whether it has a handler, how the mock responds, and whether it is tested.

    An operation without a handler gets examples and generated values in the mock. It counts as tested if a
    Python file of the tests names its handler, or its method and path; without tests this is unknown.
    """
    functions = imported_handlers(handlers or package or _package_here())
    contract = read_contract(file, load, overlay)
    covered = _covered(contract, functions, tests)
    Console().print(_table(covered, handled))
    if (more := len(covered) - MOST_LISTED) > 0:
        typer.echo(f"... {more} more operations")
    with_handler = sum(operation.handler is not None for operation in covered)
    tested = sum(operation.is_tested is True for operation in covered)
    has_tests = all(operation.is_tested is not None for operation in covered)
    rest = f" and {tested} a test that names it." if has_tests else f"; there are no Python files in {tests}."
    typer.echo(f"Of {len(covered)} operations, {with_handler} have a handler{rest}")
    for name in unused(contract, functions):
        typer.echo(f"{name}: {UNUSED}.")


def _package_here() -> str:
    """Return the package of handlers of a project that `contract new` wrote, in the current folder."""
    packages = [path.parent for path in Path("src").glob("*/operations/__init__.py")]
    return ".".join(packages[0].parts[1:]) if len(packages) == 1 else ""


def _covered(contract: Contract, handlers: Mapping[str, Any], tests: Path) -> list[Covered]:
    texts = [path.read_text(errors="replace") for path in tests.rglob("*.py")]
    prefix = _prefix(contract.operations)
    covered = []
    for operation in contract.operations:
        name = handler_named(operation, handlers)
        handler = handler_place(handlers, name) if name else None
        is_tested = any(map(_naming(operation, name, prefix), texts)) if texts else None
        covered.append(Covered(operation, handler, is_tested))
    return covered


def _prefix(operations: Iterable[Operation]) -> str:
    """Return the common prefix of all paths, which may be part of a test client's base URL."""
    paths = [operation.path.split("/") for operation in operations]
    return "/".join(common_beginning(paths))


def _naming(operation: Operation, handler: str | None, prefix: str) -> Callable[[str], bool]:
    """Return the predicate of texts with a handler's name as a word, or a path in a string and a method."""
    word = re.compile(rf"\b{re.escape(handler)}\b" if handler else r"(?!)")
    before, below = (
        VALUE.join(map(re.escape, re.split(r"\{[^{}]*\}", part)))
        for part in (prefix, operation.path.removeprefix(prefix))
    )
    path = re.compile(rf"""(?:{before}|["'}}]){below}["'?]""" if below else rf"""{before}["'?]""")
    method = re.compile(rf"\b{operation.method}\b", re.IGNORECASE)
    return lambda text: bool(word.search(text) or (path.search(text) and method.search(text)))


def _table(covered: Sequence[Covered], handled: str) -> Table:
    prefix = _prefix(row.operation for row in covered)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(f"operation (below {printable(prefix)})" if prefix else "operation", overflow="fold")
    for heading in ("handler", "mock", "tested"):
        table.add_column(heading, no_wrap=True)
    listed = list(covered)
    if len(listed) > MOST_LISTED:
        listed = sorted(listed, key=lambda row: (row.handler is not None, bool(row.is_tested)))
    for row in listed[:MOST_LISTED]:
        path = printable(row.operation.path.removeprefix(prefix)) or "/"
        operation = Text.assemble(f"{row.operation.method.upper():6} {path}")
        if row.handler:
            operation.append(f"\n{'':7}{row.handler}", "dim")
        mock = handled if row.handler else "contract"
        table.add_row(operation, MARKS[row.handler is not None], f"[green]{mock}[/]", MARKS[row.is_tested])
    return table
