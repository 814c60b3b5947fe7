"""``scanner-api organizations`` on a real database."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.cli.databases import page_caption


def created(run, name):
    """Create an organization, and return its id."""
    outcome = run("organizations", "create", "--quiet", name)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout.strip()


def test_an_organization_is_created_and_gets_a_key(run):
    """What is printed is the id that a key is made for, and the list counts the key while it is valid."""
    outcome = run("organizations", "create", " Acme ")
    organization = outcome.stdout.split()[1]
    assert outcome.stdout == f"Organization {organization} is Acme.\n"
    key = run("keys", "create", "--organization", organization).stdout.split()[1]
    assert run("organizations", "list").stdout.splitlines()[-2].split()[-2:] == ["0", "1"]
    run("keys", "revoke", key)
    assert run("organizations", "list").stdout.splitlines()[-2].split()[-2:] == ["0", "0"]


def test_organizations_are_listed_by_name_a_page_at_a_time(run):
    """The list says which page it is, and prints names as they are."""
    ids = {name: created(run, name) for name in ("Cedar", "Acme [red]1[/]", "Birch")}
    first = run("organizations", "list", "--page-size", "2").stdout
    last = run("organizations", "list", "--page-size", "2", "--page", "2").stdout
    assert [ids[name] in first for name in ids] == [False, True, True], first
    assert [ids[name] in last for name in ids] == [True, False, False]
    assert ("page 1 of 2, 3 organizations in all" in first, "Cedar" in last) == (True, True)
    assert "Acme [red]1[/]" in first


def test_no_name_moves_the_cursor(run):
    """A name with control characters is printed with escapes, wherever it is."""
    created_now = run("organizations", "create", "a\x1b[2Jb\nc")
    organization = created_now.stdout.split()[1]
    run("keys", "create", "--organization", organization, "--name", "k\x1b[2J")
    outputs = [created_now, run("organizations", "list"), run("keys", "list")]
    outputs += [run("organizations", "delete", organization, "--keep-objects", "--yes")]
    assert [r"a\x1b[2Jb\nc" in each.stdout for each in outputs] == [True] * 4
    assert not [each.stdout for each in outputs if "\x1b" in each.stdout]


def test_an_empty_list_says_so(run):
    """Without organizations there is a sentence, not an empty table."""
    assert run("organizations", "list").stdout == "There are no organizations.\n"


def test_a_name_says_something(run):
    """An empty name is refused, and nothing is stored."""
    outcome = run("organizations", "create", " ")
    assert (outcome.exit_code, "may not be empty" in outcome.stderr) == (2, True)
    assert run("organizations", "list").stdout == "There are no organizations.\n"


@pytest.mark.parametrize("command", [("list",), ("create", "Acme")])
def test_a_database_that_cannot_be_opened(command):
    """A database that is not there is named, with exit code 1."""
    url = "sqlite+aiosqlite:////missing/folder/scanner.db"
    outcome = CliRunner().invoke(app, ["organizations", *command, "--database-url", url])
    assert (outcome.exit_code, "Cannot connect" in outcome.stderr) == (1, True)


def test_a_single_row():
    """A list of one says so in the singular."""
    assert page_caption(1, 20, 1, "organizations") == "page 1 of 1, 1 organization in all"
