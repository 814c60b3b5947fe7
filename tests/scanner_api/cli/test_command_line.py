"""``scanner-api`` itself, whichever command it runs."""

import re
import subprocess
import sys
from importlib.metadata import version

from typer.testing import CliRunner

from scanner_api.cli import app

INTERRUPTED_BY_AN_IMPORT = """
import signal, sys

class Interrupted:
    def find_spec(self, name, *_):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in a shell's background ignores it
sys.meta_path.insert(0, Interrupted())
from scanner_api.__main__ import main
main()
"""


def test_an_interrupt_while_it_is_imported():
    """Ctrl-C before any command has started ends it as it ends a command: by 130, without a traceback."""
    done = subprocess.run(  # noqa: S603 -- the project's own command
        [sys.executable, "-c", INTERRUPTED_BY_AN_IMPORT, "--help"], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_the_version():
    """The version is that of the package, and nothing else is printed."""
    done = subprocess.run(
        [sys.executable, "-m", "scanner_api", "--version"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == (f"{version('scanner-api')}\n", "")


def test_paragraphs_of_help():
    """A paragraph of a command's help is as wide as the terminal, wherever its lines end in the source."""
    done = subprocess.run(
        [sys.executable, "-m", "scanner_api", "demo", "--help"],
        env={"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = "It scans a QR code, uploads photos to S3 as a browser does and compares the"
    assert expected in [line.strip() for line in done.stdout.splitlines()]


def test_help_of_settings():
    """Each setting says what it takes, by its type, and the default of a JSON list is a JSON list."""
    help_ = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).stdout
    assert re.search(r"--port +PORT ", help_)
    assert "[default: [80, 443]]" in help_
    taken = dict(re.findall(r"^  --([-a-z0-9]+) (\S+)", help_, re.MULTILINE))
    expected = {
        "workers": "NUMBER",
        "wait": "SECONDS",
        "max-body-bytes": "BYTES",
        "session-retention": "AGE",
        "database-url": "URL",
        "metrics-port": "PORT",
        "cors-origins": "JSON",
        "contract": "FILE|URL",
        "migrate": "true|false",
        "rate-limit-on-outage": "open|closed",
        "log-format": "text|json",
        "s3-server-side-encryption": "AES256|aws:kms",
    }
    assert {name: taken[name] for name in expected} == expected


def test_sections_of_commands():
    """The list of commands has sections, and each command once."""
    help_ = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    run, contracts, operate = re.search(
        "Run and mock:(.*)Contracts:(.*)Operate:(.*)", help_, re.DOTALL
    ).groups()
    named = [re.findall(r"^  ([a-z0-9]+)", part, re.MULTILINE) for part in (run, contracts, operate)]
    assert {"mock", "s3", "demo", "serve", "worker"} == {*named[0]}
    assert {"check", "proxy", "contract"} == {*named[1]}
    assert {"db", "keys", "audit", "doctor"} <= {*named[2]}
