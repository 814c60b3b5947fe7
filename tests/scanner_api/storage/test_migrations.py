"""The migrations lead to the schema that tables.py states, once, however many start."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec.structs import asdict
from sqlalchemy import CheckConstraint, insert, inspect, text

from contract_first.service.clock import SystemClock
from scanner_api.scanning.scans.sessions import ScanSession
from scanner_api.storage.accounts.organizations import OrganizationStore
from scanner_api.storage.actions import Action, Actor
from scanner_api.storage.audit import entry, read_audit_log
from scanner_api.storage.database import ConstraintError, Database, DatabaseError
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.extractions import ExtractionStore
from scanner_api.storage.scans.sessions import SessionStore
from scanner_api.storage.schema import migrations
from scanner_api.storage.schema.migrations.upgrade import configuration
from scanner_api.storage.schema.tables import (
    audit_log,
    captures,
    metadata,
    note_compatibility,
    organizations,
    scan_sessions,
)

MIGRATE = """
import asyncio, sys
from scanner_api.storage.database import Database

async def migrate():
    database = Database(sys.argv[1])
    await database.migrate()
    await database.close()

asyncio.run(migrate())
print("alembic" in sys.modules)
"""


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def shared_url(request):
    """The URL of a database that nobody has migrated."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["sqlite+aiosqlite://", "sqlite_url", "postgresql_url"])
def database_url(request):
    """The same, also in memory."""
    return request.param if ":" in request.param else request.getfixturevalue(request.param)


async def upgraded(url, *statements):
    """Return a database that was made by version 0.3 and filled, and is at the newest revision now."""
    database = Database(url)
    await database.connect()
    script = Path(__file__).parent / "schema_of_0_3" / f"{database.dialect.name}.sql"
    async with database.transaction() as connection:
        for statement in script.read_text().split("\n\n"):
            await connection.exec_driver_sql(statement)
        for statement in statements:
            await connection.execute(statement)
    await database.migrate()
    return database


def difference(connection):
    """Return what Alembic would do to make the schema that of the tables."""
    return compare_metadata(MigrationContext.configure(connection), metadata)


def organization(now, name="Grocer"):
    """Return the insert of the organization that sessions belong to."""
    return organizations.insert().values(id="organization", name=name, created=now)


def migrate_in_processes(url, number):
    """Migrate in as many processes at once, and tell which of them imported Alembic."""
    command = [sys.executable, "-c", MIGRATE, url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]  # noqa: S603 -- the project's own command
    printed = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * number
    return printed


def test_the_migrated_schema_is_that_of_the_tables(in_database):
    """Alembic finds nothing to do: tables, columns, types, indexes and constraints agree."""

    async def scenario(database):
        async with database.snapshot() as connection:
            return await connection.run_sync(difference)

    assert in_database(scenario) == []


def test_constraints_that_alembic_does_not_compare_agree(in_database):
    """Primary keys and checks of the migrated schema are those of the tables."""

    def found(connection):
        inspector = inspect(connection)
        return {
            table.name: (
                inspector.get_pk_constraint(table.name)["constrained_columns"],
                {check["name"] for check in inspector.get_check_constraints(table.name)},
            )
            for table in metadata.sorted_tables
        }

    def stated(table):
        checks = {str(item.name) for item in table.constraints if isinstance(item, CheckConstraint)}
        return [column.name for column in table.primary_key], checks

    async def scenario(database):
        async with database.snapshot() as connection:
            return await connection.run_sync(found)

    assert in_database(scenario) == {table.name: stated(table) for table in metadata.sorted_tables}


def test_a_new_database_in_memory_has_the_same_schema(sqlite_url):
    """Made at once, a database in memory has what the migrations make of a file, to the last index."""

    def described(connection):
        inspector = inspect(connection)
        return {
            table: (
                {column["name"]: _comparable(column) for column in inspector.get_columns(table)},
                inspector.get_pk_constraint(table),
                sorted(inspector.get_foreign_keys(table), key=repr),
                sorted(inspector.get_indexes(table), key=repr),
                sorted(inspector.get_unique_constraints(table), key=repr),
                sorted(inspector.get_check_constraints(table), key=repr),
            )
            for table in inspector.get_table_names()
        }

    async def schema(url):
        database = Database(url)
        await database.migrate()
        async with database.snapshot() as connection:
            found = await connection.run_sync(described)
        await database.close()
        return found

    assert asyncio.run(schema("sqlite+aiosqlite://")) == asyncio.run(schema(sqlite_url))


def _comparable(column):
    # of a number's column '0' and 0 are the same default
    return {**column, "type": str(column["type"]), "default": (column["default"] or "").strip("'")}


def test_head_is_the_newest_revision():
    """The constant that stands for Alembic at start is what Alembic would say, and history is one line."""
    assert ScriptDirectory.from_config(configuration()).get_heads() == [migrations.HEAD]


async def test_processes_that_start_at_once_migrate_once(shared_url):
    """Several processes on a new database all start, and find one schema."""
    migrate_in_processes(shared_url, 3)
    database = Database(shared_url)
    async with database.snapshot() as connection:
        rows = (await connection.scalars(text("SELECT version_num FROM alembic_version"))).all()
    await database.close()
    assert rows == [migrations.HEAD]


def test_a_current_database_needs_no_alembic(sqlite_url):
    """Alembic, which would slow the start, is not imported for a new database or one that is up to date."""
    assert migrate_in_processes(sqlite_url, 1) == ["False"]
    assert migrate_in_processes(sqlite_url, 1) == ["False"]


async def test_a_database_of_0_3_keeps_its_rows(shared_url, session, scanned, now):
    """Organizations, sessions and captures are as they were; sessions are counted, and go on."""
    stored = {
        **session,
        "metadata": {"shelf": "4 \x00 \\u0000"},
        "device_context": {"big": 2**70, "\ud83d": None},
        "user_agent": "Scanner \x00 \ud83d \\",
    }
    capture = scanned(gtin="09521234000013", sent_gtin="09521234000013")
    row = {**asdict(capture), "session_id": session["id"]}
    del row["product_name"]
    inserts = (
        organization(now, "Grocer \x00"),
        scan_sessions.insert().values(stored),
        captures.insert().values(row),
    )
    database = await upgraded(shared_url, *inserts)
    sessions = SessionStore(database, SystemClock(), 10**10)
    session_now = await sessions.get(session["id"])
    capture_now = await CaptureStore(database, SystemClock(), 10**10).claim(row["id"], 20)
    _, total = await sessions.page(["organization"], page=1, page_size=1)
    closed = await sessions.close(session["id"], submit=True)
    claimed = await ExtractionStore(database, SystemClock()).claim(session["id"], 20)
    owner = await OrganizationStore(database).organization("organization")
    revision = (await database.schema()).revision
    await database.close()
    assert (session_now, capture_now, total) == (ScanSession(**stored), capture, 1)
    assert (closed.status, claimed, owner.name) == ("COMPLETED", 1, "Grocer \x00")
    assert revision == migrations.HEAD


async def test_a_database_of_0_3_gets_the_schema_of_the_tables(shared_url):
    """Alembic finds nothing to do after the migrations, as in a new database."""
    database = await upgraded(shared_url)
    async with database.snapshot() as connection:
        changes = await connection.run_sync(difference)
    await database.close()
    assert changes == []


def test_a_current_database_is_left_alone(in_database, now):
    """Migrating again changes nothing."""

    async def scenario(database):
        await database.migrate()
        return await OrganizationStore(database).organization("organization")

    assert in_database(scenario).created == now


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("9999", "another version of scanner-api.*9999"),
        ("0009", "at revision 0009, of a version before 0.3.*`scanner-api db upgrade` of version 0.3 first"),
    ],
)
def test_a_database_of_another_version_is_a_clear_error(in_database, revision, sentence):
    """A revision that this version does not know is left alone, and the error names it and what to do."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})
        await database.migrate()

    with pytest.raises(DatabaseError, match=sentence):
        in_database(scenario)


def test_the_version_before_goes_on_while_it_is_replaced(in_shared_database, now, caplog):
    """A newer schema that allows for this version is used, and logged; one that does not is an error."""

    async def scenario(database):
        async with database.transaction() as connection:
            await connection.run_sync(note_compatibility, "9999")
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await database.migrate()
        schema = await database.schema()
        schema.check()
        used = await OrganizationStore(database).organization("organization")
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE schema_compatibility SET least_revision = '9998'"))
        with pytest.raises(DatabaseError, match="needs a version of scanner-api that knows 9998"):
            (await database.schema()).check()
        async with database.transaction() as connection:  # others use the same schema
            new = {"new": migrations.HEAD}
            await connection.execute(text("UPDATE alembic_version SET version_num = :new"), new)
        return schema, used.created

    assert in_shared_database(scenario) == (("9999", migrations.LEAST), now)
    warning = (
        f"The database is at revision 9999 of a newer version, which this one ({migrations.HEAD}) may use"
    )
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [warning] * 2


async def test_a_failed_migration_changes_nothing(database_url):
    """If a step fails the schema stays as it was, and the error says why."""

    def tables(connection):
        return set(inspect(connection).get_table_names())

    async def scenario():
        database = Database(database_url)
        try:
            async with database.transaction() as connection:
                await connection.execute(text("CREATE TABLE secrets (id INTEGER)"))
            with pytest.raises(DatabaseError, match="secrets"):
                await database.migrate()
            async with database.snapshot() as connection:
                return await connection.run_sync(tables)
        finally:
            await database.close()

    assert (await scenario()) == {"secrets"}


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite_url"])
async def test_entries_of_the_audit_log_are_not_replaced(url, request, now):
    """SQLite refuses it in a new database, and in one of before the trigger once it is upgraded."""
    if ":" in url:
        database = Database(url)
        await database.migrate()
    else:
        database = await upgraded(request.getfixturevalue(url))
    async with database.transaction() as connection:
        for subject in ("first", "second"):
            await connection.execute(entry(now, Actor("ada", "192.0.2.1"), Action.KEY_REVOKED, subject))
    before = await read_audit_log(database, limit=9)
    replacement = insert(audit_log).prefix_with("OR REPLACE")
    replacement = replacement.values(asdict(before[0]) | {"actor": "nobody"})
    with pytest.raises(ConstraintError):
        await database.change(replacement)
    assert await read_audit_log(database, limit=9) == before != []
    await database.close()
