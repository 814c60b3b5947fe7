"""``scanner-api check``: what it checks by where a server has no contract."""

import os

import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner

from contract_first.check.run.checking import served
from scanner_api.cli import app

pytestmark = pytest.mark.programs

QUICK = ["--max-examples", "2", "--seed", "1"]


def run(*arguments, **environment):
    """Run the command with no environment but this, and return its result."""
    nothing = dict.fromkeys(name for name in os.environ if name.startswith(("SCANNER_CHECK", "GITHUB_")))
    return CliRunner().invoke(app, ["check", *map(str, arguments)], env={**nothing, **environment})


@pytest.mark.parametrize(("path", "code"), [("/", 2), ("/scanner/api/v1/sessions", 1)])
def test_another_api_is_distinguished_from_a_wrong_one(path, code):
    """Without a contract, a URL with none of the default paths ends with 2, one with some is checked."""
    with served(Starlette(routes=[Route(path, lambda _: Response(status_code=405))])) as url:
        result = run(url, *QUICK, "--operation", "list_sessions")
    assert result.exit_code == code
    message = f"Cannot run: {url} is not where the default contract's paths begin: "
    assert result.stderr.startswith(message) == (code == 2)


def test_a_url_that_leads_to_another_server_is_2():
    """Where all is redirected elsewhere, as from http to https, no violations are reported."""
    elsewhere = RedirectResponse("https://127.0.0.1:1/scanner/api/v1/sessions?key=secret-1", 308)
    with served(Starlette(routes=[Route("/{rest:path}", lambda _: elsewhere)])) as url:
        result = run(url, *QUICK)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{url} redirects to https://127.0.0.1:1: give the URL that responds." in result.stderr
    assert "secret-1" not in result.stderr
