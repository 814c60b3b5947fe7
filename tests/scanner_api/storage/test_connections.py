"""How much of PostgreSQL a process uses, and what it waits for."""

from __future__ import annotations

import asyncio
import gc
import ssl
import threading

import pytest
from sqlalchemy import event, func, make_url, select, text

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.app import database_of
from scanner_api.cli.databases import with_database
from scanner_api.scanning.scans.sessions import ScanSession
from scanner_api.settings import Settings
from scanner_api.storage.connections import engines
from scanner_api.storage.connections.engines import DatabaseError, Waits, _postgresql, engine_for, parse
from scanner_api.storage.connections.errors import LOCKED
from scanner_api.storage.database import Database
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.photos import PhotoStore
from scanner_api.storage.scans.proposals import ProposalStore
from scanner_api.storage.scans.sessions import SessionStore
from scanner_api.storage.schema.tables import scan_sessions
from scanner_api.worker import Worker

OWN = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_urls_as_others_write_them(scheme):
    """Heroku's and Amazon's spelling of a URL is that of a driver's, and asyncpg gets what it knows."""
    url = parse(f"{scheme}://user:pw@host:5433/scanner?sslmode=require")
    assert url.render_as_string(hide_password=False).startswith(
        "postgresql+asyncpg://user:pw@host:5433/scanner"
    )
    own, arguments = _postgresql(url, Waits())
    assert (dict(own.query), arguments["connect_args"]["ssl"]) == ({}, "require")


def test_parameters_as_libpq_has_them(caplog):
    """Hosts with ports or without, a name, a timeout; what has no effect is said."""
    url = parse(
        "postgres://user:p%40w@a.example:6432,b.example,[2001:db8::1]:7/scanner?target_session_attrs=read-write"
        "&channel_binding=require&application_name=shop&connect_timeout=3&sslmode=require"
    )
    arguments = _postgresql(url, Waits())[1]["connect_args"]
    assert (arguments["timeout"], arguments["server_settings"]) == (3, {"application_name": "shop"})
    engine = engine_for(url, Waits())
    _, connecting = engine.dialect.create_connect_args(engine.url)
    assert connecting == {
        "user": "user",
        "password": "p@w",
        "database": "scanner",
        "host": ["a.example", "b.example", "2001:db8::1"],
        "port": [6432, 5432, 7],
        "target_session_attrs": "read-write",
    }
    assert parse(url.render_as_string(hide_password=False)) == url
    assert "channel_binding=require of the database URL has no effect" in caplog.text
    caplog.clear()
    _postgresql(parse("postgres://host/x?channel_binding=require&sslmode=verify-full"), Waits())
    assert caplog.text == ""
    for wrong in ("channel_binding=always", "pgbouncer=1", "sslmode=on", "target_session_attrs=writable"):
        with pytest.raises(DatabaseError, match=f"{wrong.partition('=')[0]} of the database URL is"):
            parse(f"postgres://host/x?{wrong}")
    with pytest.raises(DatabaseError, match="connect_timeout"):
        parse("postgres://host/x?connect_timeout=soon")


@pytest.mark.parametrize("hosts", ["host=a&host=b", "host=a,b", "host=a,b&port=1", "port=x"])
def test_hosts_that_cannot_be_read(hosts):
    """A command says so instead of a traceback, whose lines might quote the password."""
    with pytest.raises(DatabaseError, match="hosts of the database URL cannot be read; expected"):
        engine_for(parse(f"postgres://user:pw@/scanner?{hosts}"), Waits())


def test_one_of_several_hosts(postgresql, closed_port, tmp_path, run_in):
    """One that refuses connections is passed over."""
    url = make_url(postgresql)
    several = (
        f"postgresql://{url.username}@/{url.database}?host={tmp_path}:5432&host={url.query['host']}:5432"
    )

    async def scenario(database):
        async with database.snapshot() as connection:
            return await connection.scalar(text("SELECT 1"))

    assert closed_port
    assert run_in(several, scenario, organization=False) == 1


def test_a_certificate_of_ones_own():
    """With a file of certificates the server's is checked, with verify-full its name as well."""
    file = ssl.get_default_verify_paths().cafile
    if file is None:
        pytest.skip("needs certificates of the system")
    for mode, checked in (("verify-ca", False), ("verify-full", True)):
        _, arguments = _postgresql(parse(f"postgres://host/x?sslmode={mode}&sslrootcert={file}"), Waits())
        context = arguments["connect_args"]["ssl"]
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, checked)


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_certificates_of_modes_that_verify_nothing(mode):
    """As with libpq, a file of certificates does not make a mode a stricter one."""
    _, arguments = _postgresql(parse(f"postgres://host/x?sslmode={mode}&sslrootcert=ca.pem"), Waits())
    assert arguments["connect_args"]["ssl"] == mode


@pytest.mark.parametrize("write", ["reorder", "apply"])
def test_a_locked_session_does_not_take_all_connections(
    migrated_postgresql_url, run_in, clock, session, scanned, write
):
    """While one session's row stays locked, any number of writes to it leave the others their connections."""

    async def scenario(_):
        database = Database(migrated_postgresql_url, Waits(pool_size=4, pool_seconds=20, lock_seconds=3))
        sessions, photos = SessionStore(database, clock, 3600), PhotoStore(database, clock, 3600)
        proposals, id_ = ProposalStore(database, clock), session["id"]
        writes = {
            "reorder": lambda: photos.reorder(id_, []),
            "apply": lambda: proposals.apply("capture", turns=[id_, "product"]),
        }
        other = "3c4d5e6f7g8h9jAkBmCn2b"
        for session_id in (session["id"], other):
            await sessions.create(ScanSession(**{**session, "id": session_id}))
        await CaptureStore(database, clock, 3600).add(scanned())
        locker = Database(migrated_postgresql_url)
        try:
            async with locker.transaction() as connection:
                row = select(scan_sessions.c.id).where(scan_sessions.c.id == session["id"])
                await connection.execute(row.with_for_update())
                blocked = [asyncio.create_task(writes[write]()) for _ in range(40)]
                await asyncio.sleep(0)
                closed = await sessions.close(other, submit=False)
                still = sum(not each.done() for each in blocked)
                outcomes = await asyncio.gather(*blocked, return_exceptions=True)
        finally:
            await locker.close()
            await database.close()
        assert closed.id == other
        return (
            still,
            {(type(each), str(each)) for each in outcomes},
            {str(each.__cause__) for each in outcomes},
        )

    still, outcomes, causes = run_in(migrated_postgresql_url, scenario)
    assert (still, outcomes) == (40, {(ServiceUnavailable, LOCKED)})
    assert f"{session['id']} is locked, for 3 s or more" in causes


def test_a_process_has_no_more_connections_than_its_pool(migrated_postgresql_url, run_in, clock, session):
    """Lookups of all kinds and transactions at once stay within it, so that ten processes fit into 100."""

    async def scenario(database):
        await SessionStore(database, clock, 3600).create(ScanSession(**session))
        asked = [PhotoStore(database, clock, 3600) for _ in range(10)]
        await asyncio.gather(*(store.of_session(session["id"]) for store in asked))
        await asyncio.gather(*(store.reorder(session["id"], []) for store in asked))
        async with database.snapshot() as connection:
            return await connection.scalar(OWN)

    assert run_in(migrated_postgresql_url, scenario) <= Waits().pool_size
    assert 10 * Waits().pool_size < 97


@pytest.mark.parametrize("quiet", [0, 60])
def test_an_idle_connection_that_its_server_ends_is_replaced(
    migrated_postgresql_url, run_in, monkeypatch, quiet
):
    """It fails no request, whether it is pinged before its next use or only looked at."""
    monkeypatch.setattr(engines, "QUIET_SECONDS", quiet)
    ending = select(func.pg_terminate_backend(text("pid"), 5000)).select_from(text("pg_stat_activity"))
    others = ending.where(text("datname = current_database() AND pid <> pg_backend_pid()"))

    async def scenario(other):
        database, opened = Database(migrated_postgresql_url), []
        engine = database._engine.sync_engine
        event.listen(engine, "connect", lambda connection, _: opened.append(connection.driver_connection))
        await database.ping()
        await other.fetch(others)
        async with asyncio.timeout(30):
            while not opened[0].is_closed():  # noqa: ASYNC110 -- it sets no event
                await asyncio.sleep(0)
        await database.ping()
        await database.close()
        return len(opened)

    assert run_in(migrated_postgresql_url, scenario) == 2


async def test_timeouts_are_set_for_every_connection(migrated_postgresql_url):
    """What the settings say is what PostgreSQL holds statements to."""
    assert make_url(migrated_postgresql_url).get_backend_name() == "postgresql"
    database = Database(migrated_postgresql_url, Waits(lock_seconds=1.5, statement_seconds=7))
    try:
        async with database.snapshot() as connection:
            shown = [await connection.scalar(text(f"SHOW {name}_timeout")) for name in ("lock", "statement")]
    finally:
        await database.close()
    assert shown == ["1500ms", "7s"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [("", ["5s", "30s", "30s"]), ("60", ["1min", "1min", "30s"]), ("0", ["0", "0", "30s"])],
)
def test_only_requests_have_the_short_bound(migrated_postgresql_url, monkeypatch, seconds, expected):
    """Statements of workers and commands, which no client waits for, take longer by default."""
    if seconds:
        monkeypatch.setenv("SCANNER_DATABASE_STATEMENT_SECONDS", seconds)
    settings = Settings(database_url=migrated_postgresql_url, queue_url="redis://127.0.0.1:1")

    async def bound(database):
        async with database.snapshot() as connection:
            return await connection.scalar(text("SHOW statement_timeout"))

    async def bounds():
        databases = database_of(settings), Worker(settings)._database
        shown = [await bound(database) for database in databases]
        for database in databases:
            await database.close()
        return shown

    assert [*asyncio.run(bounds()), with_database(settings, bound)] == expected


def test_a_disk_that_cannot_be_written_to(sqlite_url, run_in, tmp_path):
    """Where nothing can be written beside the file, the check fails."""

    async def scenario(database):
        await database.check_disk()
        database.url = database.url.set(database=str(tmp_path / "gone" / "scanner.db"))
        with pytest.raises(OSError, match="gone"):
            await database.check_disk()

    run_in(sqlite_url, scenario)


@pytest.mark.parametrize("turns", range(1, 6))
async def test_a_task_that_is_cancelled_as_it_connects(sqlite_url, turns):
    """Its connection is closed, which Python 3.13 warns of if it is not."""
    engine = engine_for(make_url(sqlite_url), Waits())
    connecting = asyncio.ensure_future(engine.connect().start())
    for _ in range(turns):
        await asyncio.sleep(0)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    await engine.dispose()
    for thread in threading.enumerate():
        if "connection_worker" in thread.name:
            await asyncio.to_thread(thread.join, 10)
    gc.collect()
