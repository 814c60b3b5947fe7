"""Options of mocks: each is declared once, and is an argument and an option of the command."""

import inspect
from dataclasses import dataclass, fields

import pytest
import typer
from typer.testing import CliRunner

from contract_first.cli.commands import customized, takes
from contract_first.cli.options import defaults_of, options_of, ports_of
from contract_first.mock import contract_mock
from contract_first.mock.options import MockOptions, ServerOptions, option, port_option
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
