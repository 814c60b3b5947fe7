"""``contract new``: a project for a contract, which runs at once."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from itertools import count
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer
from minijinja import Environment

from contract_first.cli.commands import failure, takes
from contract_first.cli.options import options_of
from contract_first.cli.reading import ContractOptions, File, follows_references, read_contract
from contract_first.contract import Contract, ContractError
from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import METHODS, NO_BODY
from contract_first.contract.document.fetching import MAX_BYTES, following
from contract_first.contract.document.parsing import as_yaml
from contract_first.contract.models import Kind, write_models
from contract_first.contract.models.python_names import python_name
from contract_first.contract.reading.embedding import embed
from contract_first.contract.reading.extent import check_extent
from contract_first.contract.reading.overlay import apply_overlay
from contract_first.contract.reading.reading import read_document
from contract_first.contract.schemas.violations import holds_more
from contract_first.contract.validation import validate
from contract_first.distribution import CONTRACT_FIRST

from .scaffold import ModelsKind, Scaffolding, print_outcomes, write_new
from .stubs import PROBLEM, stub_name

TEMPLATES = files(__package__) / "templates"
OVERLAY = "problems.yaml"
PROBLEMS = Path(str(TEMPLATES / OVERLAY))
"""Overlay that gives each operation without a default response that of problem details, a component."""
RESERVED = sys.stdlib_module_names | {"tests"}
"""Names of folders whose package would hide another."""
SOURCE = "src/{package}"
PLACES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "Dockerfile": "Dockerfile",
    ".dockerignore": "dockerignore",
    ".gitignore": "gitignore",
    ".pre-commit-config.yaml": "pre-commit.yaml",
    ".github/workflows/ci.yaml": "ci.yaml",
    f"{SOURCE}/app.py": "app.py",
    f"{SOURCE}/settings.py": "settings.py",
    "tests/conftest.py": "conftest.py",
    "tests/test_operations.py": "test_operations.py",
    "tests/test_service.py": "test_service.py",
}
"""The template of each file."""
SECURITY = {f"{SOURCE}/security.py": "security.py"}
DATABASE = {f"{SOURCE}/db.py": "db.py", f"{SOURCE}/migrations/env.py": "env.py"}
REVISION = "script.py.mako"
"""Alembic's template of a migration."""
Db = Literal["none", "sqlalchemy"]
MOST_CHECKED = 100
"""Operations that the project's own check tries: of more an even sample."""
MOST_IN_YAML = 100_000
"""Values of a document; JSON with more is read and written in a part of the time."""


@follows_references
@takes(**options_of(ContractOptions))
def new(
    file: File,
    *,
    overlay: list[Path],
    strict: bool,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the project, and its name.")],
    db: Annotated[
        Db, typer.Option("--db", help="Database that handlers may ask for, with migrations by Alembic.")
    ] = "none",
    models: ModelsKind = None,
) -> None:
    """Create a project that serves a contract: handlers to fill in, tests, an image, CI.

    Its copy of the contract is one file with all references bundled, and repaired where it is not valid; an
    operation without a default response gets one of problem details, and one whose handler would be called as
    that of another gets an operationId of its own. Existing files are not changed.
    """
    contract = read_contract(file, overlays=overlay, strict=strict)
    _leave_out(contract)
    _leave_out_twins(contract)
    if not Contract(contract.document, contract.source).operations:
        raise failure(f"{contract.source} has no operation to serve: add one to its paths.")
    _tell_apart(contract)
    _complete_errors(contract)
    try:
        if not all("default" in responses for responses in _responses(contract.document)):
            with following(None):  # which a root does not confine
                problems = read_document(str(PROBLEMS))
            apply_overlay(contract.document, problems, str(PROBLEMS))
        locations = embed(contract.document, contract.source)
        check_extent(locations)
        validate(locations)
    except ContractError as error:
        raise failure(f"{error} This is not repaired: correct it, or leave it out by an --overlay.") from None
    print_outcomes(_written(Contract(contract.document, contract.source), into, db, models))


def _leave_out(contract: Contract) -> None:
    """Remove operations that are not understood, and say so."""
    for pointer, reason in contract.disabled.items():
        *path, method = pointers.split(pointer)
        pointers.descend(contract.document, path).pop(method, None)
        typer.echo(f"{pointer} is left out: {reason}", err=True)


def _leave_out_twins(contract: Contract) -> None:
    """Remove operations whose path is another's but for the names of its parameters, and say so."""
    first: dict[tuple[str, str], str] = {}
    for operation in Contract(contract.document, contract.source).operations:
        path = first.setdefault((operation.method, re.sub(r"{[^{}]*}", "{}", operation.path)), operation.path)
        if path != operation.path:
            *item, method = pointers.split(operation.pointer)
            pointers.descend(contract.document, item).pop(method)
            typer.echo(f"{operation.label} is left out: its path is the same as {path}.", err=True)


def _tell_apart(contract: Contract) -> None:
    """Give operations whose handlers would have one name operationIds of their own, and say so."""
    operations = Contract(contract.document, contract.source).operations
    names = Counter(map(stub_name, operations))
    taken: set[str] = set()
    # the one that is spelled so keeps its name
    for operation in sorted(operations, key=lambda operation: operation.operation_id != stub_name(operation)):
        name = stub_name(operation)
        if name in taken:
            numbered = (f"{name}_{number}" for number in count(2))
            name = next(candidate for candidate in numbered if not names[candidate])
            names[name] += 1
            pointers.descend(contract.document, pointers.split(operation.pointer))["operationId"] = name
            typer.echo(f"{operation.label} is {name}: another operation has its name.", err=True)
        taken.add(name)


def _responses(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the responses of each operation; one that declares none gets an empty object."""
    for item in document.get("paths", {}).values():
        others = item.get("additionalOperations", {})
        for operation in [*(item[method] for method in METHODS if method in item), *others.values()]:
            yield operation.setdefault("responses", {})


def _complete_errors(contract: Contract) -> None:
    """Have errors be problem details too, in which the service writes its own, and no body in a 204.

    Errors that operations share are changed where they stand, but for those that are a success as well.
    """
    declared = [
        (responses, status, contract.follow(response, "")[0])
        for responses in _responses(contract.document)
        for status, response in responses.items()
    ]
    successes = {id(response) for _, status, response in declared if status[0] in "123"}
    for responses, status, response in declared:
        content = response.get("content", {})
        if content and status.isdigit() and int(status) in NO_BODY:
            responses[status] = {name: part for name, part in response.items() if name != "content"}
        elif status[0] in "45d" and PROBLEM not in content:
            changed = response
            if id(response) in successes:
                changed = responses[status] = {**response}
            changed["content"] = {**content, PROBLEM: {"schema": {"type": "object"}}}


def _written(contract: Contract, into: Path, db: Db, models: Kind | None) -> Iterator[tuple[str, str, str]]:
    """Write the files, and yield the outcome, name and a remark for each."""
    name = into.resolve().name
    package = python_name(name) + "_api" * (name in RESERVED)
    source = SOURCE.format(package=package)
    copy, text = _copied(contract.document)
    contents = {
        f"{source}/{copy}": text,
        f"{source}/{OVERLAY}": PROBLEMS.read_text("utf-8"),
        f"{source}/__init__.py": f'"""{name}."""\n',
    }
    values = {
        "name": re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip(".-") or package,
        "contract": copy,
        "package": package,
        "distribution": CONTRACT_FIRST.name,
        "source": f"./{CONTRACT_FIRST.name}/{CONTRACT_FIRST.folder.removeprefix('./')}",
        "install": CONTRACT_FIRST.how_to_install("check"),
        "variable": package.upper(),
        "schemes": [json.dumps(scheme) for scheme in contract.security_schemes],
        "secured": bool(contract.security_schemes),
        "operations": len(contract.operations),
        "every": ceil(len(contract.operations) / MOST_CHECKED),
        "db": db != "none",
        "models": models,
    }
    places = PLACES | (SECURITY if values["secured"] else {}) | (DATABASE if values["db"] else {})
    for place, template in places.items():
        contents[place.format(package=package)] = _rendered(template, values)
    if models:
        contents[f"{source}/models.py"] = write_models(contract, models)
    if values["db"]:
        contents[f"{source}/migrations/{REVISION}"] = (TEMPLATES / REVISION).read_text("utf-8")
        contents[f"{source}/migrations/versions/.gitkeep"] = ""
    for place, content in contents.items():
        path = into / place
        path.parent.mkdir(parents=True, exist_ok=True)
        yield ("wrote", str(path), "") if write_new(path, content) else ("skipped", str(path), "is there")
    yield from Scaffolding(contract, {}, into / source / "operations", models).done()


def _rendered(template: str, values: dict[str, Any]) -> str:
    text = (TEMPLATES / f"{template}.jinja").read_text("utf-8")
    environment = Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return environment.render_str(text, **values)


def _copied(document: dict[str, Any]) -> tuple[str, str]:
    """Return the name and the text of a file with a document."""
    if holds_more(document, MOST_IN_YAML):
        text = msgspec.json.encode(document)
        lines = msgspec.json.format(text)
        return "openapi.json", (lines if len(lines) < MAX_BYTES else text).decode() + "\n"
    return "openapi.yaml", as_yaml(document)
