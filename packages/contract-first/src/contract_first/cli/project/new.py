"""``contract new``: a project for a contract, which runs at once."""

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, Any

import msgspec
import typer

from contract_first.cli.commands import Overlays, Strict, failure
from contract_first.cli.reading import File, follows_references, read_contract
from contract_first.contract import Contract, ContractError
from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import METHODS
from contract_first.contract.document.parsing import as_yaml
from contract_first.contract.document.python_names import python_name
from contract_first.contract.reading.embedding import embed
from contract_first.contract.reading.overlay import apply_overlay
from contract_first.contract.reading.reading import read_document
from contract_first.contract.schemas.violations import holds_more
from contract_first.contract.validation import validate
from contract_first.distribution import CONTRACT_FIRST

from .scaffold import Scaffolding, print_outcomes, write_new
from .stubs import PROBLEM

TEMPLATES = files(__package__) / "templates"
OVERLAY = "problems.yaml"
PROBLEMS = Path(str(TEMPLATES / OVERLAY))
"""Overlay that gives each operation without a default response one of problem details."""
RESERVED = sys.stdlib_module_names | {"tests"}
"""Names of folders whose package would hide another."""
PLACES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".github/workflows/ci.yaml": "ci.yaml",
    "{package}/security.py": "security.py",
    "tests/test_service.py": "test_service.py",
}
"""The template of each file."""
MOST_IN_YAML = 100_000
"""Values of a document; JSON with more is read and written in a part of the time."""


@follows_references
def new(
    file: File,
    *,
    overlay: Overlays = None,
    strict: Strict = False,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the project, and its name.")],
) -> None:
    """Create a project that serves a contract: handlers that return examples, tests, and a CI file.

    Its copy of the contract is one file with all references bundled, and repaired where it is not valid; an
    operation without a default response gets one of problem details. Existing files are not changed.
    """
    contract = read_contract(file, overlays=overlay, strict=strict)
    _leave_out(contract)
    if not Contract(contract.document, contract.source).operations:
        raise failure(f"{contract.source} has no operation to serve: add one to its paths.")
    for responses in _responses(contract.document):
        _describe_problems(contract, responses)
    apply_overlay(contract.document, read_document(str(PROBLEMS)), str(PROBLEMS))
    try:
        validate(embed(contract.document, contract.source))
    except ContractError as error:
        raise failure(f"{error} This is not repaired: correct it, or leave it out by an --overlay.") from None
    print_outcomes(_written(Contract(contract.document, contract.source), into))


def _leave_out(contract: Contract) -> None:
    """Remove operations that are not understood, and say so."""
    for pointer, reason in contract.disabled.items():
        *path, method = pointers.split(pointer)
        pointers.descend(contract.document, path).pop(method, None)
        typer.echo(f"{pointer} is left out: {reason}", err=True)


def _responses(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the responses of each operation; one that declares none gets an empty object."""
    for item in document.get("paths", {}).values():
        others = item.get("additionalOperations", {})
        for operation in [*(item[method] for method in METHODS if method in item), *others.values()]:
            yield operation.setdefault("responses", {})


def _describe_problems(contract: Contract, responses: dict[str, Any]) -> None:
    """Have errors with a body be problem details as well, in which the service writes its own."""
    for status, declared in responses.items():
        response, _ = contract.follow(declared, "")
        if status[0] in "45d" and response.get("content") and PROBLEM not in response["content"]:
            content = {**response["content"], PROBLEM: {"schema": {"type": "object"}}}
            responses[status] = {**response, "content": content}


def _written(contract: Contract, into: Path) -> Iterator[tuple[str, str, str]]:
    """Write the files, and yield the outcome, name and a remark for each."""
    name = into.resolve().name
    package = python_name(name) + "_api" * (name in RESERVED)
    copy, text = _copied(contract.document)
    values = {
        "name": name,
        "contract": copy,
        "package": package,
        "distribution": CONTRACT_FIRST.name,
        "source": f"./{CONTRACT_FIRST.name}/{CONTRACT_FIRST.folder.removeprefix('./')}",
        "install": CONTRACT_FIRST.how_to_install("check"),
        "variable": package.upper(),
        "hooks": ", ".join(f"{json.dumps(scheme)}: developer" for scheme in contract.security_schemes),
    }
    contents = {
        copy: text,
        OVERLAY: PROBLEMS.read_text("utf-8"),
        f"{package}/__init__.py": f'"""{name}."""\n',
    }
    for place, template in PLACES.items():
        text = (TEMPLATES / f"{template}.template").read_text("utf-8")
        contents[place.format(package=package)] = Template(text).substitute(values)
    for place, content in contents.items():
        path = into / place
        path.parent.mkdir(parents=True, exist_ok=True)
        yield ("wrote", str(path), "") if write_new(path, content) else ("skipped", str(path), "is there")
    yield from Scaffolding(contract, {}, into / package / "operations", into / "tests", respond=True).done()


def _copied(document: dict[str, Any]) -> tuple[str, str]:
    """Return the name and the text of a file with a document."""
    if holds_more(document, MOST_IN_YAML):
        return "openapi.json", msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"
    return "openapi.yaml", as_yaml(document)
