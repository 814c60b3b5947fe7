"""When more requests are left than before, and when that is no growth."""

from __future__ import annotations

from types import SimpleNamespace

import httpx2
import pytest
import requests
from schemathesis import Response

from contract_first.check import Target
from contract_first.check.checks.rate_limit_headers import RateLimitHeaders
from contract_first.contract import Contract

EXAMPLE = {
    "openapi": "3.1.0",
    "info": {"title": "Example", "version": "1"},
    "paths": {"/example": {"get": {"responses": {"200": {"description": "An example."}}}}},
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}},
}
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
def rules_of():
    """Return which rules the responses break, one after the other."""
    contract = Contract(EXAMPLE, "example")
    with httpx2.Client() as client:
        check = RateLimitHeaders(
            Target(url="http://api.example", contract=contract, client=client, operations=contract.operations)
        )
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
