"""Databases by their URLs: which are taken, how one starts, and copies of it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import closing

import pytest
from sqlalchemy import func, select

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.database import Database, DatabaseError
from scanner_api.storage.schema.tables import secrets


@pytest.fixture
def free_umask():
    """Let others read and write what is made, unless its maker forbids it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "cannot be read"),
        ("scanner.db", "cannot be read"),
        ("postgresql+asyncpg://user:hunter2@host:port/database", "cannot be read"),
        ("sqlite:///scanner.db", "begins with 'sqlite'"),
        ("postgresql+psycopg://user:hunter2@host/database", r"begins with 'postgresql\+psycopg'"),
        ("mysql+aiomysql://user:hunter2@host/database", r"begins with 'mysql\+aiomysql'"),
    ],
)
def test_a_wrong_url_is_a_clear_error(url, message):
    """The error says what is wrong, which URLs are taken and what the setting is, and keeps the password."""
    with pytest.raises(
        DatabaseError, match=rf"{message}.*sqlite\+aiosqlite:.*postgresql\+asyncpg:.*database_url"
    ) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_driver_is_a_clear_error(monkeypatch):
    """Where asyncpg is not installed, the error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(DatabaseError, match=r"asyncpg is not installed; .*pip install .*\[postgresql\]"):
        Database("postgresql+asyncpg://user:hunter2@host/database")


async def test_a_start_waits_for_another_with_the_file(sqlite_url):
    """A file that another process has locked, to make its tables for instance, is waited for at start."""
    database = Database(sqlite_url)
    other = sqlite3.connect(database.url.database)
    other.execute("BEGIN EXCLUSIVE")
    starting = asyncio.create_task(database.migrate())
    done, _ = await asyncio.wait([starting], timeout=0.1)
    other.close()
    await starting
    await database.close()
    assert len(done) == 0


@pytest.mark.usefixtures("free_umask")
async def test_a_file_is_for_its_owner_alone(tmp_path):
    """A SQLite file that is made, and its log, can be read by nobody else, whatever the umask allows."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}")
    await database.migrate()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    await database.close()
    assert modes == dict.fromkeys(("scanner.db", "scanner.db-wal", "scanner.db-shm"), 0o600)


@pytest.mark.parametrize("source", ["sqlite+aiosqlite://", "sqlite_url"])
@pytest.mark.parametrize("target", ["sqlite+aiosqlite://", "another file"])
async def test_a_copy_is_as_the_database_was(request, tmp_path, source, target, rows):
    """A SQLite database, in a file or in memory, is saved while it is used and loaded as it was then."""
    copy = tmp_path / "copy.db"
    source = source if "://" in source else request.getfixturevalue(source)
    target = target if "://" in target else f"sqlite+aiosqlite:///{tmp_path / 'target.db'}"

    async def saved():
        database = Database(source)
        await database.migrate()
        async with database.transaction() as connection:
            await rows.add(connection, "saved")
        await database.save(copy)
        async with database.transaction() as connection:
            await rows.add(connection, "later")
        await database.close()

    async def loaded():
        database = Database(target)
        await database.load(copy)
        await database.migrate()
        async with database.transaction() as connection:
            await rows.add(connection, "new")
        try:
            return await rows.count(database)
        finally:
            await database.close()

    await saved()
    assert await loaded() == 2


async def test_what_is_no_copy_is_a_clear_error(tmp_path):
    """A file that is no database cannot be loaded, and the error names it."""
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"a photo" * 1000)

    async def scenario():
        database = Database("sqlite+aiosqlite://")
        try:
            await database.load(file)
        finally:
            await database.close()

    with pytest.raises(DatabaseError, match=r"photo\.jpg.*not a database"):
        (await scenario())


async def test_databases_in_memory_are_apart(rows):
    """Each in-memory database is its own, and as empty as a new file."""
    one, other = Database("sqlite+aiosqlite://"), Database("sqlite+aiosqlite:///:memory:")
    await one.migrate()
    await other.migrate()
    async with one.transaction() as connection:
        await rows.add(connection, "new")
    counts = await rows.count(one), await rows.count(other)
    await one.close()
    await other.close()
    assert counts == (1, 0)


async def test_reads_in_a_thread_see_one_state_and_write_nothing(tmp_path):
    """What is committed between two reads of one call is in the next call."""
    file = tmp_path / "scanner.db"
    database = Database(f"sqlite+aiosqlite:///{file}")
    await database.migrate()
    number = select(func.count()).select_from(secrets)

    def twice(connection):
        first = connection.scalar(number)
        with closing(sqlite3.connect(file)) as other, other:
            other.execute("INSERT INTO secrets VALUES (hex(randomblob(8)), x'00')")
        return first, connection.scalar(number)

    try:
        assert [await database.read(twice) for _ in range(3)] == [(0, 0), (1, 1), (2, 2)]
        with pytest.raises(ServiceUnavailable):
            await database.read(lambda connection: connection.execute(secrets.delete()))
        with pytest.raises(ZeroDivisionError):
            await database.read(lambda _: 1 / 0)
        assert await database.fetch(number) == [(3,)]
    finally:
        await database.close()
