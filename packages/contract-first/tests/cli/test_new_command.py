"""``contract new`` writes a project that runs at once."""

import subprocess
import sys
import tomllib

import pytest
from typer.testing import CliRunner

import contract_first.cli.tree
from contract_first.contract import load_contract
from contract_first.contract.linting import lint

FILES = [
    ".github/workflows/ci.yaml",
    "README.md",
    "openapi.yaml",
    "pet_store/__init__.py",
    "pet_store/operations/__init__.py",
    "pet_store/operations/untagged.py",
    "pet_store/security.py",
    "pyproject.toml",
    "tests/test_service.py",
    "tests/test_untagged.py",
]
PET = {
    "type": "object",
    "required": ["name", "id", "born", "tags", "weight"],
    "properties": {
        "name": {"type": "string", "minLength": 8, "maxLength": 12},
        "id": {"type": "string", "format": "uuid"},
        "born": {"type": "string", "format": "date"},
        "tags": {"type": "array", "minItems": 2, "items": {"enum": ["a", "b"]}},
        "weight": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.25},
    },
}


def content(schema):
    """Return the content of a JSON body."""
    return {"content": {"application/json": {"schema": schema}}}


@pytest.fixture
def new(write, tmp_path):
    """Write a project for a contract into the folder ``pet-store``, and return that."""

    def written(document):
        folder = tmp_path / "pet-store"
        arguments = ["contract", "new", str(write(document)), "--into", str(folder)]
        outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments, catch_exceptions=False)
        assert outcome.exit_code == 0, outcome.stderr
        return folder, outcome.stdout

    return written


@pytest.fixture
def pets(minimal):
    """Operations with odd names, security schemes of several kinds, XML, and schemas with limits."""
    listed, added = (
        {"responses": {"200": {"description": "", **content({"type": "array", "items": PET})}}},
        {},
    )
    added["responses"] = {"201": {"description": "", **content(PET)}}
    added["requestBody"] = {"required": True, **content(PET)}
    letter = {"responses": {"200": {"description": "", "content": {"application/xml": {"schema": PET}}}}}
    path = {"parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"minLength": 3}}]}
    path["get"] = {"responses": {"200": {"description": "", **content({"oneOf": [PET, {"type": "null"}]})}}}
    texts = {"text/event-stream": {"type": "string"}, "image/png": {"type": "string", "format": "binary"}}
    streams = {
        f"/{media_type.partition(chr(47))[0]}": {
            "get": {"responses": {"200": {"description": "", "content": {media_type: {"schema": schema}}}}}
        }
        for media_type, schema in texts.items()
    }
    path["delete"] = {"responses": {"204": {"description": ""}}, "security": [{"token": []}, {"key": []}]}
    minimal["paths"] = {
        "/pets": {
            "get": {**listed, "operationId": "list all pets"},
            "post": {**added, "operationId": "pets/add"},
        },
        "/pets/{petId}": path,
        "/letters": {"post": {**letter, "requestBody": {"required": True, **letter["responses"]["200"]}}},
        **streams,
    }
    minimal["components"] = {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "token": {"type": "http", "scheme": "bearer"},
        }
    }
    return minimal


def test_files(new, minimal):
    """There is all that a project needs; the names of folder and package are spelled as each has to be."""
    folder, output = new(minimal)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.is_file()) == FILES
    assert 'name = "pet-store"' in (folder / "pyproject.toml").read_text()
    assert output.count("wrote ") == len(FILES) - 1


def test_every_pip_can_install_what_its_tests_need(new, minimal):
    """The one that Python 3.11 brings knows extras, and no dependency groups."""
    folder, _ = new(minimal)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert "tests" in project["optional-dependencies"]
    assert "pip install -e '.[tests]'" in (folder / "README.md").read_text()


def test_a_package_hides_no_other(write, minimal, tmp_path):
    """A project that is called as a module of Python's has a package that is not."""
    arguments = ["contract", "new", str(write(minimal)), "--into", str(tmp_path / "json")]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    assert (tmp_path / "json" / "json_api" / "operations").is_dir()


def test_what_is_there_stays(new, minimal):
    """A second time writes nothing, and says so."""
    folder, _ = new(minimal)
    (folder / "README.md").write_text("mine")
    _, output = new(minimal)
    assert (folder / "README.md").read_text() == "mine"
    assert "wrote" not in output


def test_a_contract_too_long_for_yaml(new, minimal):
    """Of a document with more values than are read from YAML the copy is JSON, and the project names that."""
    minimal["paths"]["/pets"]["get"]["responses"]["200"]["content"] = {
        "application/json": {"schema": {"type": "array"}, "example": [0] * 350_000}
    }
    folder, _ = new(minimal)
    assert load_contract(folder / "openapi.json").operations
    assert '"openapi.json"' in (folder / "tests/test_service.py").read_text()
    assert "contract lint openapi.json" in (folder / ".github/workflows/ci.yaml").read_text()


def test_errors_are_described(new, minimal):
    """An operation without a default response gets one of problem details; another stays as it is."""
    described = {"200": {"description": ""}, "default": {"description": "mine"}}
    minimal["paths"]["/cats"] = {"get": {"operationId": "cats", "responses": described}}
    contract = load_contract(new(minimal)[0] / "openapi.yaml")
    first, second = contract.operations
    assert list(first.responses["default"]["content"]) == ["application/problem+json"]
    assert second.responses == described
    assert "error response" not in " ".join(fault.reason for fault in lint(contract))


def test_errors_that_are_described_are_no_warning(write, minimal, tmp_path):
    """A contract to which nothing has to be added gets no warning."""
    minimal["paths"] = {"/": {"get": {"responses": {"default": {"description": ""}}}}}
    arguments = ["contract", "new", str(write(minimal)), "--into", str(tmp_path / "pets")]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).stderr == ""


@pytest.mark.programs
def test_it_runs_at_once(new, pets):
    """Its own tests pass: it starts, and conforms to the contract, whatever that allows or forbids."""
    folder, _ = new(pets)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout


def test_its_code_is_clean(new, pets):
    """Ruff, with all of its rules that are about code, and the formatter have nothing to say of it."""
    folder, _ = new(pets)
    rules = ["--select", "ALL", "--ignore", "ANN401,D203,D213,D413,INP001,S101,COM812,CPY001"]
    for arguments in (["check", *rules], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--line-length", "110", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
        assert done.returncode == 0, done.stdout
