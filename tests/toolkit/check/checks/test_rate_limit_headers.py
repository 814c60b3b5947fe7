"""Apps whose rate-limit headers are wrong in one way, and what the checks say of each."""

from __future__ import annotations

from itertools import cycle

import pytest

from contract_first.check.checks.rate_limit_headers import RateLimitHeaders


def without(exchange, name="ratelimit-policy"):
    """Leave a header out."""
    exchange.headers.pop(name, None)


def changed(name, change):
    """Change the number in a header."""

    def spoil(exchange):
        if name in exchange.headers:
            exchange.headers[name] = change(exchange.headers[name])

    return spoil


def long_window(exchange):
    """Reset later than the window of the policy is long."""
    for name in ("ratelimit-reset", "x-ratelimit-reset"):
        if name in exchange.headers:
            exchange.headers[name] = str(int(exchange.headers[name]) + 10**6)


def more_than_all(exchange):
    """Have more left than there was."""
    for name in ("ratelimit-remaining", "x-ratelimit-remaining"):
        if exchange.headers.get(name, "0") != "0":
            exchange.headers[name] = str(int(exchange.headers["ratelimit-limit"]) + 1)


def growing():
    """Have more left now and then than before, never more than all."""
    more = cycle([0, 3])

    def spoil(exchange):
        left = int(exchange.headers.get("ratelimit-remaining", "0"))
        if left > 3:
            most = int(exchange.headers["ratelimit-limit"])
            left = min(left + next(more), most)
            exchange.headers["ratelimit-remaining"] = exchange.headers["x-ratelimit-remaining"] = str(left)

    return spoil


WRONG = {
    "present": [without, lambda exchange: without(exchange, "x-ratelimit-reset")],
    "number": [changed("x-ratelimit-limit", lambda value: f"{value} a minute")],
    "policy": [
        changed("ratelimit-policy", lambda _: "7;w=60"),
        changed("ratelimit-policy", lambda _: "a few a minute"),
    ],
    "alias": [changed("x-ratelimit-remaining", lambda value: str(int(value) + 1))],
    "range": [long_window, more_than_all],
    "unix time": [changed("x-ratelimit-reset", lambda value: value[-2:].lstrip("0") or "1")],
    "growing": [growing()],
}


def test_each_rule_has_a_wrong_app():
    """No rule is without an app that breaks it."""
    assert WRONG.keys() == RateLimitHeaders.rules.keys()


@pytest.mark.parametrize(("rule", "spoil"), [(rule, each) for rule, all_ in WRONG.items() for each in all_])
def test_wrong_headers_are_caught(findings, rule, spoil):
    """An app whose rate-limit headers are wrong in one way breaks that rule, and no other of any check."""
    assert findings(response=spoil) == {("rate_limit_headers", rule)}
