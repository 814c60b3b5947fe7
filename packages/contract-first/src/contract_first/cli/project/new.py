"""``contract new``: a project for a contract, which runs at once."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import chain, count
from math import ceil
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.request import url2pathname

import typer
from minijinja import Environment

from contract_first.cli.commands import failure, takes
from contract_first.cli.options import options_of
from contract_first.cli.reading import ContractOptions, File, follows_references, read_contract
from contract_first.contract import Contract, ContractError, Operation, load_contract
from contract_first.contract.document import pointers
from contract_first.contract.document.fetching import FOLLOWED, References, following
from contract_first.contract.document.parsing import as_yaml, is_json_text
from contract_first.contract.document.sources import uri_of
from contract_first.contract.models import Kind, write_models
from contract_first.contract.models.python_names import python_name
from contract_first.contract.reading.inlining import PROSE
from contract_first.contract.reading.revisions import DOCUMENTS
from contract_first.distribution import CONTRACT_FIRST

from .scaffold import ModelsKind, Scaffolding, print_outcomes, write_new
from .stubs import stub_name

TEMPLATES = files(__package__) / "templates"
OVERLAY = "problems.yaml"
"""Overlay that has what the contract lacks: that each operation may respond with problem details."""
ERRORS = ("4XX", "5XX")
PROBLEM = {"$ref": "#/components/responses/default-problem"}
"""The response that the overlay declares."""
COPIED = {*DOCUMENTS, *PROSE}
"""Ends of names of files that a contract refers to; any other, such as Python, would be more than read."""
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""A name that commands and files may have as it is."""
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

    The contract and what it refers to are copied as they are. An overlay beside it has what it lacks: for
    errors that an operation does not declare it declares problem details, it leaves out operations that
    cannot be served, and an operation whose handler would be called as that of another gets an operationId
    of its own. Existing files are not changed.
    """
    references = FOLLOWED.get() or References()
    sources: dict[str, bytes] = {}
    references.sources = sources
    with following(references):
        contract = read_contract(file, overlays=overlay, strict=strict)
    contract, copies = _copied(contract, sources)
    print_outcomes(_written(contract, copies, into, db, models))


def _copied(contract: Contract, sources: dict[str, bytes]) -> tuple[Contract, Mapping[str, bytes]]:
    """Return a contract as the project loads it, and by their places copies of all that it was read from."""
    chosen = {str(overlay): sources.pop(str(overlay)) for overlay in contract.overlays}
    copies = {_place(source, text, contract): text for source, text in sources.items()}
    name = next(iter(copies))
    overlays = []
    for source, text in (chosen | {OVERLAY: _overlay(contract).encode()}).items():
        path = Path(source if PLAIN.fullmatch(Path(source).name) else "overlay.yaml")
        numbered = (f"{path.stem}_{number}{path.suffix}" for number in count(2))
        overlays.append(next(place for place in chain([path.name], numbered) if place not in copies))
        copies[overlays[-1]] = text
    with TemporaryDirectory() as temporary, following(None):
        folder = Path(temporary).resolve()
        for place, text in copies.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(text)
        try:
            paths = [folder / overlay for overlay in overlays]
            loaded = load_contract(folder / name, paths, lenient=bool(contract.defects))
        except ContractError as error:
            reason = str(error).replace(f"{folder}/", "")
            raise failure(f"{reason} Correct it, or leave it out by an --overlay.") from None
    if not loaded.operations:
        raise failure(f"{contract.source} has no operation to serve: add one to its paths.")
    return loaded, copies


def _place(source: str, text: bytes, contract: Contract) -> str:
    """Return the place of a document in the project: beside the contract's, as it was.

    The contract's own is called ``openapi`` if its name is none that a command may have as it is.
    """
    root, uri = uri_of(contract.source), uri_of(source)
    folder = root[: root.rindex("/") + 1]
    place = PurePosixPath(url2pathname(uri.removeprefix(folder)))
    if uri == root and not (PLAIN.fullmatch(place.name) and place.suffix in DOCUMENTS):
        return "openapi.json" if is_json_text(text.decode("utf-8", "replace"), "") else "openapi.yaml"
    if not uri.startswith(folder) or ".." in place.parts or place.suffix not in COPIED:
        expected = f"expected a document in the folder of {contract.source} or below"
        raise failure(
            f"{source} cannot be copied: {expected}. Move it there, or bundle all by `contract show`."
        )
    return str(place)


def _overlay(contract: Contract) -> str:
    """Return the text of the overlay that has what a contract lacks."""
    items = [item for _, item, _ in contract.path_items()]
    places = {
        "$.paths.*": True,
        "$.paths.*.additionalOperations": any("additionalOperations" in item for item in items),
        "$.components.pathItems.*": "pathItems" in contract.document.get("components", {}),
    }
    values = {"places": [place for place, is_there in places.items() if is_there], "errors": ERRORS}
    text = _rendered(OVERLAY, values)
    actions = list(_corrections(contract))
    return text + (as_yaml(actions) if actions else "")


def _corrections(contract: Contract) -> Iterator[dict[str, Any]]:
    """Yield the actions without which operations could not be served, and say what they do."""

    def action(operation: Operation, remark: str = "", **change: Any) -> dict[str, Any]:
        if remark:
            typer.echo(remark, err=True)
        return {"target": pointers.json_path(contract.document, operation.pointer), **change}

    first: dict[tuple[str, str], str] = {}
    served = []
    for operation in contract.operations:
        path = first.setdefault((operation.method, re.sub(r"{[^{}]*}", "{}", operation.path)), operation.path)
        if operation.defect:
            yield action(operation, f"{operation.label} is left out: {operation.defect}", remove=True)
        elif path != operation.path:
            remark = f"{operation.label} is left out: its path is the same as {path}."
            yield action(operation, remark, remove=True)
        else:
            served.append(operation)
            if "responses" not in operation.definition:
                yield action(operation, update={"responses": {"default": PROBLEM}})
    names = Counter(map(stub_name, served))
    taken: set[str] = set()
    # the one that is spelled so keeps its name
    for operation in sorted(served, key=lambda operation: operation.operation_id != stub_name(operation)):
        name = stub_name(operation)
        if name in taken:
            numbered = (f"{name}_{number}" for number in count(2))
            name = next(candidate for candidate in numbered if not names[candidate])
            names[name] += 1
            remark = f"{operation.label} is {name}: another operation has its name."
            yield action(operation, remark, update={"operationId": name})
        taken.add(name)


def _written(
    contract: Contract, copies: Mapping[str, bytes], into: Path, db: Db, models: Kind | None
) -> Iterator[tuple[str, str, str]]:
    """Write the files, and yield the outcome, name and a remark for each."""
    name = into.resolve().name
    package = python_name(name) + "_api" * (name in RESERVED)
    source = SOURCE.format(package=package)
    overlays = [overlay.name for overlay in contract.overlays]
    contents: dict[str, str | bytes] = {
        **{f"{source}/{place}": text for place, text in copies.items()},
        f"{source}/__init__.py": f'"""{name}."""\n',
    }
    values = {
        "name": re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip(".-") or package,
        "contract": Path(contract.source).name,
        "overlays": overlays,
        "options": "".join(f" --overlay {source}/{overlay}" for overlay in overlays),
        "lenient": contract.lenient,
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
