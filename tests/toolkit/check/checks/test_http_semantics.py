"""Apps that know HTTP badly, and what the checks say of each."""

from __future__ import annotations

import pytest

from contract_first.check.checks.http_semantics import HttpSemantics


def no_head(exchange):
    """Have no HEAD."""
    if exchange.method == "HEAD":
        exchange.status = 405


def head_with_body(exchange):
    """Send the body all the same."""
    if exchange.method == "HEAD":
        exchange.body = b"{}"


def deaf(exchange):
    """Respond with whatever there is."""
    exchange.sent["accept"] = "*/*"


def strict_preflight(exchange):
    """Allow no tokens."""
    if exchange.method == "OPTIONS":
        exchange.headers["access-control-allow-headers"] = "X-API-Key"


def no_patch(exchange):
    """Allow pages to read only."""
    if exchange.method == "OPTIONS":
        exchange.headers["access-control-allow-methods"] = "GET"


def careless_preflight(exchange):
    """Let every page send the cookie."""
    if exchange.method == "OPTIONS":
        exchange.headers["access-control-allow-credentials"] = "true"


def unreadable(exchange):
    """Let a page ask, and keep the response from it."""
    if exchange.method == "GET":
        exchange.headers.pop("access-control-allow-origin", None)


def any_media_type(exchange):
    """Take what is sent for what is expected."""
    if exchange.sent.get("content-type") == "application/x-nobody-has-this":
        exchange.sent["content-type"] = "application/json"


LATEST = {}


def lenient(exchange):
    """Take what is no JSON for what was sent before."""
    if exchange.asked.endswith(b": "):
        exchange.asked = LATEST[exchange.path]
        exchange.sent.pop("content-length", None)
    LATEST[exchange.path] = exchange.asked


WRONG = {
    "head": [{"response": no_head}, {"response": head_with_body}],
    "406": [{"ask": deaf}],
    "preflight": [{"response": strict_preflight}, {"response": no_patch}],
    "origin": [{"response": unreadable}],
    "open cookies": [{"response": careless_preflight}],
    "json": [{"ask": lenient}],
    "415": [{"ask": any_media_type}],
}


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == HttpSemantics.rules.keys()


@pytest.mark.parametrize(("rule", "app"), [(rule, each) for rule, all_ in WRONG.items() for each in all_])
def test_bad_http_is_caught(findings, rule, app):
    """An app that knows HTTP badly in one way breaks that rule, and no other of any check."""
    assert findings(**app) == {("http_semantics", rule)}
