"""A database that cannot be connected to, or stops responding: an error at start, then a 503."""

from __future__ import annotations

import asyncio
import runpy
import socket
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import ProgrammingError

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.connections import engines
from scanner_api.storage.database import Database, DatabaseError
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.schema.tables import users

set_read_only = runpy.run_path(str(Path(__file__).parents[2] / "services" / "postgresql.py"))["set_read_only"]


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


def test_connections_to_a_read_only_server_are_discarded(postgresql_url, run_in, rows):
    """Meanwhile writes are 503, a ping fails and reads go on; then the first writes succeed."""

    async def write(database, name):
        async with database.transaction() as connection:
            await rows.add(connection, name)

    async def scenario(database):
        ids = Lookup(database, select(users.c.id), users.c.id, list)
        await set_read_only(postgresql_url, "on")
        outcomes = await asyncio.gather(
            *(write(database, f"a{n}") for n in range(30)), return_exceptions=True
        )
        with pytest.raises(ServiceUnavailable, match=r"^The database is read-only\.$") as unavailable:
            await database.ping()
        with pytest.raises(ServiceUnavailable, match="read-only"):
            await database.check_writable()
        assert not await ids.find("a1")
        await set_read_only(postgresql_url, "off", ends=False)
        with suppress(ServiceUnavailable):  # those that are left of before end all of them
            await write(database, "first")
        await asyncio.gather(*(write(database, f"b{n}") for n in range(30)))
        await database.ping()
        await database.check_writable()
        assert await ids.find("b1") == [["b1"]]
        return {str(outcome) for outcome in outcomes}, unavailable.value.headers, await rows.count(database)

    details, headers, number = run_in(postgresql_url, scenario)
    # a connection that was used a moment ago is not asked first whether the server has ended it meanwhile
    assert details - {"The database does not respond."} == {"The database is read-only."}
    assert headers["Retry-After"] == "1"
    assert number in {30, 31}


@pytest.mark.parametrize(
    ("state", "is_replaced"),
    [
        ("08006", True),
        ("25006", True),
        ("40001", False),
        ("53100", True),
        ("53200", True),
        ("55P03", False),
        ("57014", False),
        ("57P01", True),
        ("57P03", True),
        ("58030", True),
    ],
)
def test_outages_replace_connections(migrated_postgresql_url, run_in, state, is_replaced):
    """Each outage is a 503; one of the node replaces those of lookups too, a statement's own none."""
    backend = text("SELECT pg_backend_pid()")

    async def scenario(database):
        ids = Lookup(database, select(users.c.id), users.c.id, list)
        await ids.find("a")
        (reader,) = database.readers._idle
        async with database.snapshot() as connection:
            before = await connection.scalar(backend)
        with pytest.raises(ServiceUnavailable):
            async with database.transaction() as connection:
                await connection.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"))
        async with database.snapshot() as connection:
            after = await connection.scalar(backend)
        await ids.find("a")
        return after != before, reader not in database.readers._idle

    assert run_in(migrated_postgresql_url, scenario) == (is_replaced, state[:3] in {"250", "57P"})


def test_an_error_of_the_statement_is_no_outage(migrated_postgresql_url, run_in):
    """A bug of ours stays one."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(ProgrammingError):
        run_in(migrated_postgresql_url, scenario)


def test_connections_are_replaced_at_an_age(migrated_postgresql_url, run_in, monkeypatch):
    """Those of lookups too, which keep theirs."""
    backend = text("SELECT pg_backend_pid()")

    async def scenario(database):
        ids = Lookup(database, select(users.c.id), users.c.id, list)
        await ids.find("a")
        (before,) = database.readers._idle
        monkeypatch.setattr("scanner_api.storage.connections.readers.READER_SECONDS", 0)
        await ids.find("a")
        assert before not in database.readers._idle
        assert database._engine.pool._recycle == engines.MAX_AGE_SECONDS
        database._engine.pool._recycle = 0
        pids = set()
        for _ in range(2):
            async with database.snapshot() as connection:
                pids.add(await connection.scalar(backend))
        return pids

    assert len(run_in(migrated_postgresql_url, scenario)) == 2
