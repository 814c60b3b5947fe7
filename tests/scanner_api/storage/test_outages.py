"""A database that cannot be connected to, or stops responding: an error at start, then a 503."""

from __future__ import annotations

import asyncio
import socket
import sqlite3

import pytest
from sqlalchemy import make_url, text

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.connections import engines
from scanner_api.storage.database import Database, DatabaseError
from scanner_api.storage.schema.tables import users


@pytest.fixture
def broken_url(request, tmp_path, postgresql, closed_port):
    """The URL of a database that cannot be connected to, by what is wrong with it."""
    (tmp_path / "text.db").write_text("no database at all, but long enough to be taken for one" * 100)
    return {
        "folder": f"sqlite+aiosqlite:///{tmp_path}/missing/scanner.db",
        "file": f"sqlite+aiosqlite:///{tmp_path}/text.db",
        "server": f"postgresql+asyncpg://user:hunter2@127.0.0.1:{closed_port}/scanner",
        "database": make_url(postgresql).set(database="missing").render_as_string(hide_password=False),
    }[request.param]


@pytest.mark.parametrize(
    ("broken_url", "message"),
    [
        ("folder", "missing/scanner.db .*unable to open"),
        ("file", "text.db .*not a database"),
        ("server", r"user:\*\*\*@127.0.0.1.*Connect"),
        ("database", "missing.*does not exist"),
    ],
    indirect=["broken_url"],
)
async def test_what_cannot_be_connected_to_is_a_clear_error_at_start(broken_url, message):
    """Without folder, file, server or database the start fails, naming the URL without its password."""

    async def start():
        database = Database(broken_url)
        try:
            await database.migrate()
        finally:
            await database.close()

    with pytest.raises(DatabaseError, match=rf"(?s){message}") as caught:
        (await start())
    assert "(database_url)" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("broken_url", ["server", "database"], indirect=True)
@pytest.mark.parametrize("use", ["ping", "transaction", "snapshot"])
async def test_what_stops_responding_is_a_503(broken_url, use):
    """After the start the same failures are ServiceUnavailable, which says nothing of the database."""

    async def scenario():
        database = Database(broken_url)
        try:
            if use == "ping":
                await database.ping()
            else:
                async with getattr(database, use)():
                    pass
        finally:
            await database.close()

    with pytest.raises(ServiceUnavailable, match=r"^The database does not respond\.$"):
        (await scenario())


def test_a_ping_succeeds(in_database, rows):
    """A database that is there responds, even if someone began to write to it."""

    async def scenario(database):
        await database.ping()
        async with database.transaction() as connection:
            await rows.add(connection, "new")
            pinging = asyncio.create_task(database.ping())
            await asyncio.sleep(0)  # it begins
        return await pinging, (await database.schema()).is_usable

    assert in_database(scenario) == (None, True)


def test_a_ping_waits_for_no_writer(in_shared_database, rows):
    """Where readers need not wait, a ping succeeds while someone writes."""

    async def scenario(database):
        async with database.transaction() as connection:
            await rows.add(connection, "new")
            await database.ping()
            return connection.in_transaction()

    assert in_shared_database(scenario)


async def test_a_database_that_hangs_is_a_503(monkeypatch):
    """A server that takes connections and says nothing is found out in time."""
    monkeypatch.setattr("scanner_api.storage.database._PING_SECONDS", 0.1)

    async def scenario():
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            database = Database(f"postgresql+asyncpg://user@127.0.0.1:{port}/scanner")
            try:
                await database.ping()
            finally:
                await database.close()

    with pytest.raises(ServiceUnavailable):
        (await scenario())


def test_a_lock_that_is_held_too_long_is_a_503(sqlite_url, run_in, monkeypatch, rows):
    """A SQLite writer gives up when another process does not, and succeeds after it has."""
    monkeypatch.setitem(engines._ARGUMENTS["sqlite+aiosqlite"]["connect_args"], "timeout", 0.05)

    async def scenario(database):
        other = sqlite3.connect(database.url.database)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ServiceUnavailable):
            async with database.transaction() as connection:
                await rows.add(connection, "new")
        other.close()
        async with database.transaction() as connection:
            await rows.add(connection, "new")
        return await rows.count(database)

    assert run_in(sqlite_url, scenario) == 1


def test_a_connection_that_the_server_ends_is_a_503(postgresql_url, run_in, rows):
    """A server that goes away in a transaction is an outage; the next transaction has a new connection."""

    async def scenario(database):
        with pytest.raises(ServiceUnavailable):
            async with database.transaction() as connection:
                await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return await rows.count(database)

    assert run_in(postgresql_url, scenario) == 0


@pytest.mark.parametrize("kind", ["transaction", "snapshot"])
@pytest.mark.parametrize("then", ["SELECT 1", None])
def test_a_connection_that_is_lost_between_statements_is_a_503(postgresql_url, run_in, kind, then, rows):
    """Whether it is found out by the next statement or only at the end, it is an outage, and passes."""

    async def lose(database):
        async with getattr(database, kind)() as connection:
            backend = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with database.transaction() as other:
                await other.execute(text("SELECT pg_terminate_backend(:backend)"), {"backend": backend})
            if then:
                await connection.execute(text(then))

    async def scenario(database):
        with pytest.raises(ServiceUnavailable):
            await lose(database)
        return await rows.count(database)

    assert run_in(postgresql_url, scenario) == 0


def test_a_deadlock_is_a_503(postgresql_url, run_in, now, rows):
    """Of two transactions that lock crosswise one gives way and may try again, the other is done."""

    async def scenario(database):
        async with database.transaction() as connection:
            await rows.add(connection, "a")
            await rows.add(connection, "b")
        both = asyncio.Barrier(2)

        async def lock(first, second):
            async with database.transaction() as connection:
                await connection.execute(users.update().where(users.c.id == first).values(created=now))
                await both.wait()
                await connection.execute(users.update().where(users.c.id == second).values(created=now))

        return await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)

    outcomes = run_in(postgresql_url, scenario)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "ServiceUnavailable"]
