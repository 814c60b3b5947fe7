"""The counts of sessions are those of the rows, after whatever happens to them, on each backend."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, text

from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.scans import sessions as sessions_module
from scanner_api.storage.schema.tables import scan_session_counts, scan_sessions

TTL = 3600
KEY = ("organization_id", "created_by", "status")


async def counts_of(database):
    """Return the stored counts by organization, credential and status, and those of the rows."""
    stored = [scan_session_counts.c[column] for column in KEY]
    rows = [scan_sessions.c[column] for column in KEY]
    number = func.sum(scan_session_counts.c.number)
    async with database.snapshot() as connection:
        kept = await connection.execute(select(*stored, number).group_by(*stored).having(number != 0))
        counted = await connection.execute(select(*rows, func.count()).group_by(*rows))
        return {tuple(row) for row in kept}, {tuple(row) for row in counted}


async def totals(stores, **filters):
    """Return the number of sessions in lists of each status and of all."""
    lists = [
        await stores.sessions.page(["organization"], page=1, page_size=1, status=status, **filters)
        for status in (*SessionStatus, None)
    ]
    return [total for _, total in lists]


@pytest.mark.parametrize(
    ("transition", "expected"),
    [
        ("create", [2, 0, 0, 2]),
        ("complete", [0, 1, 0, 1]),
        ("be idle", [0, 0, 1, 1]),
        ("expire", [0, 0, 1, 1]),
        ("delete", [0, 0, 0, 0]),
        ("scan", [1, 0, 0, 1]),
    ],
)
def test_each_transition_is_counted(in_stores, scanned, session, clock, transition, expected):
    """A list's total of ACTIVE, COMPLETED, EXPIRED and all sessions follows each change of one."""

    async def scenario(stores):
        match transition:
            case "create":
                first = await stores.sessions.get(session["id"])
                await stores.sessions.create(replace(first, id="second"))
            case "complete":
                await stores.sessions.close(session["id"], submit=True)
                await stores.sessions.close(session["id"], submit=True)
            case "be idle":
                clock.advance(TTL + 1)
            case "expire":
                clock.advance(TTL + 1)
                await stores.sessions.expire_idle()
            case "delete":
                await stores.database.change(scan_sessions.delete())
            case "scan":
                await stores.captures.add(scanned())
        kept, counted = await counts_of(stores.database)
        return await totals(stores), kept == counted

    assert in_stores(scenario) == (expected, True)


@pytest.mark.parametrize(
    "statement", [scan_sessions.delete(), scan_sessions.update().values(status="EXPIRED")]
)
def test_what_is_rolled_back_is_not_counted(in_stores, statement):
    """The count of a change that was not committed is not changed either."""

    async def scenario(stores):
        async def fail():
            async with stores.database.transaction() as connection:
                await connection.execute(statement)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        return await totals(stores)

    assert in_stores(scenario) == [1, 0, 0, 1]


def test_idle_sessions_are_expired_in_batches(in_stores, session, clock, monkeypatch):
    """More idle sessions than fit into a batch are all expired by one call."""
    monkeypatch.setattr(sessions_module, "_BATCH", 2)

    async def scenario(stores):
        first = await stores.sessions.get(session["id"])
        for number in range(4):
            await stores.sessions.create(replace(first, id=str(number)))
        clock.advance(TTL + 1)
        return await stores.sessions.expire_idle(), await totals(stores)

    assert in_stores(scenario) == (5, [0, 0, 5, 5])


def test_writers_at_once_are_all_counted(in_stores, session):
    """Sessions that are created and completed concurrently are counted one by one."""

    async def scenario(stores):
        first = await stores.sessions.get(session["id"])
        await asyncio.gather(*[stores.sessions.create(replace(first, id=str(each))) for each in range(64)])
        await asyncio.gather(*[stores.sessions.close(str(each), submit=False) for each in range(0, 64, 2)])
        return await totals(stores), await totals(stores, created_by="nobody")

    assert in_stores(scenario) == ([33, 32, 0, 65], [0, 0, 0, 0])


def test_writers_of_one_organization_do_not_wait_for_each_other(run_in, migrated_postgresql_url, session):
    """On PostgreSQL several open transactions have each counted a session of one organization."""

    async def scenario(database):
        async with AsyncExitStack() as stack, asyncio.timeout(30):
            writers = {}
            for _ in range(8):
                connection = await stack.enter_async_context(database.transaction())
                writers[await connection.scalar(text("SELECT mod(pg_backend_pid(), 16)"))] = connection
            for shard, connection in writers.items():
                await connection.execute(scan_sessions.insert(), {**session, "id": str(shard)})
        kept, counted = await counts_of(database)
        return len(writers), kept == counted

    writers, agree = run_in(migrated_postgresql_url, scenario)
    assert writers > 1
    assert agree


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_the_rows(in_stores, session, now, seed):
    """After any inserts, updates and deletes of any number of rows, kept or rolled back, the counts agree."""
    chance = random.Random(seed)  # noqa: S311 -- the same steps in each run
    ids = [str(number) for number in range(20)]

    def values():
        return {
            "organization_id": chance.choice(["organization", "other"]),
            "created_by": chance.choice(["key:a", "key:b\x00"]),
            "status": chance.choice(list(SessionStatus)),
        }

    def statement(stored):
        chosen = scan_sessions.c.id.in_(chance.sample(ids, 4))
        match chance.randrange(3):
            case 0:
                new = [each for each in ids if each not in stored][: chance.randrange(1, 4)]
                return scan_sessions.insert(), [{**session, **values(), "id": each} for each in new]
            case 1:
                modified = now + timedelta(seconds=chance.randrange(9))
                changes = {**(values() if chance.random() < 0.7 else {}), "modified": modified}
                return scan_sessions.update().where(chosen).values(changes), None
            case _:
                return scan_sessions.delete().where(chosen), None

    async def scenario(stores):
        database = stores.database
        await OrganizationStore(database).add_organization(Organization(id="other", name="", created=now))
        for _ in range(60):
            async with database.snapshot() as connection:
                stored = set(await connection.scalars(select(scan_sessions.c.id)))
            sql, rows = statement(stored)
            if rows == []:
                continue
            with suppress(ZeroDivisionError):
                async with database.transaction() as connection:
                    await connection.execute(sql, rows)
                    if chance.random() < 0.2:
                        raise ZeroDivisionError
            kept, counted = await counts_of(database)
            assert kept == counted

    in_stores(scenario)
