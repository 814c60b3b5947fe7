"""``mock.toml`` and ``contract-first.toml`` are files of one kind: what is wrong in them is said alike."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from contract_first.cli.option_file import MOST_BYTES
from contract_first.cli.tree import app

FILES = {
    "mock.toml": ("", ["mock"]),
    "contract-first.toml": ("[check]\n", ["check", "http://127.0.0.1:1"]),
}
WRONG = {
    b"sede = 1": ":LINE: 'sede' is not an option; close to it: seed; known are ",
    b'seed = "x"': ":LINE: Input should be a valid integer",
    b"seed = [1]": ":LINE: expected a text or a number, got [1].",
    b"seed = 2020-02-02": ':LINE: expected a text or a number, got "2020-02-02".',
    b"'seed' = false": ":LINE: expected a text or a number, got false.",
    b"seed.a = 1 # seed": ':LINE: expected a text or a number, got {"a": 1}.',
    b'references = "a\\u0000"': ':LINE: expected a path, got "a\\u0000".',
    b"offline = 1": ":LINE: expected true or false, got 1.",
    b'config = "a"': ":LINE: config is for the command line alone.",
    b"seed = ": " is not TOML: Invalid value (at ",
    b"a = " + b"1" * 5000: " is not TOML: Exceeds the limit ",
    b"a = " + b"[" * 9000: " is nested too deep.",
    b"a." * 3000 + b"a = 1": " is nested too deep.",
    b"a = \xff": " is not UTF-8 at byte ",
    b"#" * MOST_BYTES: f" has more than {MOST_BYTES} bytes.",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:12].decode("latin-1"))
def test_what_is_wrong_is_said_alike(name, text, tmp_path, monkeypatch):
    """Each has file and line, and ends the command with 2; the text may have a mark of its byte order."""
    monkeypatch.chdir(tmp_path)
    head, command = FILES[name]
    head = f"\n\n{head}# seed = 1, or:\n"
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + head.encode() + text)
    result = CliRunner().invoke(app, command, env={"COLUMNS": "200", "TERM": "dumb"})
    message = f"{name}{WRONG[text]}".replace("LINE", str(head.count("\n") + 1))
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize("name", FILES)
def test_code_is_for_the_command_line(name, tmp_path, monkeypatch):
    """A project that one has cloned brings in no code of its own."""
    monkeypatch.chdir(tmp_path)
    head, command = FILES[name]
    option = "handlers" if name == "mock.toml" else "checks"
    (tmp_path / name).write_text(f'{head}{option} = "a.py"')
    result = CliRunner().invoke(app, command, env={"COLUMNS": "200", "TERM": "dumb"})
    assert f"{option} are code, which is for the command line alone." in result.stderr
