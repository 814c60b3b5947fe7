"""``scanner-api contract scaffold`` on the contract in force."""

import runpy
from pathlib import Path

import pytest

from scanner_contract import load_contract

ROOT = Path(__file__).parents[3]
check = runpy.run_path(str(ROOT / "packages" / "contract-first" / "tests" / "cli" / "tools.py"))["check"]


@pytest.mark.programs
def test_our_own(contract, write, tmp_path, mypy_cache):
    """What is written for all that the contract in force has passes linter, formatter and type checker."""
    document = load_contract().document
    operations = [each for item in document["paths"].values() for each in item.values()]
    for operation in operations:
        operation["operationId"] = operation["operationId"].replace("_endpoints_", "_endpoints_new")
    result = contract("scaffold", "--contract", write(document), "--into", tmp_path)
    assert result.stdout.count("wrote") == len({each["tags"][0] for each in operations})
    check(tmp_path, mypy_cache)


def test_nothing_to_write(contract, tmp_path):
    """Where every operation has a handler, nothing is written."""
    result = contract("scaffold", "--into", tmp_path / "new")
    assert (result.exit_code, result.stdout) == (0, "nothing  to write: every operation has a handler\n")
    assert not (tmp_path / "new").exists()
