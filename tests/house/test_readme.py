"""README and docs describe what exists."""

import json
import re

import typer

from contract_first.cli.tree import app as contract_first
from scanner_api.cli import app as scanner_api
from scanner_api.settings import Settings
from scanner_mocks import seeds
from scanner_mocks.server import Mock

from .conftest import PROJECTS, ROOT

README = (ROOT / "README.md").read_text()
MOCK = (ROOT / "docs" / "mock.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
LONGEST_LINES = 150
PROGRAMS = {"scanner-api": scanner_api, "contract-first": contract_first}


def section(title, text=README):
    """Return the part of a Markdown text below a heading of the second level."""
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def blocks(text):
    """Return the fenced blocks of a Markdown text."""
    return re.findall(r"^```\w*\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)


def test_set_up_commands():
    """There are exactly two set-up commands, each a single line."""
    commands = blocks(section("Set up"))
    assert len(commands) == 2
    assert all("\n" not in command for command in commands)


def test_the_first_command_installs_what_the_demo_needs():
    """The first command installs the mock alone, which is enough for the demo, and runs the demo."""
    command = blocks(section("Set up"))[0]
    assert "./packages/strict-s3 ./packages/contract-first '.[mock]'" in command
    assert command.endswith("scanner-api demo")


def test_readme_is_one_page():
    """The README has at most 150 lines."""
    assert len(README.splitlines()) <= LONGEST_LINES


def test_ci_runs_the_test_command():
    """CI ends with exactly the command that the README gives for the tests."""
    assert (ROOT / ".ci" / "run").read_text().rstrip().splitlines()[-1] == blocks(section("Set up"))[1]


def test_variables_of_the_curl_lines():
    """What the curl lines take is pasted as it is: the mock's address, a key of it and a session."""
    block = next(block for block in blocks(OPERATIONS) if "API=" in block)
    variables = dict(re.findall(r"(\w+)=(\S+)", block.splitlines()[1]))
    port = Settings.model_fields["port"].default
    assert variables == {
        "API": f"http://127.0.0.1:{port}",
        "KEY": seeds.ACTIVE_KEY,
        "SESSION": seeds.SESSION,
    }


def test_commands_exist():
    """Each command that README and docs name is one of its program's."""
    pages = README + "".join(page.read_text() for page in (ROOT / "docs").glob("**/*.md"))
    for program, app in PROGRAMS.items():
        named = set(re.findall(rf"{program} ([a-z]+(?:-[a-z]+)*)\b", pages))
        assert named
        assert named - set(typer.main.get_command(app).commands) == set()


def test_line_of_the_mock():
    """The line of JSON has what the mock prints, in its order, without what only TLS or a network add."""
    lines = [block for block in blocks(MOCK) if block.startswith("{")]
    assert [list(json.loads(line)) for line in lines] == [
        [name for name in Mock.__struct_fields__ if name not in {"ca", "control_token", "lan"}]
    ]


def test_links_lead_somewhere():
    """Every relative link of every page leads to a file that exists."""
    pages = [
        *ROOT.glob("*.md"),
        *(page for top in ("bench", "deploy", "docs", "examples") for page in ROOT.glob(f"{top}/**/*.md")),
    ]
    dead = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert dead == []


def test_installation_is_what_works_today():
    """Pages, CI files and templates install folders of a clone: no package index has them."""
    texts = [
        *(
            page
            for top in ("docs", "examples", "packages")
            for end in ("md", "yaml", "template")
            for page in ROOT.glob(f"{top}/**/*.{end}")
        ),
        ROOT / "README.md",
    ]
    projects = {folder.resolve() for folder in PROJECTS}
    named = [
        (text.relative_to(ROOT), source)
        for text in texts
        for line in re.findall(r"pip install ([^\n]*)", text.read_text())
        for source in re.findall(
            r"(?<![\w-])(\.{1,2}(?:/[\w.-]+)*/?)(?=[\['\s]|$)", re.sub(r"-c \S+", "", line)
        )
    ]
    assert named
    wrong = [
        (text, source)
        for text, source in named
        if not projects
        & {
            (
                ROOT / re.sub(r"^\./(scanner-api|contract-first)(?=/|$)", ".", source)
            ).resolve(),  # cloned in a CI
            (ROOT / text.parent / source).resolve(),
        }
        and "examples/petstore" not in text.as_posix()  # a project of its own
    ]
    assert wrong == []
