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
    responses = {status: {"description": "A response."} for status in ("200", *documented)}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Forbidding", "version": "1"},
        "security": [{"key": []}],
        "paths": {"/things": {"get": {"responses": responses}}},
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}},
    }
    contract = Contract(document, "forbidding")
    app = Starlette(routes=[Route("/things", forbidding)])
    with served(app) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        target = Target(
            url=url,
            contract=contract,
            client=client,
            operations=contract.operations,
            credentials=Credentials(api_key=KEY),
        )
        assert {violated.rule for violated in SecurityAlternatives(target).run()} == found
