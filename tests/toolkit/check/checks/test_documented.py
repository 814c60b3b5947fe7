"""What is written of the checks is true."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from contract_first.contract.document import pointers
from scanner_contract import load_contract
from scanner_mocks.checks import CHECKS

TOOLS = Path(__file__).parents[4] / "tools"
PROMISES = tomllib.loads((TOOLS / "promises.toml").read_text("utf-8"))


@pytest.mark.parametrize("check", PROMISES)
def test_a_promise_is_in_the_contract(check):
    """The words that are quoted for a check stand where it is said."""
    pointer, words = PROMISES[check]
    assert words in pointers.lookup(load_contract().document, pointer)
    assert check in {each.name for each in CHECKS}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_says_what_it_is(check):
    """Each check has a name that no other has, a sentence and rules."""
    assert [each.name for each in CHECKS].count(check.name) == 1
    assert check.source
    assert check.sentence.endswith(".")
    assert all(check.rules.values())
