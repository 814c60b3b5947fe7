"""What is written of the checks is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from openapi_check.conformance.checks import CHECKS
from openapi_contract import pointers
from scanner_contract import load_contract

PAGE = Path(__file__).parents[3] / "docs" / "checks.md"


def rows(check):
    """Return the rows of a check in the table of the page."""
    promised = f"`{check.source}`" if check.source.startswith("/") else check.source
    for number, (rule, holds) in enumerate(check.rules.items()):
        first = (f"`{check.name}`", check.severity.value, promised) if number == 0 else ("", "", "")
        yield f"| {first[0]} | {rule} | {holds} | {first[1]} | {first[2]} |"


def test_the_table_has_each_rule_as_the_code_has_it():
    """The page's table is what the checks say of themselves; a failure shows the rows that it should have."""
    wanted = [row for check in CHECKS for row in rows(check)]
    assert wanted == [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")][2:]


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
