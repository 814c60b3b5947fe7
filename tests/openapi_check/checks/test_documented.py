"""What is written of the checks is true."""

from __future__ import annotations

import pytest

from openapi_check.checks import CHECKS
from openapi_contract import pointers
from scanner_contract import load_contract


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_promise_is_in_the_contract(check):
    """The words that a check quotes stand where it says."""
    if check.source.startswith("/"):
        assert check.promise
        assert check.promise in pointers.lookup(load_contract().document, check.source)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_says_what_it_is(check):
    """Each check has a name that no other has, a sentence and rules."""
    assert [each.name for each in CHECKS].count(check.name) == 1
    assert check.sentence.endswith(".")
    assert all(check.rules.values())
