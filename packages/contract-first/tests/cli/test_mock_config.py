"""``mock.toml``: options and rules of a mock in a file, and the command that writes one."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from contract_first.cli.mock import Mocks, mock_app

PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list_pets",
                "summary": 'All\n"pets"',
                "responses": {"200": {"description": ""}},
            }
        }
    },
}


class OptionsOnly(Mocks):
    """Opens no mock, and shows which options it would have."""

    def open(self, contract, **options):
        shown = {name: value for name, value in options.items() if name in SHOWN}
        raise ValueError(json.dumps({"contract": contract, **shown}, default=str))


SHOWN = {"port", "seed", "stateful", "overrides", "mock_on", "control_origins", "overlays"}
app = mock_app(OptionsOnly())
app.rich_markup_mode = None  # which would break its lines


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with a contract; it is the current one."""
    (tmp_path / "pets.json").write_text(json.dumps(PETS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    """Return the options that the command has, or its error."""
    result = CliRunner().invoke(app, [*arguments])
    _, found, options = result.output.partition("Cannot start: ")
    return json.loads(options) if found else " ".join(result.output.split())


def test_options_of_a_file(folder):
    """What the command line does not say is the file's; rules stand in it, and paths begin at its folder."""
    (folder / "mock.toml").write_text(
        'contract = "pets.json"\nport = 1\nseed = 2\nstateful = true\nmock_on = [404]\noverlay = "a.yaml"\n'
        'control-origin = ["http://a.test"]\n[[overrides]]\neffect = {status = 503}\n'
    )
    (folder / "a.yaml").write_text("")
    expected = {
        "contract": str(folder / "pets.json"),
        "port": 1,
        "seed": 3,
        "stateful": True,
        "mock_on": ["404"],
        "control_origins": ["http://a.test"],
        "overrides": "mock.toml",
        "overlays": [str(folder / "a.yaml")],
    }
    assert run("--seed", "3") == expected
    (folder / "mock.toml").rename(folder / "other.toml")
    assert run("--config", "other.toml", "--seed", "3") == {**expected, "overrides": "other.toml"}
    assert run("pets.json")["port"] == 8000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\nsede = 1", "mock.toml:2: 'sede' is not an option; close to it: seed; known are ca,"),
        ("port = 1\nseed = 'x'", "mock.toml:2: Input should be a valid integer"),
        ("port = 99999", "mock.toml:1: Input should be less than"),
        ("stateful = 1", "mock.toml:1: expected true or false, got 1"),
        ("seed = [1]", "mock.toml:1: expected a text or a number, got [1]"),
        ("seed = ", "mock.toml is not TOML: Invalid value (at"),
        ("a = \xff", "mock.toml is not UTF-8 at byte 4"),
        ("#" * 2**20 + "#", "mock.toml has more than 1048576 bytes"),
        ('seed_data = "../a.yaml"', "mock.toml:1: ../a.yaml is not below"),
        ('contract = "/etc/passwd"', "mock.toml:1: /etc/passwd is not below"),
        ('handlers = "os"', "mock.toml:1: handlers are code"),
        ('mock-on = ["20"]', "mock.toml:1: 20 is not a status"),
    ],
)
def test_errors_have_file_and_line(content, message, folder):
    """An error names file and line, and what was expected; nothing outside of the folder is read."""
    (folder / "mock.toml").write_bytes(content.encode("latin-1"))
    assert message in run("pets.json")


def test_a_file_is_written(folder):
    """It has every option and an override for each operation, all commented out but the contract."""
    assert "Wrote mock.toml." in run("init", "pets.json")
    text = (folder / "mock.toml").read_text()
    assert '# All "pets"\n# [[overrides]]\n# match = {operation = "list_pets"}\n' in text
    assert run()["contract"] == str(folder / "pets.json")
    lines = [line.removeprefix("# ") if " = " in line else line for line in text.splitlines()]
    options = [line for line in lines if line.startswith(("port", "seed =", "ca", "stateful"))]
    assert options == ["port = 8000", "seed = 0", 'ca = ""', "stateful = false"]
    assert "mock.toml is there already" in run("init", "pets.json")
    (folder / "below").mkdir()
    assert "Wrote below/mock.toml." in run("init", "pets.json", "-o", "below/mock.toml")
    assert '# contract = "../pets.json"' in (folder / "below" / "mock.toml").read_text()
