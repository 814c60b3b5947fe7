"""Apps that let in whom they should not, or not whom they should, and what the checks say of each."""

from __future__ import annotations

import pytest

from scanner_mocks import seeds
from scanner_mocks.conformance.checks.security_alternatives import SecurityAlternatives

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


def tokens_may_nothing(exchange):
    """Forbid all to bearer tokens that are right."""
    if "authorization" in exchange.sent and exchange.status < 400:
        exchange.status = 403
        exchange.headers["content-type"] = "text/plain"


WRONG = {"none": open_to_all, "wrong": any_key, "alone": deaf_to_tokens}


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == SecurityAlternatives.rules.keys()


@pytest.mark.parametrize("rule", WRONG)
def test_wrong_security_is_caught(findings, rule):
    """An app that takes credentials wrongly in one way breaks that rule, and no other of any check."""
    assert findings(ask=WRONG[rule]) == {("security_alternatives", rule)}


def test_a_credential_that_may_nothing_is_caught(findings):
    """An app that forbids with one credential what it allows with another is caught."""
    assert ("security_alternatives", "alone") in findings(answer=tokens_may_nothing)
