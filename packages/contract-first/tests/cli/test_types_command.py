"""``contract-first contract types`` prints types in the language that is asked for."""

import os
import sys

import pytest

from contract_first.contract import load_contract
from contract_first.contract.models import write_models


@pytest.fixture
def npx(tmp_path, monkeypatch):
    """Puts a script in the place of npx, and takes every other program away."""

    def install(script=None):
        folder = tmp_path / "bin"
        folder.mkdir()
        if script is not None:
            path = folder / "npx"
            path.write_text(f"#!{sys.executable}\nimport json, sys\n{script}\n")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", os.fspath(folder))

    return install


def test_python(contract, pets, write):
    """Python is the default, and its types are those of the contract."""
    result = contract("types", write(pets))
    assert (result.exit_code, result.stdout) == (0, write_models(load_contract(write(pets))))


def test_typescript(contract, npx, pets, write):
    """TypeScript is what openapi-typescript prints for the contract, which it reads from a file."""
    npx("print(sys.argv[1:4], json.load(open(sys.argv[4]))['info']['title'])")
    result = contract("types", write(pets), "--lang", "typescript")
    command = ["--yes", "openapi-typescript@7", "--default-non-nullable=false"]
    assert (result.exit_code, result.stdout) == (0, f"{command} Pets\n")


def test_without_npx(contract, npx, pets, write):
    """Without npx there is no TypeScript, and the reason tells what to install."""
    npx()
    result = contract("types", write(pets), "--lang", "typescript")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "install Node.js" in result.stderr


def test_generator_fails(contract, npx, pets, write):
    """When openapi-typescript fails, what it said is reported."""
    npx("sys.exit('no network')")
    result = contract("types", write(pets), "--lang", "typescript")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "openapi-typescript failed: no network\n"


def test_models(contract, pets, write):
    """--models says what objects are in Python."""
    result = contract("types", write(pets), "--models", "msgspec")
    assert (result.exit_code, result.stdout) == (0, write_models(load_contract(write(pets)), "msgspec"))


def test_check(contract, pets, write, tmp_path):
    """--check exits with 1 where a module and its contract differ, 0 where they do not, 2 without one."""
    path = tmp_path / "models.py"
    pets["components"] = {"schemas": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}}}
    source = write_models(load_contract(write(pets)), "dataclass")
    command = ("types", write(pets), "--models", "dataclass", "--check", path)
    path.write_text(source)
    assert (contract(*command).exit_code, contract(*command).stdout[:15]) == (0, "No differences ")
    path.write_text(source.replace("name:", "title:"))
    result = contract(*command)
    assert result.exit_code == 1
    assert (
        f"{path}: Pet.name: is in the contract alone\n{path}: Pet.title: is not in the contract"
        in result.stdout
    )
    path.write_text("class")
    result = contract(*command)
    assert (result.exit_code, "is no Python" in result.stderr) == (2, True)
    path.unlink()
    assert contract(*command).exit_code == 2
    assert contract("types", write(pets), "--lang", "typescript", "--models", "msgspec").exit_code == 2
