"""Transactions and snapshots beside one another, and what their failures become."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import exc, func, select, text

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.schema.tables import scan_sessions, users


def test_a_transaction_is_all_or_nothing(in_database, rows):
    """What is written is kept if the block ends, and gone if it raises."""

    async def scenario(database):
        async with database.transaction() as connection:
            await rows.add(connection, "kept")
        with suppress(LookupError):
            async with database.transaction() as connection:
                await rows.add(connection, "lost")
                raise LookupError
        return await rows.count(database)

    assert in_database(scenario) == 1


def test_a_cancelled_transaction_is_rolled_back_and_blocks_no_one(in_database, rows):
    """A writer that is cancelled leaves nothing behind, not even a lock."""

    async def scenario(database):
        async def write():
            async with database.transaction() as connection:
                await rows.add(connection, "lost")
                written.set()
                await asyncio.Event().wait()

        written = asyncio.Event()
        task = asyncio.create_task(write())
        await written.wait()
        task.cancel()
        await asyncio.wait([task])
        async with database.transaction() as connection:
            await rows.add(connection, "kept")
        return task.cancelled(), await rows.count(database)

    assert in_database(scenario) == (True, 1)


def test_a_cancelled_reader_takes_nothing_along(in_database, rows):
    """Cancelled at any moment in the middle of SQL, a task leaves the database as it was, in memory too."""

    async def scenario(database):
        async def use():
            async with database.transaction() as connection:
                await rows.add(connection, "lost")
                await connection.execute(text("SELECT * FROM users"))
                raise LookupError

        async with database.transaction() as connection:
            await rows.add(connection, "kept")
        counts = set()
        for moment in range(40):
            task = asyncio.create_task(use())
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            counts.add(await rows.count(database))
        return counts

    assert in_database(scenario) == {1}


def test_writers_wait_for_each_other(in_database, rows):
    """Transactions that read and then write all succeed at once; SQLite alone would fail most of them."""

    async def scenario(database):
        async def write(number):
            async with database.transaction() as connection:
                await connection.execute(select(users))
                await rows.add(connection, f"user-{number}")

        await asyncio.gather(*map(write, range(20)))
        return await rows.count(database)

    assert in_database(scenario) == 20


@asynccontextmanager
async def pool_of_its_own(url):
    """Open the database once more: by a pool that knows nothing of others, as another process does."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


def test_writers_of_several_pools_wait_for_each_other(in_shared_database, shared_url, rows):
    """The same with a pool for each writer, which know nothing of each other, as processes do."""

    async def scenario(database):
        async def write(number):
            async with pool_of_its_own(shared_url) as own, own.transaction() as connection:
                await connection.execute(select(users))
                await rows.add(connection, f"user-{number}")

        await asyncio.gather(*map(write, range(8)))
        return await rows.count(database)

    assert in_shared_database(scenario) == 8


def test_who_is_at_one_purpose_takes_turns(in_shared_database, shared_url, rows):
    """Transactions that no lock of a row keeps apart follow one another, also those of several pools."""

    async def scenario(database):
        async def write(_):
            async with pool_of_its_own(shared_url) as own, own.transaction() as connection:
                await own.lock(connection, "counting")
                found = await connection.scalar(select(func.count()).select_from(users))
                await rows.add(connection, f"user-{found}")

        await asyncio.gather(*map(write, range(6)))
        return await rows.count(database)

    assert in_shared_database(scenario) == 6


def test_a_snapshot_stands_still(in_shared_database, rows):
    """All reads of a snapshot see the state of its first read, whatever is committed meanwhile."""

    async def scenario(database):
        async with database.snapshot() as connection:
            before = await connection.scalar(select(func.count()).select_from(users))
            async with database.transaction() as other:
                await rows.add(other, "new")
            after = await connection.scalar(select(func.count()).select_from(users))
        return before, after, await rows.count(database)

    assert in_shared_database(scenario) == (0, 0, 1)


def test_no_one_sees_half_a_transaction(in_database, rows):
    """A read next to a writer sees nothing of it before the end, also where all share one connection."""

    async def scenario(database):
        async with database.transaction() as connection:
            await rows.add(connection, "new")
            reading = asyncio.create_task(rows.count(database))
            await asyncio.wait([reading], timeout=0.05)
            seen_early = reading.result() if reading.done() else 0
        await reading
        return seen_early, await rows.count(database)

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
