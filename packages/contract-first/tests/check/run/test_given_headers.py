"""Credentials that are given as header fields, and those of Basic authentication."""

import base64
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from contract_first.check import Credentials, check_url
from contract_first.check.checks.security_alternatives import SecurityAlternatives
from contract_first.check.run.checking import served

pytestmark = pytest.mark.programs

LOGIN = "keeper:correct-horse"
BASIC = "Basic " + base64.b64encode(LOGIN.encode()).decode()
SCHEMES = {
    "basic": {"type": "http", "scheme": "basic"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Safe", "version": "1"},
    "security": [{name: []} for name in SCHEMES],
    "paths": {
        "/safe": {
            "get": {
                "operationId": "open_safe",
                "responses": {
                    "200": {"description": "OK"},
                    "401": {"description": "Nobody"},
                },
            }
        }
    },
    "components": {"securitySchemes": SCHEMES},
}
HOW = {"checks": (SecurityAlternatives,), "phases": ("coverage",), "max_examples": 1, "seed": 1}


@contextmanager
def safe(accepted):
    """Serve an API that accepts these values of Authorization and X-Key, behind a gateway; yield its URL."""

    async def content(request):
        if request.headers.get("x-gateway") == "closed":
            return JSONResponse({}, 403)
        fields = {request.headers.get("authorization"), request.headers.get("x-key")}
        return JSONResponse({}, 200 if fields & accepted else 401, {"WWW-Authenticate": "Basic"})

    async def contract(_request):
        return JSONResponse(CONTRACT)

    with served(Starlette(routes=[Route("/openapi.json", contract), Route("/safe", content)])) as url:
        yield url


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(headers={"Authorization": BASIC}),
        Credentials(headers={"authorization": BASIC, "X-Gateway": "open"}),
        Credentials(headers={"X-Key": "key-of-the-safe"}),
        Credentials(basic=LOGIN),
    ],
)
def test_a_credential_in_a_header_is_one(credentials):
    """A header field that a security scheme describes is removed where a check calls without a credential."""
    with safe({BASIC, "key-of-the-safe"}) as url:
        report = check_url(url, credentials=credentials, **HOW)
    assert (report.exit_code, report.findings) == (0, [])
    assert report.operations[""].checks["security_alternatives"].passed == 1


def test_an_operation_that_is_open_is_found():
    """An API that asks nobody for a credential is wrong without one and with a wrong one."""
    with safe({BASIC, None, *(Credentials(basic=LOGIN).wrong.by_scheme(SCHEMES)["basic"].values())}) as url:
        report = check_url(url, credentials=Credentials(headers={"Authorization": BASIC}), **HOW)
    rules = [finding.title for finding in report.findings]
    assert rules == ["security_alternatives: none", "security_alternatives: wrong"]
    assert "correct-hors" not in report.json().decode()


def test_the_other_organization_calls_without_the_first_ones_header():
    """The request of the other organization carries no credential of the first."""
    credentials = Credentials(other_api_key="key-of-others", headers={"Authorization": BASIC})
    assert credentials.common(SCHEMES) == {}
    assert credentials.of_the_other(SCHEMES) == {"X-Key": "key-of-others"}
