"""What is read often is read by an index: the plans of the statements, of both databases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import asdict
from sqlalchemy import event, func, select, text

from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.storage.accounts.idempotency import IdempotencyStore
from scanner_api.storage.scans import deletion
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.deletion import Deletion
from scanner_api.storage.scans.sessions import SessionStore
from scanner_api.storage.schema.tables import captures, idempotency_keys, organizations, scan_sessions

ROWS = 3000
"""So many that PostgreSQL prefers an index to reading them all."""
TTL = 3600
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}


async def plans_of(database, read):
    """Await a read, and return the plan of each SELECT that it executes, with its parameters."""
    executed = []

    def record(_connection, _cursor, statement, parameters, *_):
        if not statement.startswith(("BEGIN", "EXPLAIN", "SAVEPOINT", "RELEASE")):
            executed.append((statement, parameters))

    engines = [database._engine.sync_engine]  # what SQLAlchemy's events are of
    if database._threaded is not None:
        engines += [database._threaded._opened(), database._writer._threads._opened()]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", record)
    try:
        await read
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record)
    async with database.snapshot() as connection:
        plans = []
        for statement, parameters in executed:
            rows = await connection.exec_driver_sql(EXPLAIN[database.dialect.name] + statement, parameters)
            plans.append(f"{parameters}\n" + "\n".join(str(row[-1]) for row in rows))
    return plans


def is_by_index(plan, table):
    """Tell whether a plan reads a table, and by an index alone."""
    lines = [
        line
        for line in plan.splitlines()
        if f" {table}" in line and "Sort Key" not in line and "Window:" not in line
    ]
    by_index = [line for line in lines if "USING" in line or "Index" in line]
    return bool(lines) and lines == by_index


@pytest.fixture
def filled(session, scanned, now):
    """Fill a database with completed captures of many sessions, and a few that are unfinished.

    Other sessions are idle ones of another organization.
    """

    async def fill(database, seconds_apart=0.0, *, other_sessions=0):
        sessions = [
            {
                **session,
                "id": f"session-{number}",
                "created": now + timedelta(seconds=number),
                "modified": now - timedelta(seconds=2 * TTL * (number % 1000 == 0) + number * seconds_apart),
                "status": list(SessionStatus)[number % 3],
            }
            for number in range(ROWS)
        ]
        scans = []
        for number in range(ROWS):
            status = CaptureStatus.PENDING if number < 3 else CaptureStatus.COMPLETED
            row = asdict(scanned(id=str(number), session_id=f"session-{number}", status=status))
            del row["product_name"]
            scans.append(row)
        idle = {
            **session,
            "organization_id": "other",
            "status": SessionStatus.ACTIVE,
            "modified": now - timedelta(seconds=2 * TTL),
        }
        sessions += [{**idle, "id": f"other-{number}"} for number in range(other_sessions)]
        async with database.transaction() as connection:
            other = {"id": "other", "name": "Other", "created": now}
            await connection.execute(organizations.insert().values(other))
            await connection.execute(scan_sessions.insert(), sessions)
            await connection.execute(captures.insert(), scans)
        if database.dialect.name == "postgresql":  # its own job would do it after a minute; SQLite has none
            async with database.transaction() as connection:
                await connection.execute(text("ANALYZE"))

    return fill


def test_the_sweep_reads_what_is_unfinished_alone(in_shared_database, filled, clock):
    """Finished captures, which are nearly all, are not read."""

    async def scenario(database):
        await filled(database)
        store = CaptureStore(database, clock, TTL)
        return await plans_of(database, store.unfinished(10)), [
            each.id for each in await store.unfinished(10)
        ]

    (plan,), waiting = in_shared_database(scenario)
    assert waiting == ["0", "1", "2"]
    assert is_by_index(plan, "captures"), plan
    assert "ix_captures_status_created" in plan


@pytest.mark.parametrize("page", [1, ROWS // 10])
def test_the_first_and_the_last_page_are_read_by_the_index_of_their_order(
    in_shared_database, filled, clock, page
):
    """Nothing is sorted, and nothing is skipped to reach the last page, which is read from the end."""

    async def scenario(database):
        await filled(database)
        store = SessionStore(database, clock, TTL)
        reading = store.page(["organization"], page=page, page_size=10)
        return (await plans_of(database, reading))[-1], await store.page(
            ["organization"], page=page, page_size=10
        )

    plan, (sessions, total) = in_shared_database(scenario)
    newest = ROWS - (page - 1) * 10
    assert [found.id for found in sessions] == [f"session-{newest - number}" for number in range(1, 11)]
    assert total == ROWS
    assert is_by_index(plan, "scan_sessions"), plan
    assert "ix_scan_sessions_organization_id_created_id" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
    assert set(re.findall(r"\d+", plan.partition("\n")[0])) <= {"0", "10"}


@pytest.mark.parametrize("status", [None, *SessionStatus])
def test_sessions_are_counted_without_reading_them(in_shared_database, filled, clock, status):
    """A total is read from the counts; of sessions only those are read that are idle, and not yet expired."""

    async def scenario(database):
        await filled(database, other_sessions=ROWS)
        store = SessionStore(database, clock, TTL)
        reading = store.page(["organization"], page=2, page_size=10, status=status)
        return (await plans_of(database, reading))[0]

    plan = in_shared_database(scenario)
    reads_idle = status in {SessionStatus.ACTIVE, SessionStatus.EXPIRED}
    assert ("scan_sessions" in plan) == reads_idle, plan
    if reads_idle:
        assert "ix_scan_sessions_organization_id_status_modified" in plan, plan


@pytest.mark.parametrize("page", [1, ROWS // 30])
@pytest.mark.parametrize("status", SessionStatus)
def test_sessions_of_a_status_are_read_by_index(in_shared_database, filled, clock, status, page):
    """A page of one status is read in the order of an index; only those that are idle have to be sorted."""

    async def scenario(database):
        await filled(database)
        store = SessionStore(database, clock, TTL)
        reading = store.page(["organization"], page=page, page_size=10, status=status)
        return (await plans_of(database, reading))[-1]

    plan = in_shared_database(scenario)
    assert is_by_index(plan, "scan_sessions"), plan
    assert "ix_scan_sessions_organization_id_status_created_id" in plan, plan


@pytest.mark.parametrize("page", [1, 2, ROWS // 30])
def test_expired_sessions_are_read_without_active_ones(in_shared_database, session, now, clock, page):
    """Where none is idle, an index says so, and no ACTIVE session is looked at, though all are newer."""

    async def scenario(database):
        row = {**session, "modified": now, "status": SessionStatus.EXPIRED}
        rows = [
            {**row, "id": f"{number}", "created": now + timedelta(seconds=number)} for number in range(ROWS)
        ]
        rows += [
            {
                **each,
                "id": f"a{number}",
                "created": now + timedelta(hours=number),
                "status": SessionStatus.ACTIVE,
            }
            for number, each in enumerate(rows[: ROWS // 10], start=1)
        ]
        async with database.transaction() as connection:
            await connection.execute(scan_sessions.insert(), rows)
            if database.dialect.name == "postgresql":
                await connection.execute(text("ANALYZE"))
        store = SessionStore(database, clock, TTL)
        reading = store.page(["organization"], page=page, page_size=10, status=SessionStatus.EXPIRED)
        plans = await plans_of(database, reading)
        return plans, await store.page(
            ["organization"], page=page, page_size=10, status=SessionStatus.EXPIRED
        )

    (idle, *pages), (sessions, total) = in_shared_database(scenario)
    assert "status_modified" in idle, idle
    assert "ix_scan_sessions_organization_id_status_created_id" in pages[-1], pages
    assert [plan for plan in pages if "ACTIVE" in plan or "Filter" in plan or "Sort" in plan] == []
    newest = ROWS - (page - 1) * 10
    assert [each.id for each in sessions] == [f"{newest - number}" for number in range(1, 11)]
    assert total == ROWS


@pytest.mark.parametrize("organization_id", [None, "organization"])
def test_sessions_are_deleted_by_index(in_shared_database, filled, now, organization_id, monkeypatch):
    """What there is to delete, and what refers to it, is found by indexes: to find nothing costs nothing."""
    monkeypatch.setattr(deletion, "_SESSIONS", 5)  # of a table this small, to read all is less than 100 times

    async def scenario(database):
        await filled(
            database, 0.001
        )  # all of an instant would have to be sorted, and might as well all be read
        steps = Deletion(database).delete_finished(now + timedelta(seconds=ROWS), organization_id)
        plans = await plans_of(database, anext(steps))
        await steps.aclose()
        return plans, database.dialect.name

    plans, dialect = in_shared_database(scenario)
    read = "SCAN " if dialect == "sqlite" else "Seq Scan on "
    tables = ("scan_sessions", "captures") if dialect == "postgresql" else ("",)
    assert [plan for plan in plans if any(f"{read}{table}" in plan for table in tables)] == []
    assert len(plans) > 5


def test_keys_that_have_expired_are_found_by_index(in_shared_database, clock, now):
    """Those that still count, which are nearly all, are not read."""
    keys = [
        {
            "id": f"{number:064}",
            "fingerprint": "0" * 64,
            "claim": "",
            "response": b"",
            "expires_at": now + timedelta(seconds=number),
        }
        for number in range(ROWS)
    ]

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(idempotency_keys.insert(), keys)
            if database.dialect.name == "postgresql":
                await connection.execute(text("ANALYZE"))
        plans = await plans_of(database, IdempotencyStore(database, clock).expire())
        return plans, await database.fetch(select(func.count()).select_from(idempotency_keys))

    (plan,), [(left,)] = in_shared_database(scenario)
    assert left == ROWS - 1
    assert "ix_idempotency_keys_expires_at" in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "SCAN idempotency_keys" not in plan, plan
