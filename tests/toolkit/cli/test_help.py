"""``scanner-api``: what help says of its commands."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import scanner_api.cli
from contract_first.cli.commands import LazyGroup

HEAVY = {"connexion", "sqlalchemy", "starlette", "schemathesis", "moto", "jsonschema_rs", "pydantic_settings"}
MODULES = """
import sys
from scanner_api.__main__ import main
sys.argv[1:] = ["--help"]
try:
    main()
finally:
    print(*sys.modules)
"""


def below(group, path=()):
    """Yield the commands of a group, by their path: as it lists them, and as they are once imported."""
    for name, listed in group.commands.items():
        command = group.lazy[name].command(name) if isinstance(group, LazyGroup) else listed
        yield (*path, name), listed, command
        if hasattr(command, "commands"):
            yield from below(command, (*path, name))


SCANNER = list(below(typer.main.get_command(scanner_api.cli.app)))


@pytest.mark.parametrize(
    ("listed", "command"), [pytest.param(*found, id=" ".join(path)) for path, *found in SCANNER]
)
def test_lists_have_the_commands_own_words(listed, command):
    """What a group says of a command, which it does not import for that, is how the command's help begins."""
    words, own = (each.help.split("\n\n")[0].split() for each in (listed, command))
    assert words == own


def test_help_has_no_names_of_types():
    """Help says what each option and argument takes in words of its own, without Python's names of types."""
    signatures = []
    for path, _, command in SCANNER:
        context = command.make_context(path[-1], [], resilient_parsing=True)
        signatures += [record[0] for each in command.params if (record := each.get_help_record(context))]
    assert {"--port PORT", "--into DIR", "--format json|yaml", "URL"} <= {*signatures}
    assert [each for each in signatures if "<" in each or ("-" not in each and not each.isupper())] == []


def test_help_imports_little():
    """The help of all commands imports none of them."""
    done = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, text=True, check=True)  # noqa: S603 -- our own
    assert HEAVY & set(done.stdout.splitlines()[-1].split()) == set()


@pytest.mark.parametrize("name", ["db", "keys", "organizations", "products"])
def test_lists_of_commands_break_nothing_off(name):
    """Of each command a list has the whole first paragraph of its help, however narrow it is."""
    group = next(command for path, _, command in SCANNER if path == (name,))
    help_ = " ".join(CliRunner().invoke(scanner_api.cli.app, [name, "--help"]).output.split())
    for each in group.commands.values():
        assert " ".join(each.help.partition("\n\n")[0].split()) in help_
