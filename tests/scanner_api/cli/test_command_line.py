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
    """A port is one, and the default of a JSON list is a JSON list."""
    help_ = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).stdout
    assert re.search(r"--port +PORT ", help_)
    assert "[default: [80, 443]]" in help_
