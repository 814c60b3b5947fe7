"""What every command that takes a contract does: it takes one, from a file or a URL."""

import json

import pytest
from typer.testing import CliRunner

from contract_first.check import check_url
from contract_first.cli.tree import app
from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.service import create_app

ALL = [
    "check http://127.0.0.1:1 --contract {}",
    "contract digest {}",
    "contract lint {}",
    "contract new --into new {}",
    "contract scaffold --into new --contract {}",
    "contract show {}",
    "contract types {}",
    "mock --contract {}",
    "mock exec --contract {} -- true",
    "mock {}",
    "proxy --upstream http://127.0.0.1:1 --contract {}",
    "seed-data recorded.har --contract {}",
    "serve --handlers handlers --contract {}",
]
"""Commands, and where their contract stands."""
ENDING = [command for command in ALL if command.split()[0] not in {"mock", "proxy", "serve"}]
"""Those that end by themselves."""


def run(*arguments):
    """Return what a command ended with."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


@pytest.fixture
def url(minimal):
    """Where a server has a contract."""
    with contract_mock(Contract(minimal, "pets.json")) as mock:
        yield f"{mock.api}/openapi.json"


@pytest.fixture
def _folder(tmp_path, monkeypatch):
    """The current folder, which has a recording."""
    monkeypatch.chdir(tmp_path)
    log = {"version": "1.2", "creator": {"name": "a test", "version": "1"}, "entries": []}
    (tmp_path / "recorded.har").write_text(json.dumps({"log": log}))


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize("command", [command for command in ALL if command.split()[0] != "mock"])
def test_two_contracts_are_an_error(command):
    """Neither is taken in silence; the message names both, and says what to do."""
    option = "--contract" if "--contract" in command else ""
    ended = run(*command.replace("{}", f"a.yaml {option} b.json").split())
    assert ended.exit_code == 2
    assert "Expected one contract, got 2: a.yaml, b.json. Leave one out" in ended.stderr


def test_two_contracts_in_two_ways():
    """The argument of a mock is its --contract; what follows `--` is another command's."""
    ended = run("mock", "a.yaml", "--contract=b.yaml")
    assert (ended.exit_code, ended.stderr.count(".yaml: cannot be read")) == (2, 2)
    ended = run("mock", "none.yaml", "exec", "--", "true", "--contract", "a", "--contract", "b")
    assert "none.yaml: cannot be read" in ended.stderr


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize("command", [*ENDING, "mock exec --contract {} -- true"])
def test_a_contract_is_read_from_a_url(command, url):
    """No command takes it for the path of a file."""
    ended = run(*command.format(url).split())
    assert "cannot be read" not in ended.stderr
    assert "No such file" not in ended.stderr


@pytest.mark.parametrize("command", ["proxy --upstream http://127.0.0.1:1", "serve --handlers none"])
def test_what_is_not_at_the_url_is_an_error_of_the_url(command, url):
    """Commands that run until they are stopped have asked the server for it, too."""
    ended = run(*command.split(), "--port", "0", "--contract", f"{url}x")
    assert ended.exit_code != 0
    assert f"{url}x: cannot be read: " in ended.stderr
    assert "404" in ended.stderr


def test_a_url_in_python(url):
    """Functions that take a contract take a URL."""
    with contract_mock(url) as mock:
        assert check_url(mock.api, contract=url, phases=("examples",)).exit_code == 0
    assert create_app(url, {"list_pets": list}).contract.source == url
