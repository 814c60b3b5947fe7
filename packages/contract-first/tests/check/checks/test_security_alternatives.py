"""Who is let in, and with which status all others are refused."""

from __future__ import annotations

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from contract_first.check import Credentials, Target
from contract_first.check.checks.security_alternatives import SecurityAlternatives
from contract_first.check.run.checking import served
from contract_first.contract import Contract

KEY = "key-of-the-first-1"


TOKEN = "token-of-the-first-1"
SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "token": {"type": "http", "scheme": "bearer"},
}


async def without_rights(request):
    """Admit a key, and forbid to a right token what the key may."""
    if request.headers.get("x-api-key") == KEY:
        return JSONResponse({})
    return JSONResponse({}, 403 if request.headers.get("authorization") == f"Bearer {TOKEN}" else 401)


async def forbidding(request):
    """Refuse with a 403 who shows no key, or a wrong one."""
    return JSONResponse({}, 200 if request.headers.get("x-api-key") == KEY else 403)


@pytest.mark.parametrize(
    ("documented", "found"),
    [
        ({"403"}, set()),
        ({"401", "403"}, {"none", "wrong"}),
        ({"403", "default"}, {"none", "wrong"}),
        (set(), {"none", "wrong"}),
    ],
)
def test_a_contract_may_refuse_with_a_403(documented, found):
    """A contract that has a 403 and no 401 is kept by a 403."""
    assert violated_rules(forbidding, documented, "key") == found


def test_a_credential_that_may_nothing_is_found():
    """An app that forbids with one credential what it allows with another is found."""
    assert violated_rules(without_rights, {"401", "403"}, "key", "token") == {"alone"}


def violated_rules(endpoint, documented, *schemes):
    """Return the rules that an app violates."""
    responses = {status: {"description": "A response."} for status in ("200", *documented)}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Forbidding", "version": "1"},
        "security": [{scheme: []} for scheme in schemes],
        "paths": {"/things": {"get": {"responses": responses}}},
        "components": {"securitySchemes": {scheme: SCHEMES[scheme] for scheme in schemes}},
    }
    contract = Contract(document, "forbidding")
    app = Starlette(routes=[Route("/things", endpoint)])
    with served(app) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        target = Target(
            url=url,
            contract=contract,
            client=client,
            operations=contract.operations,
            credentials=Credentials(api_key=KEY, bearer=TOKEN),
        )
        return {violated.rule for violated in SecurityAlternatives(target).run()}
