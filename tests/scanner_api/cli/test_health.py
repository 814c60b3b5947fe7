"""``scanner-api health`` against servers that are well, are not, and are not there."""

import json
import runpy
from contextlib import contextmanager
from http.client import BadStatusLine
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import OpenerDirector

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app

http_server = runpy.run_path(str(Path(__file__).parents[2] / "services" / "http_server.py"))["http_server"]


@contextmanager
def serving(status, body=None):
    """Serve a health of this status on a free port of loopback, and yield the port."""

    def respond(request):
        content = body or json.dumps({"asked": request.path}).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    with http_server(respond) as url:
        yield urlsplit(url).port


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
def test_the_exit_code_is_the_health(status, code):
    """Only a success is 0; what the server says is shown either way."""
    with serving(status) as port:
        outcome = CliRunner().invoke(app, ["health", f"http://127.0.0.1:{port}/readyz"])
    assert (outcome.exit_code, "/readyz" in outcome.output) == (code, True)


def test_the_server_of_this_machine():
    """Without a URL it is the server at the port that is set, and a proxy is not asked."""
    with serving(200) as port:
        variables = {"SCANNER_PORT": str(port), "http_proxy": "http://127.0.0.1:1"}
        outcome = CliRunner().invoke(app, ["health"], env=variables)
    assert (outcome.exit_code, json.loads(outcome.stdout)) == (0, {"asked": "/healthz"})
    assert CliRunner().invoke(app, ["health"], env=variables).exit_code == 1


def test_a_body_in_another_encoding():
    """What is no UTF-8 is shown as far as it is."""
    with serving(503, b"caf\xe9") as port:
        outcome = CliRunner().invoke(app, ["health", f"http://127.0.0.1:{port}/"])
    assert (outcome.exit_code, "caf\ufffd" in outcome.output) == (1, True)


def test_a_server_of_another_protocol(monkeypatch):
    """What is no HTTP is reported as any other failure."""

    def respond(*_, **__):
        raise BadStatusLine("SSH-2.0-OpenSSH")

    monkeypatch.setattr(OpenerDirector, "open", respond)
    outcome = CliRunner().invoke(app, ["health", "http://127.0.0.1:22/"])
    assert (outcome.exit_code, "http://127.0.0.1:22/ does not respond" in outcome.output) == (1, True)
