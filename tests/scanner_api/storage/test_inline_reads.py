"""Reads in the thread that asks see what is committed, and step aside for whatever would hold them up."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select, text

from scanner_api.storage.connections.inline_reads import InlineReader
from scanner_api.storage.database import Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.schema.tables import organizations

SQL = "SELECT name FROM organizations WHERE id = ?"
NEW = "INSERT INTO organizations (id, name, created) VALUES ('a', 'old', '2026-01-01 00:00:00.000000')"
RENAME = "UPDATE organizations SET name = 'new'"


@pytest.fixture(params=["file", "memory"])
def database_url(request, tmp_path):
    """A SQLite database of each kind."""
    return f"sqlite+aiosqlite:///{tmp_path}/inline.db" if request.param == "file" else "sqlite+aiosqlite://"


def in_database(url, story):
    """Tell a story to a migrated database with one organization."""

    async def scenario():
        database = Database(url)
        # however busy the machine, no read is slow
        database.inline = InlineReader(
            database._engine, has_snapshots=not database._in_memory, ticks=lambda: 0.0
        )
        await database.migrate()
        try:
            async with database.transaction() as connection:
                await connection.execute(text(NEW))
            return await story(database)
        finally:
            await database.close()

    return asyncio.run(scenario())


def test_what_is_committed_is_seen_at_once(database_url):
    """A read that begins after a commit sees it."""

    async def story(database):
        before = database.inline.rows(SQL, "a")
        async with database.transaction() as connection:
            await connection.execute(text(RENAME))
        return before, database.inline.rows(SQL, "a"), database.inline.rows(SQL, "unknown")

    assert in_database(database_url, story) == ([("old",)], [("new",)], [])


def test_what_is_not_committed_is_not_seen(database_url):
    """During a transaction the old row is read, or, in memory, there is no response here."""

    async def story(database):
        database.inline.rows(SQL, "a")
        async with database.transaction() as connection:
            await connection.execute(text(RENAME))
            return database.inline.rows(SQL, "a")

    assert in_database(database_url, story) in ([("old",)], None)


def test_a_writer_in_the_way_is_gone_around(database_url):
    """A writer sends a read to the driver's thread for as long as it writes, and no longer."""

    async def story(database):
        names = Lookup(database, select(organizations.c.id, organizations.c.name), organizations.c.id, list)
        async with database.transaction() as connection:
            await connection.execute(text(RENAME))
            asked = asyncio.ensure_future(names.find("a"))
            await asyncio.sleep(0)
        return (await asked)[0][1], database.inline.rows(SQL, "a")

    found, afterwards = in_database(database_url, story)
    assert found in {"old", "new"}
    assert afterwards == [("new",)]


def rows_at(database_url, *ticks):
    """Return what four reads return, by what the clock says at the start and end of each."""
    said = iter(ticks)

    async def story(database):
        reader = InlineReader(database._engine, has_snapshots=False, ticks=said.__next__)
        try:
            return [reader.rows(SQL, "a") for _ in range(4)]
        finally:
            reader.close()

    return in_database(database_url, story)


def test_after_two_slow_reads_it_rests(database_url):
    """Reads that took too long still count, and for a while there is no response here."""
    found = rows_at(database_url, 0.0, 0.006, 0.006, 0.012, 0.012, 0.1, 0.3, 0.3001)
    assert found == [[("old",)], [("old",)], None, [("old",)]]


def test_one_slow_read_after_a_rest_changes_nothing(database_url):
    """Only two in a row make it rest again."""
    found = rows_at(database_url, 0.0, 0.006, 0.006, 0.012, 0.012, 0.3, 0.306, 0.306, 0.3061)
    assert found == [[("old",)]] * 4


def test_one_slow_read_changes_nothing(database_url):
    """A process that waits for a processor meanwhile goes on as before."""
    assert rows_at(database_url, 0.0, 0.006, 0.006, 0.0061, 0.1, 0.106, 0.106, 0.1061) == [[("old",)]] * 4


def test_what_fails_is_left_to_the_driver(database_url):
    """An error is no response; the driver's thread has the better one."""

    async def story(database):
        return database.inline.rows("SELECT nonsense FROM nowhere WHERE id = ?", "a"), database.inline.rows(
            SQL, "a"
        )

    assert in_database(database_url, story) == (None, None)


def test_it_cannot_write(database_url):
    """Whatever is asked for, nothing is changed."""

    async def story(database):
        database.inline.rows("DELETE FROM organizations WHERE id = ?", "a")
        async with database.snapshot() as connection:
            return await connection.scalar(text("SELECT count(*) FROM organizations"))

    assert in_database(database_url, story) == 1


def test_the_same_row_makes_the_same_record(database_url):
    """A record is created again only where its row has changed."""

    async def story(database):
        names = Lookup(database, select(organizations.c.id, organizations.c.name), organizations.c.id, list)
        first, second = await names.find("a"), await names.find("a")
        async with database.transaction() as connection:
            await connection.execute(text(RENAME))
        return first[0] is second[0], (await names.find("a"))[0][1]

    assert in_database(database_url, story) == (True, "new")


def test_a_row_is_read_again_once_something_is_committed(database_url):
    """Turns of the event loop go by without a read, until something is committed."""

    async def story(database):
        names = Lookup(database, select(organizations.c.id, organizations.c.name), organizations.c.id, list)
        rows, read = database.inline.rows, []
        database.inline.rows = lambda sql, key: read.append(key) or rows(sql, key)
        for _ in range(3):
            await names.find("a")
            await asyncio.sleep(0)
        before = len(read)
        async with database.transaction() as connection:
            await connection.execute(text(RENAME))
        return before, (await names.find("a"))[0][1], len(read)

    assert in_database(database_url, story) == (1, "new", 2)


def test_another_connection_reads_again(database_url):
    """What one connection has counted of commits says nothing to the next one."""

    async def story(database):
        names = Lookup(database, select(organizations.c.id, organizations.c.name), organizations.c.id, list)
        await names.find("a")
        database.inline.close()
        async with database.transaction() as connection:
            await connection.execute(text(RENAME))
        return (await names.find("a"))[0][1]

    assert in_database(database_url, story) == "new"


def test_a_turn_of_the_event_loop_sees_one_snapshot(tmp_path):
    """What another process commits is seen by what comes after it, not in the midst of what is under way."""
    file = tmp_path / "inline.db"

    async def story(database):
        seen = [database.inline.rows(SQL, "a")]
        with closing(sqlite3.connect(file)) as other, other:
            other.execute(RENAME)
        seen.append(database.inline.rows(SQL, "a"))
        await asyncio.sleep(0)
        return [*seen, database.inline.rows(SQL, "a")]

    assert in_database(f"sqlite+aiosqlite:///{file}", story) == [[("old",)], [("old",)], [("new",)]]
