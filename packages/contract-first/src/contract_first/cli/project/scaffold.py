"""``contract scaffold``: a place to begin for each operation without a handler."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from itertools import chain, count, takewhile
from linecache import getlines
from os.path import lexists
from pathlib import Path
from typing import Annotated, Any
from unicodedata import normalize

import typer

from contract_first.cli.commands import failure, takes
from contract_first.cli.options import options_of
from contract_first.cli.reading import ContractOptions, Load, Source, follows_references, read_contract
from contract_first.cli.serve import Handlers, imported_handlers
from contract_first.contract import Contract, Operation, load_contract
from contract_first.contract.models import Kind
from contract_first.contract.models.python_names import python_name
from contract_first.imports import resting_collector
from contract_first.service.names import PRIVATE, handler_named

from .stubs import Stub, Stubs, stub_name

PACKAGE = '"""One module a tag, one async function an operation."""\n'
UNTAGGED = "untagged"
"""The module of operations without a tag, or with one that has no letters of ASCII."""
ModelsKind = Annotated[
    Kind | None,
    typer.Option(
        "--models",
        help="Have handlers take and return models of this kind, which are in the module `models`.",
        show_default="none: JSON values",
    ),
]
UNUSED = "no operation has this name; rename the function if its operation was renamed"
WORD = re.compile(r"\w+")


@follows_references
@takes(**options_of(ContractOptions))
def scaffold(
    *,
    into: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder whose package `operations` gets the handlers.")
    ],
    contract: Source,
    overlay: list[Path],
    strict: bool,
    handlers: Handlers = None,
    models: ModelsKind = None,
    load: Load = load_contract,
    package: str = "",
) -> None:
    """Write a handler stub for each operation without a handler.

    Handlers of one tag share a module. Existing files are not changed: what a module lacks goes into another
    beside it, such as `pets_2.py`. What is left out is named.
    """
    functions = imported_handlers(handlers or package)
    read = read_contract(contract, load, overlay, strict=strict)
    work = Scaffolding(read, functions, into / "operations", models)
    print_outcomes(work.done())


@resting_collector()
def print_outcomes(outcomes: Iterable[tuple[str, str, str]]) -> None:
    """Print the outcome of each file as it is written; an error ends the command with exit code 2."""
    try:
        for outcome, what, remark in outcomes:
            typer.echo(f"{outcome:8} {what}{f': {remark}' if remark else ''}")
    except OSError as error:
        if error.filename is None:  # the terminal went away, and no file is to blame
            raise
        raise failure(f"Cannot write {error.filename}: {error.strerror}.") from None


@dataclass(eq=False)
class Scaffolding:
    """The handlers that a contract lacks, and where they are written."""

    contract: Contract
    handlers: Mapping[str, Any]
    operations: Path
    models: Kind | None = None

    def done(self) -> Iterator[tuple[str, str, str]]:
        """Write the missing files, and yield the outcome, name and a remark for each."""
        modules, unnamed = self._missing()
        yield from (("skipped", operation.label, reason) for operation, reason in unnamed)
        if modules:
            yield from self._written(modules)
        else:
            yield "nothing", "to write", "" if unnamed else "every operation has a handler"
        yield from (("unused", name, UNUSED) for name in unused(self.contract, self.handlers))

    def _written(self, modules: Mapping[str, Sequence[Stub]]) -> Iterator[tuple[str, str, str]]:
        self.operations.mkdir(parents=True, exist_ok=True)
        write_new(self.operations / "__init__.py", PACKAGE)
        writer = Stubs(self.contract, self.models)
        package = _import_name(self.operations).rpartition(".")[0]
        for module, stubs in modules.items():
            path = _free(self.operations, module)
            title = stubs[0].operation.tags[0] if stubs[0].operation.tags else "Operations without a tag"
            write_new(path, writer.module(title, stubs, package))
            yield "wrote", str(path), f"{len(stubs)} to implement"

    def _missing(self) -> tuple[dict[str, list[Stub]], list[tuple[Operation, str]]]:
        """Return the handlers to write by module, and the operations that no function can be named by."""
        operations = self.contract.operations
        handlers = {*self.handlers, *_functions_in(self.operations)}
        lacking = [operation for operation in operations if not handler_named(operation, handlers)]
        names = {operation.operation_id: stub_name(operation) for operation in lacking}
        uses = Counter(names.values())
        modules: dict[str, list[Stub]] = {}
        unnamed: list[tuple[Operation, str]] = []
        labels = _modules_by_tag(self.contract)
        for operation in lacking:
            name = names[operation.operation_id]
            if handler_named(operation, uses) != name or uses[name] > 1:
                unnamed.append(
                    (operation, f"{name} would handle another operation too; give it another operationId")
                )
            else:
                modules.setdefault(labels[operation.tags[:1]], []).append(Stub(name, operation))
        return modules, unnamed


def unused(contract: Contract, handlers: Mapping[str, Any]) -> Iterator[str]:
    """Yield where coroutine functions are that handle no operation, and that their modules do not use."""
    names = {handler_named(operation, handlers) for operation in contract.operations}
    files = {sys.modules[function.__module__].__file__ or "" for function in handlers.values()}
    uses = Counter(word for file in files for line in getlines(file) for word in WORD.findall(line))
    for name, function in handlers.items():
        if name not in names and uses[name] <= 1 and iscoroutinefunction(function):
            yield handler_place(handlers, name)


def handler_place(handlers: Mapping[str, Any], name: str) -> str:
    """Return the name of a handler behind that of its module."""
    return f"{handlers[name].__module__.rpartition('.')[2]}.{name}"


def _modules_by_tag(contract: Contract) -> dict[tuple[str, ...], str]:
    """Return the module for each first tag, without the words that all tags begin with."""
    tags = {operation.tags[:1] for operation in contract.operations}
    shared = len(common_beginning([tag[0].split() for tag in tags if tag]))
    labels = {tag: " ".join(tag[0].split()[shared:]) or tag[0] for tag in tags if tag}
    letters = {tag: normalize("NFKD", labels.get(tag, UNTAGGED)) for tag in tags}  # accents apart
    names = {tag: python_name(text.encode("ascii", "ignore").decode()) for tag, text in letters.items()}
    return {tag: name if name.strip("_") else UNTAGGED for tag, name in names.items()}


def common_beginning(sequences: Sequence[list[str]]) -> list[str]:
    """Return the words that all sequences begin with; one alone has nothing in common with others."""
    alike = takewhile(lambda words: len(set(words)) == 1, zip(*sequences, strict=False))
    return [] if len(sequences) == 1 else [words[0] for words in alike]


def _free(folder: Path, stem: str) -> Path:
    """Return the path of a module of this name in a folder, or of a numbered one where that is there."""
    numbered = (f"{stem}_{number}" for number in count(2))
    paths = (folder / f"{name}.py" for name in chain([stem], numbered))
    return next(path for path in paths if not lexists(path))


def _functions_in(folder: Path) -> Iterator[str]:
    """Yield the names of the functions that the modules in a folder define, as `handlers_of` finds them."""
    for path in filter(Path.is_file, folder.glob("*.py")):
        try:
            nodes = ast.parse(path.read_bytes()).body
        except (SyntaxError, ValueError) as error:
            raise failure(f"{path} is not Python: {error}; correct it first.") from None
        functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        yield from (function.name for function in functions if not PRIVATE.match(function.name))


def _import_name(folder: Path) -> str:
    """Return the name that a package is imported by: that of the outermost package, and so on inwards."""
    names = [folder.name]
    for parent in folder.resolve().parents:
        if not (parent / "__init__.py").exists():
            break
        names.insert(0, parent.name)
    return ".".join(names)


def write_new(path: Path, text: str | bytes) -> bool:
    """Write a new file; return whether there was none."""
    try:
        with path.open("xb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
    except FileExistsError:
        return False
    return True
