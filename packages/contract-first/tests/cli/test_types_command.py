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
