"""``contract-first check``: options, output and exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from contract_first.check.run.checking import served
from contract_first.cli.tree import app

pytestmark = pytest.mark.programs

KEY = "shelf-key-12345"
QUICK = ["--max-examples", "2", "--seed", "1"]


def run(*arguments, **environment):
    """Run the command with no environment but this, and return its result."""
    nothing = dict.fromkeys(name for name in os.environ if name.startswith(("CHECK_", "GITHUB_")))
    return CliRunner().invoke(app, ["check", *map(str, arguments)], env={**nothing, **environment})


@pytest.fixture(scope="module")
def written(wrong_shelf, tmp_path_factory):
    """Return the result of a check of the wrong app, and the folder with the files that it wrote."""
    folder = tmp_path_factory.mktemp("written")
    files = [part for name in ("json", "junit", "html", "har") for part in (f"--{name}", folder / name)]
    options = ["--api-key", KEY, "--max-examples", "30", "--seed", "1", "--github", *files]
    return run(wrong_shelf[1], *options), folder


def test_a_right_app_is_0(right_shelf):
    """Where the contract is kept, the command says so and ends with 0."""
    result = run(right_shelf[1], *QUICK, "--operation", "list_things", CHECK_API_KEY=KEY)
    assert result.exit_code == 0
    assert re.search(r"^coverage: \d+ requests, 0 findings$", result.stderr, re.MULTILINE)
    assert "findings" not in result.stdout
    assert result.stdout.strip().splitlines()[-1].startswith("Conforms to the contract: ")


def test_a_wrong_app_is_1(written):
    """Where a promise is broken, the command shows what breaks it and ends with 1."""
    result, _ = written
    assert result.exit_code == 1
    assert "(server errors), " in result.stdout
    assert "curl -X POST" in result.stdout


def test_no_credential_is_in_any_output(written):
    """What was given as a credential is in no output, though the server repeats it."""
    result, folder = written
    assert KEY not in result.output
    for file in folder.iterdir():
        assert KEY not in file.read_text(), file.name


def test_each_file_is_what_it_says(written):
    """JSON, JUnit XML, HTML and HAR are all written."""
    _, folder = written
    assert json.loads((folder / "json").read_text())["findings"]
    assert json.loads((folder / "har").read_text())["log"]["version"] == "1.2"
    assert (folder / "junit").read_text().startswith("<?xml")
    assert (folder / "html").read_text().startswith("<!doctype html>")


def test_github_gets_annotations(written):
    """Each finding is an annotation, which stands at the beginning of a line."""
    result, _ = written
    assert re.search(
        r"^::error title=POST /shelf/things%3A not_a_server_error::", result.stdout, re.MULTILINE
    )


def test_in_github_actions_annotations_come_by_themselves(right_shelf):
    """In GitHub Actions no option is needed for annotations."""
    options = [*QUICK, "--operation", "list_things", "--api-key", KEY]
    result = run(right_shelf[1], *options, GITHUB_ACTIONS="true")
    assert result.stdout.strip().splitlines()[-1].startswith("::notice title=contract check::")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--api-key", "wrong-key-1"], "The credential for key is refused"),
        (["--api-key", ""], "--api-key is empty"),
        (["--other-api-key", ""], "--other-api-key is empty"),
        (["--api-key", "a\nb"], "api_key has characters that a header field cannot carry"),
        (["--header", "secret-1"], "--header: a header is not 'Name: value'"),
        (["--credentials", "/none.toml"], "/none.toml cannot be read"),
        (["--contract", "/none.json"], "The contract cannot be read. /none.json"),
        (["--operation", "take_thing"], "'take_thing' is not an operation of the contract"),
        (["--operation", "add_thing", "--read-only"], "No operation to check"),
        (["--budget", "soon"], "'--budget': expected a time such as 60s, 5m or 1h, got 'soon'"),
        (["--budget", "0s"], "'--budget': expected a time such as 60s, 5m or 1h, got '0s'"),
        (["--json", "/none/report.json"], "/none/report.json cannot be written: /none is not a folder"),
    ],
)
def test_what_cannot_run_is_2(right_shelf, options, message):
    """What cannot run ends with 2 and says why, without repeating a credential."""
    keys = {} if "--api-key" in options else {"CHECK_API_KEY": KEY}
    result = run(right_shelf[1], *QUICK, *options, **keys)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert "secret-1" not in result.output
    assert "wrong-key-1" not in result.output


ONE = ["--operation", "list_things"]
EMPTY = {"CHECK_API_KEY": "", "CHECK_OTHER_API_KEY": " "}


def test_a_short_credential_is_asked_to_be_longer(right_shelf):
    """A credential that may be a word of any text is used, and a longer one is asked for."""
    result = run(right_shelf[1], *QUICK, *ONE, "--api-key", KEY, "--bearer", "any")
    assert result.exit_code == 0
    assert "The credential bearer has fewer than 8 characters" in result.stderr
    assert "Use a longer one" in result.stderr


def test_a_secret_that_a_ci_does_not_have_is_2(right_shelf):
    """Empty variables, and no other credential, are not taken for the wish to check without one."""
    result = run(right_shelf[1], *QUICK, *ONE, **EMPTY)
    assert (result.exit_code, result.stdout) == (2, "")
    message = "CHECK_API_KEY and CHECK_OTHER_API_KEY are empty, and no other credential is given"
    assert message in result.stderr


def test_an_empty_variable_beside_another_credential_is_none(right_shelf):
    """Not every secret that a CI passes on has to be there."""
    result = run(right_shelf[1], *QUICK, *ONE, "--api-key", KEY, **EMPTY)
    assert result.exit_code == 0, result.output
    assert "no key of another organization was given" in " ".join(result.stdout.split())


def test_the_result_without_a_credential_is_of_what_needs_none(right_shelf):
    """Who gives no credential is informed that what needs one is untried."""
    result = run(right_shelf[1], *QUICK, *ONE)
    assert result.exit_code == 0, result.output
    message = " ".join(result.stdout.split())
    assert "Conforms to the contract, as far as it shows without a credential: " in message


def test_what_does_not_respond_is_2():
    """A URL that nobody listens at ends with 2."""
    result = run("http://127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Cannot run: http://127.0.0.1:1/openapi.json does not respond: ")


def test_a_page_in_the_contracts_place_is_2():
    """A server that has a page at every path is distinguished from a contract that is broken."""
    page = Response("<!doctype html>", media_type="text/html")
    with served(Starlette(routes=[Route("/{rest:path}", lambda _: page)])) as url:
        result = run(url, *QUICK)
    assert result.exit_code == 2
    assert f"{url}/openapi.json: is HTML or XML; expected an object" in result.stderr
    assert "give it with --contract" in result.stderr


def test_a_credentials_file_is_read(right_shelf, tmp_path):
    """Credentials may be in a file."""
    file = tmp_path / "credentials.toml"
    file.write_text(f'api_key = "{KEY}"\n')
    result = run(right_shelf[1], *QUICK, "--operation", "list_things", "--credentials", file)
    assert result.exit_code == 0, result.output


def test_a_budget_is_spent_and_not_more(right_shelf):
    """With a budget the run goes on until it is spent, and that is a right end."""
    result = run(right_shelf[1], *QUICK, "--budget", "2s", "--operation", "list_things", CHECK_API_KEY=KEY)
    assert result.exit_code == 0, result.output


def test_an_interrupted_run_is_reported(right_shelf, tmp_path):
    """After SIGTERM the command ends with 2, and reports what it finished."""
    file = tmp_path / "run.json"
    program = Path(sys.executable).with_name("contract-first")
    command = [str(program), "check", right_shelf[1], "--json", str(file)]
    environment = {**os.environ, "CHECK_API_KEY": KEY}
    running = subprocess.Popen(  # noqa: S603 -- the project's own command
        [*command, "--max-examples", "100000"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in running.stderr:  # the coverage phase is done, and fuzzing takes for ever
        if line.startswith("coverage: ") and not line.endswith(" s\n"):  # as one of every ten seconds does
            break
    running.send_signal(signal.SIGTERM)
    rest = running.stdout.read()
    running.stdout.close()
    running.stderr.close()
    assert running.wait() == 2, rest
    assert "Not finished (interrupted)" in rest
    assert ["coverage", "GET /shelf/things"] in json.loads(file.read_text())["finished"]


def test_a_baseline_is_written_and_read(wrong_shelf, tmp_path):
    """What a baseline has is known in the next run, which ends with 0."""
    file = tmp_path / "known.toml"
    options = ["--api-key", KEY, "--max-examples", "30", "--seed", "1", "--operation", "add_thing"]
    assert run(wrong_shelf[1], *options, "--write-baseline", file).exit_code == 1
    result = run(wrong_shelf[1], *options, "--baseline", file)
    assert result.exit_code == 0, result.output
    assert "known: Server error (server errors), POST /things" in result.stdout
    assert "Conforms to the contract but for 1 known: " in result.stdout
    file.write_text("findings = 1")
    assert "known.toml is no baseline" in run(wrong_shelf[1], *options, "--baseline", file).stderr


def test_nothing_is_left_in_the_working_directory(right_shelf, tmp_path):
    """The command writes nothing into the folder in which it is called, but what it is asked for."""
    called, cache = tmp_path / "called", tmp_path / "cache"
    called.mkdir()
    command = [sys.executable, "-m", "contract_first", "check", right_shelf[1], "--api-key", KEY, *QUICK]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HYPOTHESIS_")}
    environment["XDG_CACHE_HOME"] = str(cache)
    done = subprocess.run(  # noqa: S603 -- the project's own command
        command, cwd=called, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, list(called.iterdir())) == (0, []), done.stdout
    # what takes long to work out is kept for the next call, and nothing of what was tried
    kept = {path.name for path in cache.glob("contract-check/*")}
    assert "unicode_data" in kept
    assert "examples" not in kept
