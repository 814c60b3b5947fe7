"""What makes a check one that a CI leaves switched on: rates, exclusions, thresholds, coverage, tokens."""

from __future__ import annotations

import json
from itertools import count
from threading import Event

import pytest
from anyio import to_thread
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from contract_first.check import CannotRunError, Credentials, check_url
from contract_first.check.oauth2 import ClientCredentials
from contract_first.check.pace import Rate
from contract_first.check.reports.baseline import Exclusion
from contract_first.check.reports.ci import sarif, workflow_commands
from contract_first.check.reports.markdown import markdown
from contract_first.check.run.checking import served
from contract_first.contract import Contract, load_contract

pytestmark = pytest.mark.programs

NUMBER = {"name": "number", "in": "query", "schema": {"type": "integer"}}
OPERATION = {"operationId": "pick", "parameters": [NUMBER], "responses": {"200": {"description": "OK"}}}
OTHER = {"operationId": "drop", "responses": {"204": {"description": "OK"}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Hat", "version": "1"},
    "paths": {"/pick": {"get": OPERATION, "delete": OTHER}},
}
QUICK = {"checks": (), "phases": ("fuzzing",), "max_examples": 3, "seed": 1}


@pytest.fixture(scope="module")
def url():
    """Serve an API whose only operation always fails."""

    async def fail(_request):
        return JSONResponse({}, 503)

    with served(Starlette(routes=[Route("/pick", fail, methods=["GET", "DELETE"])])) as url:
        yield url


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Return a contract in a file."""
    path = tmp_path_factory.mktemp("contract") / "hat.json"
    path.write_text(json.dumps(DOCUMENT, indent=1), "utf-8")
    return path


def checked(url, source, **how):
    """Return the report of a quick run."""
    return check_url(url, contract=load_contract(source), **{**QUICK, **how})


def test_a_rate_spaces_requests():
    """Requests begin no faster than the rate, and wait no longer than the run lasts."""
    now, waits = [100.0], []

    def sleep(seconds):
        waits.append(round(seconds, 3))
        now[0] += seconds

    pace = Rate(sleep, rate=5, clock=lambda: now[0])
    for _ in range(3):
        pace.begin()
    pace.begin(left=0.05)
    assert waits == [0.2, 0.2, 0.05]
    assert pace.waited == pytest.approx(0.45)


def test_each_request_of_a_run_is_paced(url, source, monkeypatch):
    """Generated requests, those of our checks and those that make others small begin by the rate."""
    begins = count()
    monkeypatch.setattr(Rate, "begin", lambda *_: next(begins))
    report = checked(url, source, rate=1000)
    assert next(begins) >= report.requests > 0


def test_exclusions(url, source):
    """A check is not made, an operation not called, a finding in an operation is known, with reasons."""
    excluded = (
        Exclusion(check="status_code_conformance", reason="later"),
        Exclusion(operations=("drop",), reason="dangerous"),
        Exclusion(check="not_a_server_error", operations=("GET /pick",), reason="it rests"),
    )
    report = checked(url, source, excluded=excluded)
    assert report.left_out["status_code_conformance"] == "excluded: later"
    assert report.excluded == {"DELETE /pick": "dangerous"}
    assert list(report.operations) == ["GET /pick", ""] or list(report.operations) == ["GET /pick"]
    assert {finding.check: finding.reason for finding in report.known_findings} == {
        "not_a_server_error": "it rests"
    }
    assert "status_code_conformance" not in {finding.check for finding in report.findings}
    assert "DELETE /pick excluded: dangerous" in markdown(report)


@pytest.mark.parametrize("wrong", [{"check": "chekc"}, {"operations": ("nobody",)}])
def test_what_is_excluded_has_to_exist(url, source, wrong):
    """A name that nothing has is an error before any request."""
    with pytest.raises(CannotRunError, match=r"chekc|nobody"):
        checked(url, source, excluded=(Exclusion(reason="x", **wrong),))


def test_severities_and_what_fails(url, source):
    """A finding has the severity that is set, and fails the run only from a threshold on."""
    severities = dict.fromkeys(("not_a_server_error", "status_code_conformance"), "low")
    report = checked(url, source, severities=severities, fail_on="critical")
    assert {finding.severity for finding in report.findings} == {"low"}
    assert report.exit_code == 0
    assert report.conclusion().startswith(
        f"Conforms to the contract but for {len(report.findings)} below critical"
    )
    assert {line.partition(" ")[0] for line in workflow_commands(report)} == {"::warning", "::notice"}
    report.fail_on = "low"
    assert report.exit_code == 1


def test_coverage_and_its_minimum(url, source):
    """Operations, statuses and parameters are counted, and too few of them fail the run."""
    report = checked(url, source, only=("pick",), min_coverage=90)
    assert report.shares["operations"] == (1, 1)
    assert report.shares["statuses"] == (0, 1)
    assert report.coverage[0].undocumented.keys() == {"503"}
    assert report.about_coverage().startswith("Exercised: 1 of 1 operations, 0 of 1 statuses")
    assert report.about_coverage().endswith("less than the 90 % that are asked for).")
    report.findings = []
    assert report.exit_code == 1
    report.min_coverage = 50
    assert report.exit_code == 0


def test_each_phase_has_its_time(url, source):
    """The report has the seconds of each phase, which together are those of the run."""
    report = checked(url, source)
    assert {"own checks", "fuzzing", "minimising"} <= report.phases.keys()
    assert sum(report.phases.values()) <= report.seconds + 0.1


def test_sarif_has_lines_of_the_contract(url, source):
    """Each finding is a result at the line of its operation, with a level by severity."""
    report = checked(url, source, only=("drop",))
    [run] = json.loads(sarif(report, load_contract(source)))["runs"]
    result = run["results"][0]
    place = result["locations"][0]["physicalLocation"]
    lines = source.read_text("utf-8").splitlines()
    assert place["artifactLocation"]["uri"] == str(source)
    assert '"delete"' in lines[place["region"]["startLine"] - 1]
    assert result["level"] in {"error", "warning"}
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {
        one["ruleId"] for one in run["results"]
    }


SECURED = Contract(
    {
        **DOCUMENT,
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}},
                }
            }
        },
    },
    "hat",
)


@pytest.fixture
def issuer():
    """Serve an API and its tokens, each of which is right for three requests; yield URL and what it saw."""
    grants, left, refused = count(1), {}, []

    async def token(request):
        form = await request.body()
        if (
            request.headers["authorization"] != "Basic bWU6c2VjcmV0LTEyMw=="
            or b"client_credentials" not in form
        ):
            return JSONResponse({"error": "invalid_client"}, 401)
        name = f"token-number-{next(grants)}"
        left[name] = 3
        return JSONResponse({"access_token": name, "expires_in": 60})

    async def pick(request):
        name = request.headers.get("authorization", "").removeprefix("Bearer ")
        left[name] = left.get(name, 0) - 1
        if left[name] < 0:
            refused.append(name)
            return JSONResponse({}, 401)
        return JSONResponse({"you": name})

    routes = [Route("/token", token, methods=["POST"]), Route("/pick", pick, methods=["GET", "DELETE"])]
    with served(Starlette(routes=routes)) as url:
        yield url, left, refused


def test_tokens_are_renewed_and_masked(issuer):
    """A token that expires during a run is renewed; no token is in the report."""
    url, left, refused = issuer
    clock = count(step=20)  # 30 s before the end of its 60 s, a token is renewed: after two requests
    client = ClientCredentials(f"{url}/token", "me", "secret-123", clock=lambda: float(next(clock)))
    report = check_url(
        url,
        contract=SECURED,
        credentials=Credentials.of_client(client),
        oauth2=client,
        only=("pick",),
        **QUICK,
    )
    assert len(left) > 3
    assert not refused
    assert b"token-number" not in report.json()
    assert "secret-123" not in repr(client)


def test_no_token_is_in_the_archive(tmp_path):
    """A token that was handed out during the run is masked in it, also where another request is repeated."""
    grants, latest = count(1), []

    async def token(_request):
        latest.append(f"token-number-{next(grants)}")
        return JSONResponse({"access_token": latest[-1], "expires_in": 60})

    async def pick(_request):
        return JSONResponse({"note": f"the latest is {latest[-1]}"}, 500)

    routes = [Route("/token", token, methods=["POST"]), Route("/pick", pick, methods=["GET"])]
    clock, har = count(step=20), tmp_path / "run.har"
    with served(Starlette(routes=routes)) as url:
        client = ClientCredentials(f"{url}/token", "me", "secret-123", clock=lambda: float(next(clock)))
        report = check_url(
            url, contract=SECURED, oauth2=client, har=har, only=("pick",), **{**QUICK, "max_examples": 9}
        )
    assert len(latest) > 1
    assert report.findings
    written = (har.read_bytes(), report.json(), sarif(report, SECURED), markdown(report).encode())
    assert [text for text in written if b"token-number" in text] == []
    assert b"the latest is" in written[0]


@pytest.mark.parametrize("body", [b"", b"{"])
def test_a_token_is_waited_for_no_longer_than_the_budget(body):
    """A server of tokens that hangs, before its head or in its body, does not hold up the run's end."""
    ended = Event()

    async def hang(_scope, _receive, send):
        if body:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        while not await to_thread.run_sync(ended.wait, 0.1):
            if body:
                await send({"type": "http.response.body", "body": body, "more_body": True})

    with served(Starlette(routes=[Mount("/token", hang)])) as url:
        client = ClientCredentials(f"{url}/token/", "me", "secret-123")
        try:
            with pytest.raises(
                CannotRunError, match="token's URL does not respond before the budget is spent"
            ):
                check_url(url, contract=SECURED, oauth2=client, budget=1, **QUICK)
        finally:
            ended.set()


def test_a_token_that_is_refused(issuer):
    """The error of a client that gets no token has no secret."""
    client = ClientCredentials(f"{issuer[0]}/token", "me", "wrong-secret-1")
    with pytest.raises(ValueError, match=r"responds with 401; expected a token") as caught:
        client.token()
    assert "wrong-secret" not in str(caught.value)
