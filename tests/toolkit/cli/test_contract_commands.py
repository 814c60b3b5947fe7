"""``scanner-api contract show``, ``digest``, ``lint`` and ``types``, by default of the contract in force."""

import json

import pytest

from contract_first.contract.models import write_models
from scanner_contract import load_contract


@pytest.mark.parametrize("notation", ["json", "yaml"])
def test_what_is_shown_is_the_contract(contract, write, notation):
    """What ``show`` prints is the contract in force, whole: reading it back gives the same digest."""
    shown = contract("show", "--format", notation)
    assert shown.exit_code == 0
    path = write(shown.stdout, f"shown.{notation}")
    assert load_contract(path).digest == load_contract().digest


def test_digest(contract):
    """The digest is that of the contract in force."""
    assert contract("digest").stdout == f"{load_contract().digest}\n"


def test_lint_of_our_own(contract):
    """Nothing is wrong with the contract in force, but for what its vendor left out."""
    result = contract("lint", "--ignore", "info-contact", "--ignore", "info-license: not ours to choose")
    assert result.exit_code == 0
    assert "\nNothing is wrong in " in result.stdout


def test_overlays(contract, write):
    """Overlays are applied in their order to the packaged contract, too."""
    first, second = (
        write({"overlay": "1.1.0", "actions": [{"target": "$.info.title", "update": title}]}, f"{title}.json")
        for title in ("A", "B")
    )
    shown = contract("show", "--overlay", first, "--overlay", second)
    assert json.loads(shown.stdout)["info"]["title"] == "B"


def test_types(contract):
    """Python is the default, and its types are those of the contract in force."""
    result = contract("types")
    assert (result.exit_code, result.stdout) == (0, write_models(load_contract()))
