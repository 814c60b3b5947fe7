"""``contract-first``: commands for any contract, of which none says anything of the Scanner."""

import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import contract_first.cli.tree
from contract_first.cli.commands import LazyGroup
from contract_first.service.http.origins import normal_origins

FOREIGN = re.compile(r"scanner|session|photo|barcode", re.IGNORECASE)
HEAVY = {"connexion", "sqlalchemy", "starlette", "schemathesis", "moto", "jsonschema_rs", "pydantic_settings"}
MODULES = """
import sys
from contract_first.__main__ import main
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


ENGINE = list(below(typer.main.get_command(contract_first.cli.tree.app)))


@pytest.mark.parametrize("path", [(), *(path for path, _, _ in ENGINE)], ids=" ".join)
def test_help_says_nothing_of_the_scanner(path):
    """For another contract no command's help mentions scanners, sessions or photos."""
    help_ = CliRunner().invoke(contract_first.cli.tree.app, [*path, "--help"], env={"COLUMNS": "200"})
    assert help_.exit_code == 0
    assert FOREIGN.findall(help_.stdout) == []


@pytest.mark.parametrize(
    ("listed", "command"), [pytest.param(*found, id=" ".join(path)) for path, *found in ENGINE]
)
def test_lists_have_the_commands_own_words(listed, command):
    """What a group says of a command, which it does not import for that, is how the command's help begins."""
    words, own = (each.help.split("\n\n")[0].split() for each in (listed, command))
    assert words == own


def test_help_has_no_names_of_types():
    """Help says what each option and argument takes in words of its own, without Python's names of types."""
    signatures = []
    for path, _, command in ENGINE:
        context = command.make_context(path[-1], [], resilient_parsing=True)
        signatures += [record[0] for each in command.params if (record := each.get_help_record(context))]
    assert {"--port PORT", "--into DIR", "--format json|yaml", "URL"} <= {*signatures}
    assert [each for each in signatures if "<" in each or ("-" not in each and not each.isupper())] == []


def test_help_imports_little():
    """The help of all commands imports none of them."""
    done = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, text=True, check=True)  # noqa: S603 -- our own
    assert HEAVY & set(done.stdout.splitlines()[-1].split()) == set()


@pytest.mark.parametrize(
    "command", ["contract show", "contract lint", "contract types", "proxy --upstream http://a"]
)
def test_there_is_no_contract_by_default(command):
    """A command that needs a contract says so, and ends with 2."""
    outcome = CliRunner().invoke(contract_first.cli.tree.app, command.split())
    assert outcome.exit_code == 2
    assert "Missing" in outcome.stderr


def test_a_mock_needs_a_contract():
    """So does the mock; the help of its ``exec`` needs none."""
    outcome = CliRunner(env={"COLUMNS": "200"}).invoke(contract_first.cli.tree.app, ["mock", "--port", "0"])
    assert outcome.exit_code == 2
    assert "There is no contract; expected FILE or URL first, or --contract FILE|URL." in outcome.stderr
    assert CliRunner().invoke(contract_first.cli.tree.app, ["mock", "exec", "--help"]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        ("mock {pets} --port 0 --ready-file {gone}/ready", 2, "{gone}/ready cannot be used: No such"),
        ("mock {pets} --port 0 --ca {pets}/ca", 2, "{pets}/ca cannot be used: Not a directory"),
        ("mock init {gone}/a.yaml", 2, "{gone}/a.yaml: cannot be read: No such file or directory"),
        ("check --contract {pets} --from-har {gone}/x.har", 2, "{gone}/x.har cannot be used: No such"),
        ("contract show http://127.0.0.1:1/a", 2, "1/a: cannot be read: Connection refused."),
    ],
)
def test_a_file_that_cannot_be_used_is_named(arguments, status, reason, write, minimal, tmp_path):
    """The message has the file as it was given, and no number of an error."""
    places = {"pets": write(minimal), "gone": tmp_path / "gone"}
    ended = CliRunner().invoke(
        contract_first.cli.tree.app, [each.format(**places) for each in arguments.split()]
    )
    assert ended.exit_code == status
    assert reason.format(**places) in ended.stderr
    assert "rrno" not in ended.stderr


@pytest.mark.parametrize("before", [(), ("--port", "0", "--watch"), ("--overlay", "over.yaml", "--quiet")])
def test_a_mock_of_what_comes_first(tmp_path, before):
    """The contract needs no option where it comes first, but for options, as with other mocks."""
    ended = CliRunner().invoke(
        contract_first.cli.tree.app, ["mock", *before, str(tmp_path / "none.yaml"), "--port", "0"]
    )
    assert ended.exit_code == 2
    assert "none.yaml: cannot be read: No such file or directory" in ended.output


def test_usage_has_what_comes_first():
    """The usage of a mock of any contract begins with the file; S3 has none."""
    mock, s3 = (
        CliRunner().invoke(contract_first.cli.tree.app, [name, "--help"]).output for name in ("mock", "s3")
    )
    assert "mock [FILE] [OPTIONS] COMMAND [ARGS]..." in mock
    assert "FILE] [OPTIONS]" not in s3


@pytest.mark.parametrize(
    "origin",
    [
        *("foo", "localhost:5173", "http://a.test/", "null", "http://a b", "http://a,b", "http://a:65536"),
        *(
            "http://a:80:80",
            "http://a:00080",
            "http://a:08080",
            "http://-",
            "http://.",
            "http://a:",
            "http://:80",
        ),
    ],
)
def test_what_is_no_origin_is_refused(origin, tmp_path):
    """A page's origin has a scheme and a host, and no path."""
    arguments = ["mock", str(tmp_path / "none.yaml"), "--port", "0", "--control-origin", origin]
    ended = CliRunner(env={"COLUMNS": "200"}).invoke(contract_first.cli.tree.app, arguments)
    assert ended.exit_code == 2
    assert f"{origin} is not an origin: scheme://host or scheme://host:port" in ended.stderr


def test_an_origin_is_as_browsers_send_it():
    """In lower case, without the default port of its scheme."""
    assert normal_origins(["HTTP://A.test:80", "capacitor://localhost", "http://[::1]:5173"]) == (
        "http://a.test",
        "capacitor://localhost",
        "http://[::1]:5173",
    )


def test_a_misspelled_command_is_no_contract():
    """The error names it."""
    ended = CliRunner().invoke(contract_first.cli.tree.app, ["mock", "exex", "--", "true"])
    assert ended.exit_code == 2
    assert "No such command 'exex'" in ended.output


@pytest.mark.programs
def test_a_command_beside_the_mock_of_a_contract(write, minimal):
    """``exec`` tells its command where the mock is, by variables that have no name of an application's."""
    show = "import os; print(sorted(name for name in os.environ if name.startswith('MOCK_')))"
    contract = str(write(minimal))
    command = [sys.executable, "-m", "contract_first", "mock", "exec", "--contract", contract, "--"]
    done = subprocess.run(  # noqa: S603 -- our own command
        [*command, sys.executable, "-c", show], capture_output=True, text=True, check=False
    )
    names = ["MOCK_API_URL", "MOCK_CONTROL_URL", "MOCK_OPERATIONS", "MOCK_TITLE", "MOCK_VERSION"]
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{names}\n", "")


@pytest.mark.programs
def test_a_check_of_the_mock_of_a_contract(write, minimal):
    """``check`` finds the contract where the mock serves it, and no violation of it."""
    contract = str(write(minimal))
    script = '"$0" -m contract_first check "$MOCK_API_URL" --max-examples 2'
    command = [sys.executable, "-m", "contract_first", "mock", "exec", "--contract", contract, "--"]
    done = subprocess.run(  # noqa: S603 -- our own command
        [*command, "sh", "-c", script, sys.executable], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
RESPONSES = {"200": {"description": "", "content": {"application/json": {"schema": PET}}}}
SENT = {"content": {"application/json": {"schema": {"type": "object"}}}}
NAME = {"name": "pet", "in": "path", "required": True, "schema": {"type": "string"}}
PETS = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets": {"post": {"requestBody": SENT, "responses": RESPONSES}},
        "/pets/{pet}": {"parameters": [NAME], "get": {"responses": RESPONSES}},
    },
}
OVERLAY = {
    "overlay": "1.0.0",
    "info": {"title": "Pets by name", "version": "1"},
    "actions": [{"target": "$.paths['/pets/{pet}']", "update": {"x-mock-collection": {"key": "name"}}}],
}


@pytest.mark.programs
def test_a_mock_that_remembers(write, tmp_path):
    """Initial items, a folder that keeps them, and an overlay that corrects it are options."""
    files = {
        name: str(write(value, f"{name}.json")) for name, value in (("contract", PETS), ("overlay", OVERLAY))
    }
    seeds = str(write({"pets": [{"name": "Rex"}]}, "seeds.json"))
    options = [
        "--contract",
        files["contract"],
        "--overlay",
        files["overlay"],
        "--data",
        str(tmp_path / "data"),
    ]
    look = "import os, urllib.request as r; print(r.urlopen(os.environ['MOCK_API_URL'] + '/pets/Rex').status)"
    for more in (["--seed-data", seeds], []):
        command = [sys.executable, "-m", "contract_first", "mock", "exec", *options, *more, "--"]
        done = subprocess.run(  # noqa: S603 -- our own command
            [*command, sys.executable, "-c", look], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
        assert "  /pets: create, read; by name" in done.stderr
