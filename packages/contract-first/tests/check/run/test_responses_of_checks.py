"""The responses that our own checks get: each goes through every check of responses, and may be cut."""

from collections import Counter
from contextlib import contextmanager
from xml.etree.ElementTree import fromstring

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from contract_first.check import Credentials, check_url
from contract_first.check.checks.challenge import Challenge
from contract_first.check.checks.problem_details import ProblemDetails
from contract_first.check.checks.security_alternatives import SecurityAlternatives
from contract_first.check.reports.ci import junit
from contract_first.check.run.checking import served

pytestmark = pytest.mark.programs

KEY = "key-of-the-lamp-1"
PROBLEM = {"description": "Nobody", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
OK = {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Lamps", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        path: {"get": {"operationId": path.strip("/"), "responses": {"200": OK, "401": PROBLEM}}}
        for path in ("/one", "/two")
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}
CHECKS = (ProblemDetails, Challenge, SecurityAlternatives)
HOW = {"credentials": Credentials(api_key=KEY), "phases": ("coverage",), "max_examples": 1, "seed": 1}


@contextmanager
def lamps(refuse, respond=lambda: JSONResponse({})):
    """Serve an API of two operations; the first responds as a test wants it. Yield its URL."""

    async def contract(_request):
        return JSONResponse(CONTRACT)

    async def one(request):
        return respond() if request.headers.get("x-key") == KEY else refuse()

    async def two(request):
        known = request.headers.get("x-key") == KEY
        return JSONResponse({}) if known else right_refusal()

    routes = [Route("/openapi.json", contract), Route("/one", one), Route("/two", two)]
    with served(Starlette(routes=routes)) as url:
        yield url


def right_refusal():
    """Return a 401 as the contract has it."""
    headers = {"WWW-Authenticate": "Key"}
    return JSONResponse({}, 401, headers, media_type="application/problem+json")


def test_a_refusal_that_our_check_provokes_is_checked():
    """A 401 of another media type and without a challenge is found, though only our checks get one."""
    with lamps(lambda: Response("no", 401, media_type="text/plain")) as url:
        report = check_url(url, checks=CHECKS, **HOW)
    titles = {(finding.title, finding.operation, finding.phase) for finding in report.findings}
    assert ("problem_details: media type", "GET /one", "own checks") in titles
    assert ("challenge: present", "GET /one", "own checks") in titles
    assert all(finding.curl for finding in report.findings)
    assert "GET /two" not in {finding.operation for finding in report.findings}


def test_right_refusals_pass():
    """Where each 401 is as it should be, nothing is found, and each response was checked once."""
    with lamps(right_refusal) as url:
        report = check_url(url, checks=CHECKS, **{**HOW, "phases": ()})
    assert report.findings == []
    sent = report.operations[""].requests["own checks"]
    assert (
        sum(report.operations[name].checks["challenge"].passed for name in ("GET /one", "GET /two")) == sent
    )


def truncated():
    """Return a response whose connection ends before it does."""

    async def parts():
        yield b"{"
        raise ConnectionResetError

    return StreamingResponse(parts(), media_type="application/json")


def falsely_encoded():
    """Return a response that says it is compressed and is not."""
    return Response(b"{}", 200, {"Content-Encoding": "gzip"}, media_type="application/json")


@pytest.mark.parametrize("respond", [truncated, falsely_encoded])
def test_a_cut_response_is_a_finding_and_the_check_goes_on(respond):
    """What is no whole response is tried again, is a finding of its own, and ends no check."""
    with lamps(right_refusal, respond) as url:
        report = check_url(url, checks=CHECKS, **HOW)
    found = Counter(finding.check for finding in report.findings)
    assert found == {"connection": 1}
    [finding] = report.findings
    assert (finding.operation, finding.title) == ("GET /one", "connection: whole response")
    assert finding.curl.startswith("curl -X GET")
    assert report.cut_short == []
    assert ("own checks", "security_alternatives") in report.finished
    assert report.operations["GET /two"].checks["challenge"].passed > 0


def test_a_response_that_is_cut_once_is_none():
    """One cut in a network is no finding: the request is sent again."""
    responses = iter([JSONResponse({}), truncated()])  # the first one is to whether the key is accepted
    with lamps(right_refusal, lambda: next(responses, None) or JSONResponse({})) as url:
        report = check_url(url, checks=CHECKS, **{**HOW, "phases": ()})
    assert next(responses, None) is None
    assert report.findings == []


def test_one_cause_is_one_finding():
    """What is wrong alike in several operations is one finding that lists them, with one command."""

    async def contract(_request):
        return JSONResponse(CONTRACT)

    async def any_caller(_request):
        return JSONResponse([])

    routes = [Route("/openapi.json", contract), *(Route(path, any_caller) for path in CONTRACT["paths"])]
    with served(Starlette(routes=routes)) as url:
        report = check_url(url, checks=CHECKS, **HOW)
    operations = [(finding.check, finding.title, finding.operations) for finding in report.findings]
    both = ["GET /one", "GET /two"]
    assert operations == [
        ("security_alternatives", "security_alternatives: none", both),
        ("security_alternatives", "security_alternatives: wrong", both),
        ("response_schema_conformance", "Response violates schema", both),
    ]
    assert [finding.severity for finding in report.findings] == ["critical", "critical", "high"]
    assert report.findings[0].sentences() == {
        "Expected": "a call without a credential is a 401, or a 403 where the contract has that alone",
        "Got": "HTTP 200: without a credential the response is 200, not 401",
        "Change": "Enforce the security requirements of the operations, or change them in the contract.",
    }
    got = report.findings[2].sentences()["Got"]
    assert got == 'HTTP 200: the whole: [] is not of type "object"'
    failures = list(fromstring(junit(report)).iter("failure"))  # noqa: S314 -- written by the code under test
    assert sum(failure.text.count("curl ") for failure in failures) == 3
    assert sum(failure.text.count("as in GET /one") for failure in failures) == 3
