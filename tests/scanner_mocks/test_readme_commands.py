"""The README's commands work as they stand."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from shutil import which

import click
import pytest
import typer

from contract_first.cli.tree import app as contract_first
from scanner_api.cli import app as scanner_api

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)\n```$", README, re.DOTALL | re.MULTILINE)
SHELL = [block for language, block in BLOCKS if language == "sh"]
CURL = next(block for block in SHELL if block.startswith("curl"))
PROGRAMS = {"scanner-api": scanner_api, "contract-first": contract_first}
LINES = [
    line.partition("  #")[0]
    for block in SHELL
    for line in block.splitlines()
    if line.partition(" ")[0] in PROGRAMS
]


@pytest.fixture
def run(mock, tmp_path):
    """Return what runs lines of a shell against the running mock, and returns what they print."""

    def run_lines(lines):
        script = "set -e\n" + lines.replace("http://127.0.0.1:8000", mock.api)
        done = subprocess.run(  # noqa: S603 -- the README's own lines
            ["/bin/bash", "-c", script.replace("curl ", "curl -sS --noproxy '*' --fail-with-body ")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run_lines


@pytest.mark.parametrize("line", LINES)
def test_options_are_known(line):
    """Each command of ours has the subcommands, options and arguments that the README gives it."""
    program, *words = shlex.split(line)
    command = typer.main.get_command(PROGRAMS[program])
    with click.Context(command) as context:
        while isinstance(command, click.Group) and words and words[0] in command.list_commands(context):
            command = command.get_command(context, words.pop(0))
        own, _, others = line.partition(" -- ")
        command.make_context(program, words[: -len(shlex.split(others)) - 1] if others else words)
    assert own


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
def test_session_is_created_as_shown(run):
    """The first curl line creates a session; its response has what the README shows of it."""
    shown = json.loads(next(block for language, block in BLOCKS if language == "json"))
    created = json.loads(run(CURL))
    assert created.keys() >= shown.keys()
    assert {name: created[name] for name in shown if name != "id"} == {
        name: value for name, value in shown.items() if name != "id"
    }
