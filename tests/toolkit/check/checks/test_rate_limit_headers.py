"""Apps whose rate-limit headers are wrong in one way, and what the checks say of each."""

from __future__ import annotations

from itertools import cycle
from types import SimpleNamespace

import pytest
import requests
from schemathesis import Response

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


CASE = SimpleNamespace(operation=SimpleNamespace(label="GET /example"))


def response(left, *, seconds=0.0, key="one", resets=1_800_000_000, status=200):
    """Return a response that took so long, and says how many requests are left."""
    headers = {"ratelimit-policy": "9;w=60", "ratelimit-limit": "9", "ratelimit-reset": "60"}
    headers |= {"ratelimit-remaining": str(left), "x-ratelimit-remaining": str(left)}
    headers |= {"x-ratelimit-limit": "9", "x-ratelimit-reset": str(resets)}
    request = requests.Request("GET", "http://api.example/example", headers={"X-API-Key": key}).prepare()
    return Response(
        status, {name: [value] for name, value in headers.items()}, b"", request, seconds, verify=True
    )


@pytest.fixture
def rules_of(inspection):
    """Return which rules the responses break, one after the other."""
    check = RateLimitHeaders(inspection().target)
    return lambda *responses: [[each.rule for each in check.failures(one, CASE)] for one in responses]


def test_more_than_before_is_growth(rules_of):
    """More requests than an earlier response left are reported as growing."""
    assert rules_of(response(5), response(5), response(4), response(5)) == [[], [], [], ["growing"]]


@pytest.mark.parametrize(
    "later",
    [
        response(6, seconds=60),
        response(6, key="another"),
        response(6, resets=1_800_000_060),
        response(6, status=401),
        response(6, status=503),
    ],
    ids=["sent before", "another caller", "another window", "not let in", "not counted"],
)
def test_more_for_another_reason_is_no_growth(rules_of, later):
    """What was sent before, or counts against another window, may say more."""
    assert rules_of(response(5), later) == [[], []]
