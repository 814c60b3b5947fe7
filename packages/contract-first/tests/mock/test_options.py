"""Options of mocks: each is declared once, and is an argument and an option of the command."""

import inspect
from dataclasses import dataclass, fields
from pathlib import Path
from ssl import create_default_context

import httpx2
import pytest
import typer
from typer.testing import CliRunner

from contract_first.cli import tree
from contract_first.cli.commands import customized, takes
from contract_first.cli.options import defaults_of, options_of, ports_of
from contract_first.mock import contract_mock
from contract_first.mock.options import ApiOptions, MockOptions, ServerOptions, option, port_option
from contract_first.signatures import takes_fields_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Options(ServerOptions):
    """Those of every mock, and two more."""

    port: int = port_option("it", 8123)
    pace: int = option(3, "How fast it is.", "NUMBER")


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
    assert command("--tls") == "[('pace', 3), ('port', None), ('tls', True)]\n"
    assert command("--pace", "5", "--port", "1") == "[('pace', 5), ('port', 1), ('tls', False)]\n"
    assert (defaults_of(Options), ports_of(Options)) == ({"port": 8123}, ["port"])


def test_a_declared_option_is_an_argument():
    """A function of the record takes its fields, and refuses others."""
    show = takes_fields_of(Options)(lambda options: options.pace)
    assert (show(), show(pace=5)) == (3, 5)
    with pytest.raises(TypeError, match="pase"):
        show(pase=5)
    assert list(inspect.signature(contract_mock).parameters)[:3] == ["contract", "host", "port"]


def test_every_field_is_described():
    """What has no flag, whose help describes it, is described by the class."""
    docs = "".join(cls.__doc__ or "" for cls in MockOptions.__mro__)
    plain = [field.name for field in fields(MockOptions) if not field.metadata]
    assert [name for name in plain if f"{name}: " not in docs] == []


PATHS = [field.name for field in fields(MockOptions) if field.type == Path | None]


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


def test_the_token_is_one_variable():
    """Every mock's command reads the token of control from it."""
    flag = ServerOptions.__dataclass_fields__["control_token"].metadata["flag"]
    assert flag.variable == "MOCK_CONTROL_TOKEN"
    for name in ("mock", "s3"):
        shown = CliRunner(env={"COLUMNS": "200"}).invoke(tree.app, [name, "--help"]).stdout
        assert "MOCK_CONTROL_TOKEN" in shown
        assert "{" not in shown
