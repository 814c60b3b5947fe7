"""``scanner-api mock``: one line of JSON for programs, a page for people, and a clean end."""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
import typer
from typer.testing import CliRunner

import scanner_api.cli
from contract_first.cli.process import End
from contract_first.service.http.server import callable_url_of
from scanner_api.distribution import SCANNER_API
from scanner_mocks import seeds

bearer_token = runpy.run_path(str(Path(__file__).parents[1] / "services" / "tokens.py"))["bearer_token"]
FREE_PORTS = ("--port", "0", "--s3-port", "0")
COMMAND = [str(Path(sys.executable).with_name("scanner-api")), "mock", *FREE_PORTS]


@contextmanager
def running(*options):
    """Run the command; killed if the test does not end it."""
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def await_listening(address, process):
    """Return once a process, which still runs, listens at an address."""
    while True:
        try:
            socket.create_connection(address).close()
        except OSError:
            assert process.poll() is None
            time.sleep(0.005)
        else:
            return


@pytest.mark.programs
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_of_json_then_a_clean_end(number):
    """Once both ports respond there is one line on standard output; a signal ends it with exit code 0."""
    with running("--json") as process:
        facts = json.loads(process.stdout.readline())
        assert httpx2.get(f"{facts['api']}/healthz", trust_env=False).status_code == 200
        assert httpx2.get(facts["s3"], trust_env=False).headers["Server"] == "AmazonS3"
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=30)
    assert (process.returncode, rest, complaints) == (0, "", "")
    for url in (facts["api"], facts["s3"]):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(url, trust_env=False)


@pytest.mark.programs
def test_signals_in_a_row_disturb_nothing():
    """A second signal, as impatient terminals send, does not break the end."""
    with running("--json") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")


@pytest.mark.programs
def test_a_signal_while_it_starts():
    """A signal as soon as S3 listens, when the API does not yet, ends it as cleanly."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with running("--json", "--s3-port", str(address[1])) as process:
        await_listening(address, process)
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=30)
    assert (process.returncode, output, complaints) == (0, "", "")


@pytest.mark.programs
def test_ctrl_c_while_it_starts():
    """Ctrl-C, which a terminal sends to S3's process as well, ends it with exit code 0 even then."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with running("--json", "--s3-port", str(address[1])) as process:
        await_listening(address, process)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "")


@pytest.mark.programs
def test_faults_of_a_file_are_on_from_the_start(tmp_path):
    """The first request is affected, and the second is handled."""
    file = tmp_path / "faults.toml"
    file.write_text("[[faults]]\ntimes = 1\neffect = {status = 503}\n")
    with running("--json", "--faults", str(file)) as process:
        output = json.loads(process.stdout.readline())
        target, headers = f"{output['api']}/scanner/api/v1/sessions", {"X-API-Key": output["api_key"]}
        with httpx2.Client(headers=headers, trust_env=False) as client:
            assert [client.get(target).status_code for _ in range(2)] == [503, 200]


@pytest.mark.programs
def test_page_for_people():
    """With ``--verbose`` it tells a person everything that can be copied, each on one line."""
    with running("--verbose") as process:
        page = "".join(takewhile("Ctrl-C ends it.\n".__ne__, process.stdout))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    for copied in (
        seeds.ACTIVE_KEY,
        *seeds.SPECIAL_KEYS.values(),
        seeds.USER_KEY,
        seeds.COOKIE,
        seeds.SESSION,
    ):
        assert copied in page
    assert bearer_token(seeds.ORGANIZATION) in page
    assert re.search(
        r"^curl -H 'X-API-Key: csb_\S+' http://127\.0\.0\.1:\d+/scanner/\S+$", page, re.MULTILINE
    )


def test_banner(invoke, mock, monkeypatch):
    """It is short: places, one key, a curl line that can be pasted, and how many operations there are."""
    monkeypatch.setattr(End, "wait", lambda _: None)
    page = invoke(mock=mock).stdout
    assert "23 operations" in page
    for copied in (mock.api, mock.s3, f"{mock.api}/_mock/console", mock.api_key):
        assert copied in page
    assert mock.keys["revoked"] not in page
    assert len(page.splitlines()) <= 12
    assert re.search(r"^curl -H 'X-API-Key: csb_\S+' http://127\.0\.0\.1:\d+/\S+$", page, re.MULTILINE)
    assert "POST   /scanner/api/v1/sessions " in invoke("--verbose", mock=mock).stdout


def test_banner_is_as_the_readme_shows_it(invoke, mock, monkeypatch):
    """The README shows its first lines, with the default ports."""
    monkeypatch.setattr(End, "wait", lambda _: None)
    page = (
        invoke(mock=mock)
        .stdout.replace(mock.api, "http://127.0.0.1:8000")
        .replace(mock.s3, "http://127.0.0.1:9000")
    )
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    shown = re.search(r"^```\n(Scanner API mock.*?)```$", readme, re.DOTALL | re.MULTILINE)[1]
    assert page.startswith(shown)


def test_a_ready_file_that_cannot_be(invoke, mock, tmp_path):
    """A ready file in a folder that is not there is named on standard error, and the exit code is 2."""
    refused = invoke("--ready-file", str(tmp_path / "missing" / "ready.json"), mock=mock)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert re.fullmatch(
        r"Cannot start: /.*/missing/ready.json cannot be used: No such file or directory; .*\n",
        refused.stderr,
    )


@pytest.mark.parametrize("option", ["--port", "--s3-port"])
def test_a_taken_port_is_an_error(invoke, option):
    """A port that is taken is named on standard error, and the option that sets it; the exit code is 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = invoke(*FREE_PORTS, "--json", option, str(port))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith(
        f"Cannot start: Cannot listen on 127.0.0.1 port {port} ({option}): Address already in use; "
        f"try {option} 0."
    )
    assert refused.stderr.count("\n") == 1


def test_beyond_loopback_it_warns(invoke):
    """An address that others can reach brings a warning that this is a mock."""
    refused = invoke(*FREE_PORTS, "--host", "192.0.2.1")  # of a network that nobody has, so that nobody does
    assert refused.stderr.startswith("Warning: anyone on your network can use this mock.\n")
    assert refused.exit_code == 2


def test_on_every_address_it_warns(invoke):
    """Nobody can call 0.0.0.0; that others can call this machine is said all the same."""
    with socket.create_server(("127.0.0.1", 0)) as taken:  # so that nothing listens there
        port = str(taken.getsockname()[1])
        refused = invoke(*FREE_PORTS, "--host", "0.0.0.0", "--port", port)  # noqa: S104 -- the reason above
    assert "Warning: anyone on your network can use this mock.\n" in refused.stderr


@pytest.mark.parametrize(
    ("listened_on", "output"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 -- nothing listens
        ("::", "http://[::1]:8000"),
        ("192.0.2.1", "http://192.0.2.1:8000"),
    ],
)
def test_every_url_that_is_reported_can_be_called(listened_on, output):
    """A server that listens on every address is reported as one on loopback, any other as what it is."""
    assert callable_url_of(SimpleNamespace(getsockname=lambda: (listened_on, 8000))) == output


@pytest.mark.parametrize(("command", "code"), [("mock", 2), ("demo", 2), ("mock exec true", 125)])
def test_without_the_extra_it_says_what_to_install(monkeypatch, command, code):
    """Where something of the extra is missing, the command names it and the extra, and ends with its code."""
    monkeypatch.setitem(SCANNER_API.extras, "mock", ("not_installed_here",))
    outcome = CliRunner().invoke(scanner_api.cli.app, command.split())
    assert outcome.exit_code == code
    assert f"(missing: not_installed_here); {SCANNER_API.how_to_install('mock')}" in outcome.stderr


def test_the_service_finds_the_commands():
    """The service's command line has both, without knowing of them."""
    assert {"mock", "demo"} <= set(typer.main.get_command(scanner_api.cli.app).commands)
