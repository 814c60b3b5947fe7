"""``scanner-api mock exec``: a command with the mock beside it, ended as the command ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.settings import Settings
from scanner_mocks.cli.mock import ScannerMocks

COMMAND = [str(Path(sys.executable).with_name("scanner-api")), "mock"]
SHOW = """
import json, os, sys, urllib.request
api = os.environ["SCANNER_API_URL"]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(json.dumps([opener.open(f"{api}/readyz").status, dict(os.environ)]))
sys.exit(7)
"""
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
# A signal that comes just before pause() is missed; what is blocked waits for sigwait().
TELLING = """
import os, signal
numbers = {signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print(os.getppid(), flush=True)
while (number := signal.sigwait(numbers)) != signal.SIGUSR2:
    print(number.name, flush=True)
"""
PATIENT = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
signal.sigwait({signal.SIGUSR1})
sys.exit(9)
"""


def execute(*arguments, **environment):
    """Run the command to its end."""
    return subprocess.run(  # noqa: S603 -- our own command
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


@contextmanager
def executing(*arguments, before=(), stdin=subprocess.DEVNULL):
    """Run the command until the test ends it; killed if it does not."""
    with subprocess.Popen(  # noqa: S603 -- our own command
        [*before, *COMMAND, "exec", *arguments],
        stdout=subprocess.PIPE,
        stdin=stdin,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.programs
def test_the_command_has_the_mock_beside_it(tmp_path):
    """The command finds a mock that responds, by a variable for each field; its exit code is the end's."""
    ready = tmp_path / "ready.json"
    script = f"{SHOW.replace('sys.exit(7)', '')}print(open({str(ready)!r}).read())\nsys.exit(7)"
    finished = execute("--ready-file", str(ready), "exec", "--", sys.executable, "-c", script, MARK="mine")
    assert (finished.returncode, finished.stderr) == (7, "")
    status, variables = json.loads(finished.stdout.splitlines()[0])
    line = json.loads(finished.stdout.splitlines()[1])
    fields = {name.removeprefix("SCANNER_").lower(): value for name, value in variables.items()}
    assert (status, variables["MARK"], ready.exists()) == (200, "mine", False)
    for name in ("api", "s3", "control"):
        assert fields.pop(f"{name}_url") == line.pop(name)
    keys = {f"api_key_{name}": key for name, key in line.pop("keys").items()}
    assert {**line, **keys}.items() <= fields.items()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(variables["SCANNER_API_URL"], trust_env=False)


def test_no_variable_is_a_setting(mock, monkeypatch):
    """No variable has the name of a setting, so that the service starts with them as without."""
    variables = ScannerMocks().variables(mock)
    assert {name.removeprefix("SCANNER_").lower() for name in variables} & set(Settings.model_fields) == set()
    plain = Settings()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Settings() == plain


@pytest.mark.programs
def test_signals_reach_the_command():
    """A signal is the command's to handle, and the command's exit code is the end's."""
    with executing(sys.executable, "-c", PATIENT) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR1)
        assert process.wait(30) == 9


@pytest.mark.programs
def test_a_terminal_interrupts_once():
    """Ctrl-C, which a terminal sends to its whole group, reaches the command once."""
    terminal = [sys.executable, "-c", TERMINAL]
    with executing(sys.executable, "-c", TELLING, before=terminal, stdin=subprocess.PIPE) as process:
        execution = int(process.stdout.readline())
        os.kill(execution, signal.SIGSTOP)  # two that wait at once would be one
        process.stdin.write("\x03")
        process.stdin.flush()
        assert "SIGINT" in process.stdout.readline()
        os.kill(execution, signal.SIGCONT)
        os.kill(execution, signal.SIGUSR1)
        assert process.stdout.readline() == "SIGUSR1\n"
        os.kill(execution, signal.SIGUSR2)
        assert (process.stdout.read(), process.wait(30)) == ("", 0)


def test_ready_file(invoke, mock, tmp_path, capfd):
    """The file has the line while the command runs, whatever was there before, and is gone in the end."""
    path = tmp_path / "ready.json"
    path.write_text("of a mock that was killed")
    ended = invoke("--ready-file", str(path), "exec", "cat", str(path), mock=mock)
    assert (ended.exit_code, capfd.readouterr().out) == (0, f"{mock.line()}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_command(invoke, mock, capfd):
    """The code of a command that a signal killed is 128 and the signal's number; its options are its own."""
    ended = invoke("exec", "sh", "-c", "kill -KILL $$", "--", "--port", mock=mock)
    assert (ended.exit_code, ended.output, capfd.readouterr()) == (128 + signal.SIGKILL, "", ("", ""))


@pytest.mark.programs
def test_a_signal_before_the_command_runs():
    """A signal while the mock starts ends it all, and the command never runs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with executing("--s3-port", str(address[1]), "--", "echo", "ran") as process:
        while True:
            try:
                socket.create_connection(address).close()
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (128 + signal.SIGTERM, "")


@pytest.mark.parametrize(("command", "code"), [("not-to-be-found", 127), (str(Path(__file__).parent), 126)])
def test_a_command_that_cannot_run(invoke, mock, command, code):
    """A command that is not there, and one that cannot be run, are named and have the codes of a shell."""
    refused = invoke("exec", "--", command, mock=mock)
    assert (refused.exit_code, refused.stdout) == (code, "")
    assert refused.stderr.startswith(f"Cannot run {command}: ")


@pytest.mark.parametrize(
    "arguments", [("--port", "PORT", "exec", "echo"), ("exec", "--port", "PORT", "--", "echo")]
)
def test_a_mock_that_cannot_start(invoke, arguments):
    """Where the mock cannot start, on either side of exec, the code is one that commands hardly have."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = invoke(*(port if argument == "PORT" else argument for argument in arguments))
    assert (refused.exit_code, refused.stdout) == (125, "")
    assert f"127.0.0.1 port {port} (--port): Address already in use" in refused.stderr


def test_the_output_is_the_commands():
    """A line of JSON in the command's output would be neither's: ``--json`` is refused."""
    outcome = CliRunner().invoke(app, ["mock", "exec", "--json", "--", "echo"], env={"COLUMNS": "200"})
    assert outcome.exit_code == 2
    assert "exec leaves the output to its command; try --ready-file." in outcome.stderr
