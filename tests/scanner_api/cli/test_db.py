"""``scanner-api db``, and a service that does not migrate by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.storage.schema.migrations import HEAD


@pytest.fixture
def run(tmp_path):
    """Return what runs a command on a database of the test's own, and gives exit code and output."""
    file = tmp_path / "scanner.db"
    environment = {
        "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{file}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }

    def invoke(*arguments):
        outcome = CliRunner().invoke(app, arguments, env=environment, catch_exceptions=False)
        return outcome.exit_code, outcome.output

    invoke.file = file
    return invoke


def test_a_database_is_checked_and_upgraded(run):
    """An empty database fails the check, which says what to do; upgraded it passes."""
    assert run("db", "check") == (
        1,
        f"The database is empty; this version needs {HEAD}: run `scanner-api db upgrade`.\n",
    )
    assert run("db", "current") == (0, f"none (this version knows {HEAD})\n")
    assert run("db", "upgrade") == (0, f"The database is at revision {HEAD}.\n")
    assert run("db", "current") == (0, f"{HEAD} (this version knows {HEAD})\n")
    assert run("db", "check")[0] == 0


def test_a_migration_is_waited_for(run, monkeypatch):
    """``check`` waits as long as SCANNER_WAIT says, until another process has upgraded the schema."""

    async def sleep(_):
        await asyncio.to_thread(run, "db", "upgrade")

    # in this module alone: servers of other tests sleep in threads of their own
    own = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})
    monkeypatch.setattr("scanner_api.waiting.asyncio", own)
    monkeypatch.setenv("SCANNER_WAIT", "60s")
    assert run("db", "check")[0] == 0


def test_a_service_can_be_asked_not_to_migrate(run):
    """Where it must not migrate, a database that is behind ends the start, and is left as it is."""
    code, said = run("serve", "--migrate", "false", "--port", "0")
    assert (code, said.count("\n"), "run `scanner-api db upgrade`" in said) == (2, 1, True)
    with closing(sqlite3.connect(run.file)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.parametrize("command", ["keys list", "products list", "secrets rotate"])
def test_commands_can_be_asked_not_to_migrate(run, monkeypatch, command):
    """Where the service must not migrate, neither does a command beside it."""
    monkeypatch.setenv("SCANNER_MIGRATE", "false")
    code, said = run(*command.split())
    assert (code, "run `scanner-api db upgrade`" in said) == (1, True)
    with closing(sqlite3.connect(run.file)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_database_that_is_not_there_is_waited_for(run, tmp_path, monkeypatch):
    """The start waits as long as it is asked to, and then says what is missing."""
    tries = []

    async def sleep(_):
        tries.append(None)
        if len(tries) == 3:
            (tmp_path / "later").mkdir()

    # in this module alone: servers of other tests sleep in threads of their own
    own = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})
    monkeypatch.setattr("scanner_api.waiting.asyncio", own)
    url = f"sqlite+aiosqlite:///{tmp_path}/later/scanner.db"
    code, said = run("serve", "--database-url", url, "--wait", "60s", "--migrate", "false", "--port", "0")
    assert (code, len(tries), "The database is empty" in said) == (2, 3, True)


def test_a_copy_is_found_whatever_its_name_is(run, tmp_path):
    """A path is a path, also where it has what means something in a URL; nothing is left beside it."""
    copy = tmp_path / "copies" / "a?b%20c#d.db"
    copy.parent.mkdir()
    assert run("db", "upgrade")[0] == 0
    assert run("db", "backup", str(copy))[0] == 0
    restored = run("db", "restore", "--yes", str(copy))
    assert restored == (0, f"The database is that of {copy}, at revision {HEAD}.\n")
    assert list(copy.parent.iterdir()) == [copy]


def test_a_damaged_copy_is_named(run, tmp_path, caplog):
    """A copy that SQLite cannot read, or not whole, is named, and the database is as it was."""
    assert run("db", "upgrade")[0] == 0
    copy = tmp_path / "copy.db"
    assert run("db", "backup", str(copy))[0] == 0
    content = copy.read_bytes()
    middle = len(content) // 2
    for damaged, expected in (
        (content[:16] + bytes(range(256)) * 16, f"The copy {copy} cannot be read: "),
        (content[:middle] + b"\xff" * 8192 + content[middle + 8192 :], f"cannot be loaded from {copy}: "),
    ):
        copy.write_bytes(damaged)
        code, said = run("db", "restore", "--yes", str(copy))
        assert (code, expected in said) == (1, True), said
        assert caplog.messages == []  # nothing is said of the database, which is well
        with closing(sqlite3.connect(run.file)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
