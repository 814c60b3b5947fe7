"""Apps that let in whom they should not, or not whom they should, and what the checks say of each."""

from __future__ import annotations

import pytest

from contract_first.check.checks.security_alternatives import SecurityAlternatives
from scanner_mocks import seeds

KNOWN = {seeds.UNLIMITED_KEY, seeds.OTHER_ORGANIZATION_KEY}
CREDENTIALS = {"x-api-key", "authorization", "cookie"}


def open_to_all(exchange):
    """Let in who shows nothing."""
    if not CREDENTIALS & exchange.sent.keys():
        exchange.sent["x-api-key"] = seeds.UNLIMITED_KEY


def any_key(exchange):
    """Let in who shows any API key."""
    if exchange.sent.get("x-api-key", seeds.UNLIMITED_KEY) not in KNOWN:
        exchange.sent["x-api-key"] = seeds.UNLIMITED_KEY


def deaf_to_tokens(exchange):
    """Know nothing of bearer tokens."""
    exchange.sent.pop("authorization", None)


WRONG = {"none": open_to_all, "wrong": any_key, "alone": deaf_to_tokens}


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == SecurityAlternatives.rules.keys()


@pytest.mark.parametrize("rule", WRONG)
def test_wrong_security_is_caught(findings, rule):
    """An app that takes credentials wrongly in one way breaks that rule, and no other of any check."""
    assert findings(ask=WRONG[rule]) == {("security_alternatives", rule)}
