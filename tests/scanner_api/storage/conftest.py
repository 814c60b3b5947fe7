"""The databases that the storage is tested on, each of them real."""

from __future__ import annotations

import asyncio
import os
import runpy
import shutil
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, func, make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from scanner_api.scanning.catalogue.products import Product
from scanner_api.scanning.scans.captures import Capture, CaptureStatus
from scanner_api.scanning.scans.sessions import ExtractionStatus, ScanSession, SessionStatus
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.catalogue.redirect_rules import RedirectRule, RedirectRuleStore
from scanner_api.storage.database import Database
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.extractions import ExtractionStore
from scanner_api.storage.scans.photos import PhotoStore
from scanner_api.storage.scans.proposals import ProposalStore
from scanner_api.storage.scans.sessions import SessionStore
from scanner_api.storage.schema.tables import metadata, redirect_rules, users
from strict_s3 import Server

MIGRATED = {"sqlite-file": "migrated_sqlite_url", "postgresql": "migrated_postgresql_url"}
"""The backends that several processes can share; a migration for each test would be most of its time."""
BACKENDS = ("sqlite-memory", *MIGRATED)
END_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
postgresql = runpy.run_path(str(Path(__file__).parents[2] / "services" / "postgresql.py"))["postgresql"]
NOW = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
TTL_SECONDS = 3600


async def rules_of(database, organization_id, product_short_id):
    """Return the redirect rules of an organization for a product, in their order."""
    rules = redirect_rules.c
    rows = await database.fetch(
        select(*(rules[field] for field in RedirectRule.__struct_fields__))
        .where(rules.organization_id == organization_id, rules.product_short_id == product_short_id)
        .order_by(rules.order_index)
    )
    return [RedirectRule(**row._mapping) for row in rows]


@pytest.fixture(scope="module")
def s3():
    """An S3 with the bucket ``photos``."""
    with Server("photos", region="us-west-2", credentials={"key": "secret"}) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql):
    """A fresh PostgreSQL database's URL."""
    with _postgresql_database(postgresql) as url:
        yield url


@pytest.fixture
def another_postgresql_url(postgresql):
    """A fresh PostgreSQL database's URL, beside that one."""
    with _postgresql_database(postgresql) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_schema(postgresql):
    """The URL of a PostgreSQL database that is migrated."""
    with _postgresql_database(postgresql) as url:
        _migrate(url)
        yield url


@pytest.fixture
def migrated_postgresql_url(postgresql_schema):
    """The same without a row: to empty its tables costs far less than a database."""
    yield postgresql_schema
    emptying = [delete(table) for table in reversed(metadata.sorted_tables)]
    # else the audit log would refuse
    unguarded = text("SET session_replication_role = replica")
    asyncio.run(_command(postgresql_schema, END_OTHERS, unguarded, *emptying))


@contextmanager
def _postgresql_database(server):
    name = f"test_{time.monotonic_ns()}_{os.getpid()}"
    asyncio.run(_command(server, text(f"CREATE DATABASE {name}")))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    asyncio.run(_command(server, text(f"DROP DATABASE {name} WITH (FORCE)")))


async def _command(url, *statements):
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(statement)
    await engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}"


@pytest.fixture
def migrated_sqlite_url(sqlite_url, sqlite_template):
    """The URL of a SQLite file that is migrated, and has no row yet."""
    shutil.copy(sqlite_template, make_url(sqlite_url).database)
    return sqlite_url


def _migrate(url):
    async def migrated():
        database = Database(url)
        await database.migrate()
        await database.close()

    asyncio.run(migrated())


@pytest.fixture(params=BACKENDS)
def database_url(request):
    """A database's URL, on each backend; one in memory is to be migrated, the others are."""
    if request.param == "sqlite-memory":
        return "sqlite+aiosqlite://"
    return request.getfixturevalue(MIGRATED[request.param])


@pytest.fixture(params=MIGRATED)
def shared_url(request):
    """A migrated database's URL, on each backend that several processes can share."""
    return request.getfixturevalue(MIGRATED[request.param])


@pytest.fixture
def in_database(database_url):
    """Run a coroutine function on a migrated database that has an organization, on each backend."""
    return partial(_run_in, database_url)


@pytest.fixture
def in_shared_database(shared_url):
    """The same, on each backend that several processes can share."""
    return partial(_run_in, shared_url)


@pytest.fixture
def run_in():
    """Run a coroutine function on a migrated database of a URL."""
    return _run_in


@pytest.fixture
def now():
    """A moment."""
    return NOW


@pytest.fixture
def clock(stopped_clock):
    """A clock that stands at that moment."""
    return stopped_clock(NOW)


class Rows:
    """Rows of a table with few columns, for whatever is written and counted."""

    @staticmethod
    async def add(connection, user_id):
        """Write a row."""
        row = {"id": user_id, "email": f"{user_id}@example.com", "created": NOW}
        await connection.execute(users.insert(), row)

    @staticmethod
    async def count(database):
        """Count the rows that are committed."""
        async with database.snapshot() as connection:
            return await connection.scalar(select(func.count()).select_from(users))


@pytest.fixture
def rows():
    """What writes a row and counts those that are committed."""
    return Rows


@pytest.fixture
def session():
    """A row of scan_sessions."""
    return {
        "id": "2b3c4d5e6f7g8h9jAkBmCn",
        "organization_id": "organization",
        "created_by": "key:2b3c",
        "status": SessionStatus.ACTIVE,
        "extraction_status": ExtractionStatus.PENDING,
        "capture_mode": "barcode_scan",
        "metadata": {},
        "user_agent": "Scanner/1.0",
        "device_context": {},
        "created": NOW,
        "modified": NOW + timedelta(microseconds=1),
        "capture_count": 3,
        "photo_count": 4,
    }


@pytest.fixture
def in_stores(in_database, clock, session):
    """Run a coroutine function on the stores of a database that has an active session, on each backend."""
    return lambda scenario: in_database(lambda database: _with_session(database, clock, session, scenario))


@pytest.fixture
def scanned(session):
    """Make captures of that session."""
    capture = Capture(
        id="capture",
        session_id=session["id"],
        status=CaptureStatus.PENDING,
        capture_type="BARCODE",
        raw_value="9521234000013",
        created=NOW,
    )
    return partial(replace, capture)


@pytest.fixture
def milk():
    """A product of the catalogue."""
    return Product(gtin="09521234000013", name="Whole Milk 1 L", brand_name="Alder Farm", brick="10000025")


async def _with_session(database, clock, session, scenario):
    stores = SimpleNamespace(
        database=database,
        sessions=SessionStore(database, clock, TTL_SECONDS),
        captures=CaptureStore(database, clock, TTL_SECONDS),
        photos=PhotoStore(database, clock, TTL_SECONDS),
        products=ProductStore(database, clock),
        proposals=ProposalStore(database, clock),
        extractions=ExtractionStore(database, clock),
        rules=RedirectRuleStore(database, clock),
    )
    await stores.sessions.create(ScanSession(**session))
    return await scenario(stores)


def _run_in(url, scenario, *, organization=True):
    async def run():
        database = Database(url)
        try:
            await database.migrate()
            if organization:
                grocer = Organization(id="organization", name="Grocer", created=NOW)
                await OrganizationStore(database).add_organization(grocer)
            return await scenario(database)
        finally:
            await database.close()

    return asyncio.run(run())
