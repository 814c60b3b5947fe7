"""``serve`` one's own contract by one's own handlers."""

import re
import runpy
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest
from typer.testing import CliRunner

import contract_first.cli.tree
from contract_first.cli.reload import print_error

HANDLERS = """
def list_pets() -> None:
    pass
"""
SHELTER = """
from contextlib import asynccontextmanager

from contract_first import create_app


async def list_pets(db) -> None:
    assert db == "open"


@asynccontextmanager
async def opened():
    yield {"db": "open"}


APP = create_app("openapi.yaml", {"list_pets": list_pets}, collaborators=opened)
PLAIN = {"db": "open"}
NUMBER = 5
"""
SECURED = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
HOOKS = """
CHECKS = {"key": lambda credential, request: credential if credential == "right" else None}

def check(credential, request):
    return CHECKS["key"](credential, request)

class Keys:
    async def admit(self, request, credentials, alternatives):
        return check(credentials["key"], request)
"""


@pytest.fixture
def project(write, tmp_path, monkeypatch):
    """A folder with handlers and what authenticates, which is the current one."""
    for name, content in {"pets.py": HANDLERS, "hooks.py": HOOKS, "shelter.py": SHELTER}.items():
        write(content, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    for name in ("pets", "hooks", "shelter", "made"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.fixture
def secured(write, minimal):
    """A contract whose operation requires a key."""
    return str(write({**minimal, "components": SECURED, "security": [{"key": []}]}))


@contextmanager
def serving(*options):
    """Run ``serve``, and yield its URL; it ends cleanly."""
    command = [sys.executable, "-m", "contract_first", "serve", "--port", "0", *options]
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


@pytest.mark.programs
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "options",
    [
        ("--app", "shelter:APP"),
        ("--contract", "openapi.yaml", "--handlers", "shelter", "--collaborators", "shelter:opened"),
        ("--contract", "openapi.yaml", "--handlers", "shelter", "--collaborators", "shelter:PLAIN"),
    ],
)
def test_it_serves_handlers_that_need_a_collaborator(write, minimal, options):
    """What opens collaborators is named, or the app that has them already."""
    write(minimal, "openapi.yaml")
    with serving(*options) as url, httpx2.Client(base_url=url, trust_env=False) as client:
        assert client.get("/pets").status_code == 200


MADE = """
import shelter
from contract_first import create_app
from contract_first.service import Observability
from contract_first.service.observe.metrics import Metrics


def app():
    return create_app("openapi.yaml", shelter, collaborators=shelter.opened)


def counted():
    return create_app(
        "openapi.yaml", shelter, collaborators=shelter.opened, observability=Observability(metrics=Metrics())
    )
"""


@pytest.mark.programs
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("options", [("--app", "shelter:APP"), ("--app", "made:app")])
def test_processes_of_an_app_are_counted_and_drained(write, minimal, options):
    """Each counts its requests; after SIGTERM all serve on, not ready, until the lame-duck time is over."""
    write(minimal, "openapi.yaml")
    write(MADE, "made.py")
    command = [sys.executable, "-m", "contract_first", "serve", "--port", "0", "--workers", "2", *options]
    command += ["--metrics-port", "0", "--lame-duck-seconds", "2"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,  # noqa: S603 -- our own command
        httpx2.Client(trust_env=False, headers={"Connection": "close"}) as client,
    ):
        try:
            url, *metrics = re.findall(r"http://[^ ,]+", process.stdout.readline())
            assert len(metrics) == 2
            assert {client.get(f"{url}/pets").status_code for _ in range(20)} == {200}
            texts = [client.get(f"{place}/metrics").text for place in metrics]
            counts = re.findall(
                r'openapi_requests_total{operation="list_pets",status="200"} (\S+)', "".join(texts)
            )
            assert sum(map(float, counts)) == 20
            assert all("openapi_ready 1.0" in text for text in texts)
            process.send_signal(signal.SIGTERM)
            while client.get(f"{url}/readyz").status_code == 200:
                pass
            assert client.get(f"{url}/pets").status_code == 200
            assert process.wait(30) == 0
            assert process.stderr.read().count("/pets") == 21
        finally:
            process.kill()


@pytest.mark.usefixtures("project")
def test_an_app_with_metrics_of_its_own(write, minimal):
    """Those of the command would be empty: the message says what to leave out."""
    write(minimal, "openapi.yaml")
    write(MADE, "made.py")
    arguments = ["serve", "--port", "0", "--app", "made:counted", "--metrics-port", "0"]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
    assert (outcome.exit_code, "expected none beside --metrics-port" in outcome.stderr) == (2, True)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--contract", "openapi.yaml", "--handlers", "shelter"], 2, "serve --collaborators MODULE:NAME"),
        (["--app", "shelter:APP", "--contract", "openapi.yaml"], 2, "where it calls create_app"),
        (["--app", "shelter:opened"], 2, "'shelter:opened' is of type function; expected what create_app"),
        (["--contract", "openapi.yaml"], 2, "--handlers PACKAGE, or --app MODULE:NAME"),
        (
            ["--contract", "openapi.yaml", "--handlers", "shelter", "--collaborators", "shelter:NUMBER"],
            2,
            "'shelter:NUMBER' is of type int; expected a mapping",
        ),
    ],
)
def test_what_lacks_a_collaborator_is_one_sentence(write, minimal, options, code, reason):
    """The sentence says what to do; below it is the page that explains it."""
    write(minimal, "openapi.yaml")
    outcome = CliRunner().invoke(contract_first.cli.tree.app, ["serve", "--port", "0", *options])
    sentence, _, _ = outcome.stderr.partition("See docs/")
    assert (outcome.exit_code, reason in sentence, sentence.count("\n")) == (code, True, 1)


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ([], 2, "Nothing authenticates the security scheme 'key'"),
        (["--handlers", "nowhere"], 2, "Cannot import 'nowhere'"),
        (["--handlers", "./handlers"], 2, "'./handlers' is not the name of a module"),
        (["--handlers", "handlers.py"], 2, "'handlers.py' is not the name of a module"),
        (
            ["--handlers", "hooks", "--authenticate", "hooks:CHECKS"],
            2,
            "No handler for operationId 'list_pets'",
        ),
        (["--authenticate", "hooks:NONE"], 2, "Cannot import 'hooks:NONE'"),
        (["--authenticate", "hooks:check"], 2, "'hooks:check' is of type function; expected a mapping from"),
        (["--authenticate", "hooks:Keys"], 2, "'hooks:Keys' is of type type; expected a mapping from"),
        (["--authenticate", "hooks"], 2, "'hooks' is of type module; expected a mapping from"),
        (["--handlers", "hooks:check"], 2, "'hooks:check' is of type function; expected a package"),
        (["--contract", "/nowhere.yaml"], 2, "/nowhere.yaml"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_cannot_be_served_is_one_sentence(secured, options, code, reason):
    """What does not fit ends the command at once, and is reported with its page, without a traceback."""
    ours = ["serve", "--port", "0", "--contract", secured, "--handlers", "pets", *options]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, ours, catch_exceptions=False)
    sentence, _, _ = outcome.stderr.partition("See docs/")
    assert (outcome.exit_code, reason in sentence, sentence.count("\n")) == (code, True, 1)


@pytest.mark.parametrize(
    "origin", ["https://app.test/", "app.test", "https://app.test:65536", "https://app.test:443:443"]
)
def test_an_origin_that_no_browser_sends(origin):
    """Exits with 2, since no page of it would ever be allowed."""
    arguments = ["serve", "--contract", "none.yaml", "--handlers", "none", "--cors-origin", origin]
    ended = CliRunner(env={"COLUMNS": "200"}).invoke(contract_first.cli.tree.app, arguments)
    assert ended.exit_code == 2
    assert f"{origin} is not an origin" in ended.stderr


@contextmanager
def reloading(*options):
    """Run ``serve --reload``, and yield its URL and what waits for a line of its output."""
    command = [sys.executable, "-m", "contract_first", "serve", "--port", "0", "--reload", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603 -- our own command
        lines = []

        def line_with(text):
            for line in process.stdout:
                lines.append(line)
                if text in line:
                    return line
            raise AssertionError("".join(lines))

        try:
            yield line_with(" on http").split(" on ")[1].split()[0], line_with
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.programs
def test_reload(project, write, minimal):
    """A saved file takes effect; what is wrong or missing is said, and what was there before is served."""
    write(minimal, "openapi.yaml")
    (project / "made.py").write_text(
        "from contract_first import create_app\nimport shelter_pets\n\n\n"
        "def app():\n    return create_app('openapi.yaml', shelter_pets)\n"
    )
    handlers = project / "shelter_pets.py"
    handlers.write_text(HANDLERS)
    with (
        reloading("--app", "made:app") as (url, line_with),
        httpx2.Client(base_url=url, trust_env=False) as client,
    ):
        assert client.get("/pets").status_code == 200
        minimal["paths"]["/cats"] = {
            "get": {**minimal["paths"]["/pets"]["get"], "operationId": "list_cats"},
            "post": {**minimal["paths"]["/pets"]["get"], "operationId": "add_cat"},
        }
        write(minimal, "openapi.yaml")
        assert "openapi.yaml has changed" in line_with("Reloading")
        assert "also missing: 'add_cat'." in line_with("No handler for operationId 'list_cats'")
        line_with("Until a file changes, what was there before is served.")
        assert client.get("/pets").status_code == 200
        handlers.write_text("syntax error")
        line_with("SyntaxError")
        line_with("Until a file changes")
        handlers.write_text(
            HANDLERS + "\n".join([HANDLERS.replace("list_pets", name) for name in ("list_cats", "add_cat")])
        )
        line_with(" on http")
        line_with("The contract has changed:")
        assert "GET /cats" in line_with("safe: ")
        line_with("ended")
        assert client.get("/cats").status_code == 200


def test_an_error_of_the_users_code(tmp_path, monkeypatch, capsys):
    """Its traceback has the user's frames, not those of what imported them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def divide():\n    return 1 / 0\n\n\ndivide()\n")
    with pytest.raises(ZeroDivisionError) as caught:
        runpy.run_path(str(tmp_path / "mine.py"))
    print_error(caught.value)
    lines = capsys.readouterr().err.splitlines()
    frames = [line for line in lines if line.startswith("  File ")]
    assert [frame.split(", ", 1)[1] for frame in frames] == ["line 5, in <module>", "line 2, in divide"]
    assert lines[-1] == "ZeroDivisionError: division by zero"


AT_ONCE = """
import signal, time
from contract_first.cli.reload import Fork

signal.signal(signal.SIGTERM, lambda *_: None)
for _ in range(20):
    Fork(lambda respond: time.sleep(60)).end()
"""


def test_a_process_that_is_ended_as_it_begins():
    """A signal is not lost between the fork and the process's own handling of it."""
    process = subprocess.Popen([sys.executable, "-c", AT_ONCE])  # noqa: S603 -- our own script
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()


@pytest.mark.parametrize("options", [["--workers", "2"], ["--metrics-port", "0"]])
def test_reload_is_for_one_process(options):
    """The message says which options to leave out."""
    arguments = ["serve", "--contract", "none.yaml", "--handlers", "none", "--reload", *options]
    outcome = CliRunner().invoke(contract_first.cli.tree.app, arguments)
    assert (outcome.exit_code, "without --workers and --metrics-port" in outcome.stderr) == (2, True)


@pytest.mark.usefixtures("project")
def test_an_app_by_a_function_that_needs_arguments(write):
    """It cannot be called, and the message says what is expected."""
    write("def made(settings): ...", "factory.py")
    outcome = CliRunner().invoke(contract_first.cli.tree.app, ["serve", "--app", "factory:made"])
    assert (outcome.exit_code, "a function without arguments" in outcome.stderr) == (2, True)
