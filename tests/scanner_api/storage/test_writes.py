"""Functions that write: each all or nothing, and on SQLite those that arrive together in one transaction."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event

import pytest
from sqlalchemy import event, text

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.schema.tables import memberships, users


def adding(user_id):
    """Return a function that writes a row, and returns its id."""

    def add(connection):
        connection.execute(
            users.insert(), {"id": user_id, "email": user_id, "created": datetime(2026, 3, 14, tzinfo=UTC)}
        )
        return user_id

    return add


def failing(user_id):
    """Return a function that writes a row, and then raises LookupError."""

    def fail(connection):
        adding(user_id)(connection)
        raise LookupError(user_id)

    return fail


def test_writes_that_arrive_together_are_apart(in_database, rows):
    """Each has its own result; one that raises leaves nothing, and takes nothing along."""

    async def scenario(database):
        await database.write(adding("first"))
        works = [failing(f"{number}") if number % 3 == 0 else adding(f"{number}") for number in range(30)]
        works.append(adding("first"))  # a duplicate
        outcomes = await asyncio.gather(*map(database.write, works), return_exceptions=True)
        return outcomes, await rows.count(database)

    outcomes, number = in_database(scenario)
    expected = [LookupError if number % 3 == 0 else f"{number}" for number in range(30)]
    assert [type(each) if isinstance(each, Exception) else each for each in outcomes[:-1]] == expected
    assert isinstance(outcomes[-1], ConstraintError)
    assert number == 21


def test_writes_that_arrive_together_share_a_transaction(migrated_sqlite_url, run_in, rows):
    """What arrives while others write waits for one commit, however much it is."""

    async def scenario(database):
        transactions = []
        await database.write(adding("first"))
        event.listen(database._writer._threads._opened(), "begin", transactions.append)
        await asyncio.gather(*[database.write(adding(f"{number}")) for number in range(50)])
        return len(transactions), await rows.count(database)

    assert run_in(migrated_sqlite_url, scenario) == (1, 51)


def test_a_commit_that_fails_fails_all_that_share_it(migrated_sqlite_url, run_in, rows):
    """No caller takes something for stored that is not."""

    def dangling(connection):
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(memberships.insert(), {"user_id": "x", "organization_id": "x", "role": "member"})

    async def scenario(database):
        writes = [database.write(adding("a")), database.write(dangling), database.write(adding("b"))]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        await database.write(adding("later"))
        return outcomes, await rows.count(database)

    outcomes, number = run_in(migrated_sqlite_url, scenario)
    assert [type(each) for each in outcomes] == [ConstraintError] * 3
    assert number == 1


def test_a_write_that_is_cancelled_before_its_turn_is_left_out(migrated_sqlite_url, run_in, rows):
    """A write that waits for others is left out once its caller is cancelled; one under way is committed."""

    async def scenario(database):
        began, go_on = asyncio.Event(), Event()
        loop = asyncio.get_running_loop()

        def slow(connection):
            adding("slow")(connection)
            loop.call_soon_threadsafe(began.set)
            go_on.wait(10)

        slow_one = asyncio.create_task(database.write(slow))
        await began.wait()
        waiting = asyncio.create_task(database.write(adding("waiting")))
        await asyncio.sleep(0)
        for task in (slow_one, waiting):
            task.cancel()
        go_on.set()
        await asyncio.wait([slow_one, waiting])
        await database.write(adding("later"))
        return slow_one.cancelled(), waiting.cancelled(), await rows.count(database)

    assert run_in(migrated_sqlite_url, scenario) == (True, True, 2)


def test_a_full_disk_fails_all_and_is_named(migrated_sqlite_url, run_in, rows, caplog):
    """SQLite itself ends the transaction then; the log has its reason."""

    def large(connection):
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no more than there are
        adding("x" * 1_000_000)(connection)

    async def scenario(database):
        writes = [database.write(adding("a")), database.write(large), database.write(adding("b"))]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        return outcomes, await rows.count(database)

    outcomes, number = run_in(migrated_sqlite_url, scenario)
    assert [type(each) for each in outcomes] == [ServiceUnavailable] * 3
    assert number == 0
    assert "database or disk is full" in caplog.text


def test_errors_of_writes_have_no_values(migrated_sqlite_url, run_in):
    """They are logged, and values may be secret."""

    async def scenario(database):
        await database.write(adding("a-secret"))
        with pytest.raises(ConstraintError) as refused:
            await database.write(adding("a-secret"))
        return str(refused.value.__cause__)

    cause = run_in(migrated_sqlite_url, scenario)
    assert "users" in cause
    assert "a-secret" not in cause


def test_writers_wait_for_other_processes_as_transactions_do(migrated_sqlite_url, run_in):
    """For as long as the engine's connections."""

    async def scenario(database):
        patience = text("PRAGMA busy_timeout")
        async with database.transaction() as connection:
            expected = (await connection.execute(patience)).scalar_one()
        return expected, await database.write(lambda connection: connection.execute(patience).scalar_one())

    assert run_in(migrated_sqlite_url, scenario) == (10_000, 10_000)


def test_closing_waits_for_all_writes(migrated_sqlite_url, run_in, rows):
    """Those that wait for others as well; nothing is open after it."""

    async def scenario(database):
        writes = [asyncio.create_task(database.write(adding(f"{number}"))) for number in range(250)]
        await asyncio.sleep(0)
        await database.close()
        assert all(write.done() for write in writes)
        assert database._writer._threads._engine is None
        return await rows.count(database)

    assert run_in(migrated_sqlite_url, scenario) == 250


def test_what_sqlite_rolls_back_fails_all(migrated_sqlite_url, run_in, rows):
    """After an error at which SQLite itself ends the transaction, as on a full disk, nothing else goes on."""

    def rolled_back(connection):
        adding("lost")(connection)
        connection.exec_driver_sql("ROLLBACK")
        raise LookupError

    async def scenario(database):
        writes = [database.write(adding("a")), database.write(rolled_back), database.write(adding("b"))]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        return outcomes, await rows.count(database)

    outcomes, number = run_in(migrated_sqlite_url, scenario)
    assert all(isinstance(each, Exception) for each in outcomes)
    assert number == 0


def test_writers_of_several_processes_wait_for_each_other(in_shared_database, shared_url, rows):
    """As transactions do, through pools that know nothing of each other."""

    async def scenario(database):
        async def write(number):
            other = Database(shared_url)
            with suppress(LookupError):
                await other.write(adding(f"{number}") if number % 2 else failing(f"{number}"))
            await other.close()

        await asyncio.gather(*map(write, range(8)))
        return await rows.count(database)

    assert in_shared_database(scenario) == 4


@pytest.mark.parametrize("number", [0, 3])
def test_a_unit_commits_its_writes_together(in_database, rows, number):
    """In a unit functions write in its transaction, so that an exception undoes them all."""

    async def scenario(database):
        with suppress(LookupError):
            async with database.unit():
                for each in range(3):
                    await database.write(adding(f"{each}"))
                if not number:
                    raise LookupError
        return await rows.count(database)

    assert in_database(scenario) == number
