"""The toolkit on the contract of the Scanner: it is read, linted, compared with itself, and has types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from contract_first.contract import compare
from contract_first.contract import load_contract as load
from contract_first.contract.linting import lint
from contract_first.contract.models import write_models
from scanner_contract import load_contract


def test_packaged_overlays_are_overlays():
    """Each packaged overlay is applied to the packaged contract, in name order."""
    folder = Path(load_contract().source).with_name("overlays")
    assert load_contract().digest == load(load_contract().source, sorted(folder.glob("*.yaml"))).digest


def test_it_has_not_changed():
    """The packaged contract has not changed since it was packaged."""
    assert compare(load_contract(), load_contract()) == []


def test_it_keeps_every_house_rule():
    """The contract in force keeps every house rule; its vendor names neither contact nor license."""
    assert [violation.rule for violation in lint(load_contract())] == ["info-contact", "info-license"]


def test_its_types_are_python(mypy_cache, tmp_path):
    """Mypy takes the types of the contract in force, strictly, and a linter finds nothing."""
    path = tmp_path / "types_of_sessions.py"
    path.write_text(write_models(load_contract()))
    mypy = ["mypy", "--strict", "--config-file=", "--cache-dir", mypy_cache]
    for tool in (mypy, ["ruff", "check", "--isolated", "--no-cache", "--select", "F,I"], []):
        command = [sys.executable, *(["-m", *tool] if tool else []), path]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
        assert result.returncode == 0, result.stdout
