"""Options of mocks: each is declared once, and is an argument and an option of the command."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from ssl import create_default_context
from typing import Annotated

import httpx2
import pytest
import typer
from typer.testing import CliRunner

from contract_first.cli import tree
from contract_first.cli.commands import customized, takes
from contract_first.cli.options import defaults_of, options_of, ports_of
from contract_first.mock import contract_mock
from contract_first.mock.options import ApiOptions, MockOptions, ServerOptions, port_flag
from contract_first.signatures import Flag, fields_of, takes_fields_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Options(ServerOptions):
    """Those of every mock, and two more.

    Attributes:
        port: port of it.
        pace: how fast it is. In Python a number.
    """

    port: Annotated[int, port_flag(8123)] = 0
    pace: Annotated[int, Flag("NUMBER", minimum=1)] = 3


def command(*arguments):
    """Return what a command with these options prints when it is called with arguments."""

    @takes(**options_of(Options))
    def show(**options):
        typer.echo(sorted((name, options[name]) for name in ("pace", "port", "tls")))

    app = typer.Typer()
    app.command()(customized(show))
    return CliRunner().invoke(app, arguments).output


def test_a_declared_option_is_an_option_of_the_command():
    """Its help, its default and what it reads are the field's."""
    assert "How fast it is." in command("--help")
    assert "In Python" not in command("--help")
    assert command("--tls") == "[('pace', 3), ('port', None), ('tls', True)]\n"
    assert command("--pace", "5", "--port", "1") == "[('pace', 5), ('port', 1), ('tls', False)]\n"
    assert (defaults_of(Options), ports_of(Options)) == ({"port": 8123}, ["port"])


def test_a_declared_option_is_an_argument():
    """A function of the record takes its fields, and refuses others."""
    show = takes_fields_of(Options)(lambda options: options.pace)
    assert (show(), show(pace=5)) == (3, 5)
    with pytest.raises(TypeError, match="pase"):
        show(pase=5)
    with pytest.raises(ValueError, match="pace: expected 1 or more, got 0"):
        show(pace=0)
    assert list(inspect.signature(contract_mock).parameters)[:3] == ["contract", "host", "port"]


def test_every_field_is_described():
    """Its class says what it is for, which help and the function's docstring repeat."""
    assert [name for name, field in fields_of(MockOptions).items() if not field.help] == []
    text = inspect.getdoc(contract_mock)
    assert "\n    seed: seed of ids, random faults and generated values: the same" in text
    assert text.index("Args:") < text.index("Raises:")


PATHS = [name for name, field in fields_of(MockOptions).items() if field.kind == Path | None]


@pytest.mark.parametrize("name", PATHS)
def test_a_text_is_a_path_in_python(name):
    """Each option that is a path takes text, as the command does."""
    assert getattr(MockOptions("pets.json", **{name: "file"}), name) == Path("file")


def test_a_mock_with_paths_as_text(write, minimal, tmp_path):
    """They are read, and the folders made."""
    contract = write(minimal)
    rules = [{"match": {"operation": "list_pets"}, "effect": {"status": 503}}]
    overrides = write({"overrides": rules}, "o.json")
    faults = write({"faults": []}, "f.json")
    har = write({"log": {"version": "1.2", "creator": {"name": "a", "version": "1"}, "entries": []}}, "r.har")
    options = {"overrides": str(overrides), "faults": str(faults), "replay": str(har)}
    folders = {"data": str(tmp_path / "data"), "ca": str(tmp_path / "ca")}
    with contract_mock(contract, **options, **folders) as mock:
        assert (
            httpx2.get(f"{mock.api}/pets", verify=create_default_context(cafile=mock.ca)).status_code == 503
        )
    assert (tmp_path / "data").is_dir()


def test_values_are_read_in_python():
    """What a command reads of an option's text is read here, too: URLs, origins, statuses."""
    options = ApiOptions(
        public_url="https://mock.test/",
        control_origins="HTTP://A.test:80",
        mock_on=["503"],
        forward="get_pet",
    )
    assert options.public_url == "https://mock.test"
    assert options.control_origins == ("http://a.test",)
    assert options.mock_on == [503]
    assert options.forward == ("get_pet",)


def test_what_no_option_may_be_is_refused_in_python():
    """The error names the option."""
    with pytest.raises(ValueError, match="public_url: nope is not an http:// or https:// URL"):
        contract_mock("pets.json", public_url="nope")
    with pytest.raises(ValueError, match="mock_on: 99 is not a status"):
        contract_mock("pets.json", mock_on=[99])
    with pytest.raises(ValueError, match="formats: expected one of on, warn, off, got 'maybe'"):
        contract_mock("pets.json", formats="maybe")
    with pytest.raises(ValueError, match="port: expected 0 to 65535, got 70000"):
        contract_mock("pets.json", port=70000)


def test_the_token_is_one_variable():
    """Every mock's command reads the token of control from it."""
    assert fields_of(ServerOptions)["control_token"].flag.variable == "MOCK_CONTROL_TOKEN"
    for name in ("mock", "s3"):
        shown = CliRunner(env={"COLUMNS": "200"}).invoke(tree.app, [name, "--help"]).stdout
        assert "MOCK_CONTROL_TOKEN" in shown
        assert "{" not in shown
