"""Apps whose refusals for now are wrong in one way, and what the checks say of each."""

from __future__ import annotations

import json

import pytest

from contract_first.check.checks.retry_after import RetryAfter


def promised(retry_after, seconds="the same"):
    """Promise something else in each 429, in its header and in its body."""

    def spoil(exchange):
        if exchange.status == 429:
            problem = json.loads(exchange.body)
            exchange.headers["retry-after"] = retry_after or exchange.headers["retry-after"]
            problem["retry_after_seconds"] = int(retry_after) if seconds == "the same" else seconds
            exchange.body = json.dumps(problem).encode()

    return spoil


def silent(exchange):
    """Do not say when to come back."""
    if exchange.status == 429:
        del exchange.headers["retry-after"]


WRONG = {
    "present": silent,
    "form": promised("soon", 60),
    "body": promised("", 10**6),
    "enough": promised("1"),
}


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == RetryAfter.rules.keys()


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_refusal_is_caught(findings, rule):
    """An app whose 429 is wrong in one way breaks that rule, and no other of any check."""
    assert findings(response=WRONG[rule]) == {("retry_after", rule)}
