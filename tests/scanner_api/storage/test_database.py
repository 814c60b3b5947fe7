"""Connections and transactions, and what their failures become."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import sys
from contextlib import suppress

import pytest
from sqlalchemy import exc, func, make_url, select, text

from scanner_api.problems import ServiceUnavailable
from scanner_api.storage import engines
from scanner_api.storage.database import ConstraintError, Database, DatabaseError
from scanner_api.storage.tables import scan_sessions, users


async def add(connection, user_id, moment):
    """Write a row."""
    row = {"id": user_id, "email": f"{user_id}@example.com", "created": moment}
    await connection.execute(users.insert(), row)


async def count(database):
    """Count the rows that are committed."""
    async with database.snapshot() as connection:
        return await connection.scalar(select(func.count()).select_from(users))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "cannot be read"),
        ("scanner.db", "cannot be read"),
        ("postgresql+asyncpg://user:hunter2@host:port/database", "cannot be read"),
        ("sqlite:///scanner.db", "begins with 'sqlite'"),
        ("postgresql://user:hunter2@host/database", "begins with 'postgresql'"),
        ("mysql+aiomysql://user:hunter2@host/database", r"begins with 'mysql\+aiomysql'"),
    ],
)
def test_a_wrong_url_is_a_clear_error(url, told):
    """The error says what is wrong, which URLs are taken and what the setting is, and keeps the password."""
    with pytest.raises(
        DatabaseError, match=rf"{told}.*sqlite\+aiosqlite:.*postgresql\+asyncpg:.*database_url"
    ) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_driver_is_a_clear_error(monkeypatch):
    """Where asyncpg is not installed, the error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(DatabaseError, match=r"asyncpg is not installed.*scanner-api\[postgresql\]"):
        Database("postgresql+asyncpg://user:hunter2@host/database")


@pytest.fixture
def closed_port():
    """A port of loopback that refuses connections, because it is bound and not listened on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


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
    ("broken_url", "told"),
    [
        ("folder", "missing/scanner.db .*unable to open"),
        ("file", "text.db .*not a database"),
        ("server", r"user:\*\*\*@127.0.0.1.*Connect"),
        ("database", "missing.*does not exist"),
    ],
    indirect=["broken_url"],
)
def test_what_cannot_be_connected_to_is_a_clear_error_at_start(broken_url, told):
    """Without folder, file, server or database the start fails, naming the URL without its password."""

    async def start():
        database = Database(broken_url)
        try:
            await database.migrate()
        finally:
            await database.close()

    with pytest.raises(DatabaseError, match=rf"(?s){told}") as caught:
        asyncio.run(start())
    assert "(database_url)" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("broken_url", ["server", "database"], indirect=True)
@pytest.mark.parametrize("use", ["ping", "transaction", "snapshot"])
def test_what_stops_answering_is_a_503(broken_url, use):
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

    with pytest.raises(ServiceUnavailable, match=r"^The database does not answer\.$"):
        asyncio.run(scenario())


def test_a_ping_is_answered(in_database, now):
    """A database that is there answers, even if someone began to write to it."""

    async def scenario(database):
        await database.ping()
        async with database.transaction() as connection:
            await add(connection, "new", now)
            pinging = asyncio.create_task(database.ping())
            await asyncio.sleep(0)  # it begins
        await pinging

    in_database(scenario)


def test_a_ping_waits_for_no_writer(in_shared_database, now):
    """Where readers need not wait, a ping is answered while someone writes."""

    async def scenario(database):
        async with database.transaction() as connection:
            await add(connection, "new", now)
            await database.ping()

    in_shared_database(scenario)


def test_a_database_that_hangs_is_a_503(monkeypatch):
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
        asyncio.run(scenario())


def test_a_start_waits_for_whoever_has_the_file(sqlite_url):
    """A file that another process has locked, to make its tables for instance, is waited for at start."""

    async def scenario():
        database = Database(sqlite_url)
        other = sqlite3.connect(database.url.database)
        other.execute("BEGIN EXCLUSIVE")
        starting = asyncio.create_task(database.migrate())
        done, _ = await asyncio.wait([starting], timeout=0.1)
        other.close()
        await starting
        await database.close()
        return len(done)

    assert asyncio.run(scenario()) == 0


def test_a_lock_that_is_held_too_long_is_a_503(sqlite_url, run_in, monkeypatch, now):
    """A SQLite writer gives up when another process does not, and succeeds after it has."""
    monkeypatch.setitem(engines._ARGUMENTS["sqlite+aiosqlite"]["connect_args"], "timeout", 0.05)

    async def scenario(database):
        other = sqlite3.connect(database.url.database)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ServiceUnavailable):
            async with database.transaction() as connection:
                await add(connection, "new", now)
        other.close()
        async with database.transaction() as connection:
            await add(connection, "new", now)
        return await count(database)

    assert run_in(sqlite_url, scenario) == 1


def test_a_transaction_is_all_or_nothing(in_database, now):
    """What is written is kept if the block ends, and gone if it raises."""

    async def scenario(database):
        async with database.transaction() as connection:
            await add(connection, "kept", now)
        with suppress(LookupError):
            async with database.transaction() as connection:
                await add(connection, "lost", now)
                raise LookupError
        return await count(database)

    assert in_database(scenario) == 1


def test_a_cancelled_transaction_is_rolled_back_and_blocks_no_one(in_database, now):
    """Whoever is cancelled in the middle of writing leaves nothing behind, not even a lock."""

    async def scenario(database):
        async def write():
            async with database.transaction() as connection:
                await add(connection, "lost", now)
                written.set()
                await asyncio.Event().wait()

        written = asyncio.Event()
        task = asyncio.create_task(write())
        await written.wait()
        task.cancel()
        await asyncio.wait([task])
        async with database.transaction() as connection:
            await add(connection, "kept", now)
        return task.cancelled(), await count(database)

    assert in_database(scenario) == (True, 1)


def test_whoever_is_cancelled_takes_nothing_along(in_database, now):
    """Cancelled at any moment in the middle of SQL, a task leaves the database as it was, in memory too."""

    async def scenario(database):
        async def use():
            async with database.transaction() as connection:
                await add(connection, "lost", now)
                await connection.execute(text("SELECT * FROM users"))
                raise LookupError

        async with database.transaction() as connection:
            await add(connection, "kept", now)
        counts = set()
        for moment in range(40):
            task = asyncio.create_task(use())
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            counts.add(await count(database))
        return counts

    assert in_database(scenario) == {1}


@pytest.mark.parametrize("source", ["sqlite+aiosqlite://", "sqlite_url"])
@pytest.mark.parametrize("target", ["sqlite+aiosqlite://", "another file"])
def test_a_copy_is_as_the_database_was(request, tmp_path, source, target, now):
    """A SQLite database, in a file or in memory, is saved while it is used and loaded as it was then."""
    copy = tmp_path / "copy.db"
    source = source if "://" in source else request.getfixturevalue(source)
    target = target if "://" in target else f"sqlite+aiosqlite:///{tmp_path / 'target.db'}"

    async def saved():
        database = Database(source)
        await database.migrate()
        async with database.transaction() as connection:
            await add(connection, "saved", now)
        await database.save(copy)
        async with database.transaction() as connection:
            await add(connection, "later", now)
        await database.close()

    async def loaded():
        database = Database(target)
        await database.load(copy)
        await database.migrate()
        async with database.transaction() as connection:
            await add(connection, "new", now)
        try:
            return await count(database)
        finally:
            await database.close()

    async def scenario():
        await saved()
        return await loaded()

    assert asyncio.run(scenario()) == 2


def test_what_is_no_copy_is_a_clear_error(tmp_path):
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
        asyncio.run(scenario())


def test_writers_wait_for_each_other(in_database, now):
    """Transactions that read and then write all succeed at once; SQLite alone would fail most of them."""

    async def scenario(database):
        async def write(number):
            async with database.transaction() as connection:
                await connection.execute(select(users))
                await add(connection, f"user-{number}", now)

        await asyncio.gather(*map(write, range(20)))
        return await count(database)

    assert in_database(scenario) == 20


def test_writers_of_several_pools_wait_for_each_other(in_shared_database, shared_url, now):
    """The same with a pool for each writer, which know nothing of each other, as processes do."""

    async def scenario(database):
        async def write(number):
            own = Database(shared_url)
            async with own.transaction() as connection:
                await connection.execute(select(users))
                await add(connection, f"user-{number}", now)
            await own.close()

        await asyncio.gather(*map(write, range(8)))
        return await count(database)

    assert in_shared_database(scenario) == 8


def test_who_is_at_one_purpose_takes_turns(in_shared_database, shared_url, now):
    """Transactions that no lock of a row keeps apart follow one another, also those of several pools."""

    async def scenario(database):
        async def write(number):
            own = Database(shared_url)
            async with own.transaction() as connection:
                await own.take_turn(connection, "counting")
                found = await connection.scalar(select(func.count()).select_from(users))
                await add(connection, f"user-{found}", now)
            await own.close()
            return number

        await asyncio.gather(*map(write, range(6)))
        return await count(database)

    assert in_shared_database(scenario) == 6


def test_a_snapshot_stands_still(in_shared_database, now):
    """All reads of a snapshot see the state of its first read, whatever is committed meanwhile."""

    async def scenario(database):
        async with database.snapshot() as connection:
            before = await connection.scalar(select(func.count()).select_from(users))
            async with database.transaction() as other:
                await add(other, "new", now)
            after = await connection.scalar(select(func.count()).select_from(users))
        return before, after, await count(database)

    assert in_shared_database(scenario) == (0, 0, 1)


def test_no_one_sees_half_a_transaction(in_database, now):
    """A read next to a writer sees nothing of it before the end, also where all share one connection."""

    async def scenario(database):
        async with database.transaction() as connection:
            await add(connection, "new", now)
            reading = asyncio.create_task(count(database))
            await asyncio.wait([reading], timeout=0.05)
            seen_early = reading.result() if reading.done() else 0
        await reading
        return seen_early, await count(database)

    assert in_database(scenario) == (0, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO memberships VALUES ('nobody', 'organization', 'member')",
        "INSERT INTO organizations SELECT * FROM organizations",
        "DELETE FROM organizations",
    ],
)
def test_what_the_schema_refuses_is_a_constraint_error(in_database, session, statement):
    """References to nothing, duplicates and orphans are one kind of error, on each backend."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(scan_sessions.insert(), session)
        async with database.transaction() as connection:
            await connection.execute(text(statement))

    with pytest.raises(ConstraintError):
        in_database(scenario)


def test_a_bug_stays_one(in_shared_database):
    """An error that no retry can cure is not called an outage."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(users.insert(), {"id": None, "email": None, "created": "yesterday"})

    with pytest.raises((exc.StatementError, ConstraintError)):
        in_shared_database(scenario)


def test_errors_do_not_quote_what_was_stored(in_database):
    """Parameters, which may be secret, are in no message."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(text("SELECT :digest FROM nowhere"), {"digest": "hunter2"})

    with pytest.raises((exc.DBAPIError, ServiceUnavailable)) as caught:
        in_database(scenario)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"


def test_a_connection_that_the_server_ends_is_a_503(postgresql_url, run_in):
    """A server that goes away in a transaction is an outage; the next transaction has a new connection."""

    async def scenario(database):
        with pytest.raises(ServiceUnavailable):
            async with database.transaction() as connection:
                await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return await count(database)

    assert run_in(postgresql_url, scenario) == 0


@pytest.mark.parametrize("kind", ["transaction", "snapshot"])
@pytest.mark.parametrize("then", ["SELECT 1", None])
def test_a_connection_that_is_lost_between_statements_is_a_503(postgresql_url, run_in, kind, then):
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
        return await count(database)

    assert run_in(postgresql_url, scenario) == 0


def test_a_deadlock_is_a_503(postgresql_url, run_in, now):
    """Of two transactions that lock crosswise one gives way and may try again, the other is done."""

    async def scenario(database):
        async with database.transaction() as connection:
            await add(connection, "a", now)
            await add(connection, "b", now)
        both = asyncio.Barrier(2)

        async def lock(first, second):
            async with database.transaction() as connection:
                await connection.execute(users.update().where(users.c.id == first).values(created=now))
                await both.wait()
                await connection.execute(users.update().where(users.c.id == second).values(created=now))

        return await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)

    outcomes = run_in(postgresql_url, scenario)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "ServiceUnavailable"]


def test_databases_in_memory_are_apart(now):
    """Each in-memory database is its own, and as empty as a new file."""

    async def scenario():
        one, other = Database("sqlite+aiosqlite://"), Database("sqlite+aiosqlite:///:memory:")
        await one.migrate()
        await other.migrate()
        async with one.transaction() as connection:
            await add(connection, "new", now)
        counts = await count(one), await count(other)
        await one.close()
        await other.close()
        return counts

    assert asyncio.run(scenario()) == (1, 0)
