"""Responses that are late, or that shared caches may keep, and what the check says of each."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import httpx2
import pytest
from schemathesis import Response

from contract_first.check import Credentials, Target
from contract_first.check.checks.delivery import Delivery
from contract_first.contract import Contract

SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "token": {"type": "http", "scheme": "bearer"},
}
OK = {"responses": {"200": {"description": "OK"}}}


def rules(cache_control, *, scheme="key", status=200, anonymous=False, seconds=0.1, vary="Accept"):
    """Return the rules that a response to a call with a credential violates."""
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Safe", "version": "1"},
            "paths": {"/safe": {"get": {"operationId": "open", "security": [{scheme: []}], **OK}}},
            "components": {"securitySchemes": SCHEMES},
        },
        "safe",
    )
    given = {"key": {"api_key": "key-12345678"}, "token": {"bearer": "token-12345678"}}[scheme]
    with httpx2.Client() as client:
        target = Target(
            url="http://x.test",
            contract=contract,
            client=client,
            operations=contract.operations,
            credentials=Credentials(**given),
            max_response_time=2,
        )
        headers = {} if anonymous else target.headers
        request = httpx2.Request("GET", "http://x.test/safe", headers=headers)
        fields = {"Vary": vary, **({"Cache-Control": cache_control} if cache_control else {})}
        exchange = httpx2.Response(status, headers=fields, content=b"{}", request=request)
        exchange.elapsed = timedelta(seconds=seconds)
        case = SimpleNamespace(operation=SimpleNamespace(label="GET /safe"))
        return {violated.rule for violated in Delivery(target).failures(Response.from_any(exchange), case)}


@pytest.mark.parametrize(
    ("cache_control", "how"),
    [
        ("public, max-age=60", {}),
        ("max-age=60", {}),
        ("s-maxage=60", {"scheme": "token"}),
        ("PUBLIC", {"scheme": "token"}),
    ],
)
def test_what_shared_caches_keep_is_caught(cache_control, how):
    """A success for a credential that a shared cache may send to others is a violation."""
    assert rules(cache_control, **how) == {"cache"}


@pytest.mark.parametrize(
    ("cache_control", "how"),
    [
        ("", {}),
        ("no-store", {}),
        ("private, max-age=60", {}),
        ("max-age=0", {}),
        ("public, no-cache", {}),
        ("max-age=60", {"scheme": "token"}),
        ("public, max-age=60", {"status": 404}),
        ("public, max-age=60", {"anonymous": True}),
        ("public, max-age=60", {"vary": "Accept, X-Key"}),
    ],
)
def test_what_they_do_not_keep_is_right(cache_control, how):
    """A response that is private, an error, anonymous, or varies by the credential is none."""
    assert rules(cache_control, **how) == set()


def test_a_late_response_is_caught():
    """A response that takes longer than the seconds that are allowed is a violation."""
    assert rules("", seconds=2.5) == {"time"}
