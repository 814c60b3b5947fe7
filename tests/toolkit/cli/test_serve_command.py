"""``scanner-api serve``: one's own contract by one's own handlers, which the Scanner's need not be."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest
from typer.testing import CliRunner

import scanner_api.cli

HANDLERS = """
def list_pets() -> None:
    pass
"""
SECURED = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
HOOKS = """
CHECKS = {"key": lambda credential, request: credential if credential == "right" else None}
"""


@pytest.fixture
def project(write, tmp_path, monkeypatch):
    """A folder with handlers and what authenticates, which is the current one."""
    for name, content in {"pets.py": HANDLERS, "hooks.py": HOOKS}.items():
        write(content, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    for name in ("pets", "hooks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.fixture
def secured(write, minimal):
    """A contract whose operation requires a key."""
    return str(write({**minimal, "components": SECURED, "security": [{"key": []}]}))


@contextmanager
def serving(*options):
    """Run ``serve``, and yield its URL; it ends cleanly."""
    command = [sys.executable, "-m", "scanner_api", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own command
        try:
            yield process.stdout.readline().split(" on ")[1].split()[0]
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.programs
@pytest.mark.usefixtures("project")
def test_it_serves_ones_own(secured):
    """Handlers and what authenticates are found in the current folder; nothing is there of another API."""
    options = ("--contract", secured, "--handlers", "pets", "--authenticate", "hooks:CHECKS")
    with serving(*options) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        statuses = [client.get("/pets", headers={"X-Key": key}).status_code for key in ("wrong", "right")]
        assert statuses == [401, 200]
        assert list(client.get("/openapi.json").json()["paths"]) == ["/pets"]
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("options", [["--handlers", "pets"], ["--authenticate", "hooks:CHECKS"]])
def test_the_scanner_has_handlers_of_its_own(options):
    """Of ``scanner-api serve`` they are for another contract, and so is what authenticates."""
    own = {name: None for name in os.environ if name.startswith("SCANNER_")}
    outcome = CliRunner().invoke(scanner_api.cli.app, ["serve", *options], env=own)
    assert (outcome.exit_code, "--contract" in outcome.stderr) == (2, True)
