"""The banner of a mock: short, and its curl line works when pasted."""

import re
import shlex
import subprocess
from shutil import which

import pytest

from contract_first.cli.banner import curl_of
from contract_first.cli.mock import Mocks
from contract_first.contract import Contract
from contract_first.mock import contract_mock

SCHEMES = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth2": {"type": "oauth2", "flows": {}},
    "certificate": {"type": "mutualTLS"},
}
PARAMETERS = [
    {"in": "path", "name": "id", "required": True, "schema": {"type": "integer", "minimum": 3}},
    {"in": "query", "name": "kind", "required": True, "schema": {"enum": ["a b", "c"]}},
    {"in": "header", "name": "X-Trace", "required": True, "schema": {"type": "string"}},
    {"in": "cookie", "name": "mood", "required": True, "schema": {"type": "boolean"}},
    {"in": "query", "name": "page", "schema": {"type": "integer"}},
]


def contract(method, **operation):
    """Return a contract of one operation."""
    return Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Things", "version": "1"},
            "paths": {"/v1/{id}": {method: {"responses": {"204": {"description": "None."}}, **operation}}},
            "components": {"securitySchemes": SCHEMES},
        },
        "things.json",
    )


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "served",
    [
        contract("get", parameters=PARAMETERS),
        contract(
            "post",
            parameters=PARAMETERS[:1],
            requestBody={
                "required": True,
                "content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}},
            },
        ),
        *(contract("get", parameters=PARAMETERS[:1], security=[{name: []}]) for name in SCHEMES),
    ],
)
def test_the_curl_line_works_when_pasted(served):
    """It has what the operation requires: parameters, a credential of its scheme, a body."""
    with contract_mock(served) as mock:
        line = curl_of(served, mock.api)
        shell = ["curl", "-sS", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}"]
        done = subprocess.run([*shell, *shlex.split(line)[1:]], capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert (done.stdout, done.stderr) == ("204", ""), line


def test_a_get_of_few_parameters_is_called():
    """GET comes before other methods, and few required parameters before many."""
    paths = {
        "/a": {"post": {"responses": {}}},
        "/b/{id}": {"get": {"parameters": PARAMETERS[:1], "responses": {}}},
        "/c": {"get": {"responses": {}}},
    }
    document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    assert curl_of(Contract(document, "t.json"), "http://h") == "curl http://h/c"
    assert curl_of(Contract({**document, "paths": {}}, "t.json"), "http://h") == ""


def test_banner(capsys):
    """It is short; --verbose adds pages and operations."""
    mocks = Mocks()
    mocks.contract = contract("get", operationId="get_thing", parameters=PARAMETERS[:1])
    with contract_mock(mocks.contract) as mock:
        mocks.announce(mock, verbose=False)
        short = capsys.readouterr().out
        mocks.announce(mock, verbose=True)
        long = capsys.readouterr().out
    assert any(re.fullmatch(rf"curl {mock.api}/v1/\d+", line) for line in short.splitlines())
    assert len(short.splitlines()) <= 8
    assert short == "\n".join(map(str.rstrip, short.splitlines())) + "\n"
    assert "  GET    /v1/{id}  get_thing" in long.splitlines()
    assert f"{mock.api}/docs" in long
