"""Apps whose errors are wrong in one way, and what the checks say of each."""

from __future__ import annotations

import json

import pytest

from scanner_mocks.checks import ScannerProblems


def altered(**members):
    """Spoil the members of every problem; None takes one away."""

    def spoil(exchange):
        if exchange.status >= 400 and exchange.body:
            problem = {**json.loads(exchange.body), **members}
            kept = {name: value for name, value in problem.items() if value is not None}
            exchange.body = json.dumps(kept).encode()

    return spoil


def plain_json(exchange):
    """Call problems JSON."""
    if exchange.status >= 400:
        exchange.headers["content-type"] = "application/json"


def a_string(exchange):
    """Respond with a JSON string."""
    if exchange.status >= 400 and exchange.body:
        exchange.body = b'"Something went wrong."'


WRONG = {
    "media type": [plain_json],
    "object": [a_string],
    "members": [altered(**{name: None}) for name in ("title", "retryable", "timestamp")]
    + [altered(retryable="no")],
    "status": [altered(status=418)],
    "retryable": [altered(retryable=True), altered(retryable=False)],
    "type": [altered(type="about:blank")],
    "timestamp": [altered(timestamp="2026-11-24 18:10:44")],
    "schema": [altered(instance=None)],
}


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == ScannerProblems.rules.keys()


@pytest.mark.parametrize(("rule", "spoil"), [(rule, each) for rule, all_ in WRONG.items() for each in all_])
def test_a_wrong_problem_is_caught(findings, rule, spoil):
    """An app whose errors are wrong in one way breaks that rule, and no other of any check."""
    assert findings(response=spoil) == {("problem_details", rule)}
