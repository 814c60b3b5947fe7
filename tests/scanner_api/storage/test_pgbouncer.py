"""A real PgBouncer in transaction mode: each transaction may run on another connection to PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, text

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.scanning.scans.sessions import ScanSession
from scanner_api.storage.connections.engines import Waits
from scanner_api.storage.connections.errors import connection_of
from scanner_api.storage.database import Database
from scanner_api.storage.scans.sessions import SessionStore
from scanner_api.storage.schema.tables import users

CLIENTS = 8
COUNTED = select(func.count()).select_from(users)
SETTINGS = text("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")


@pytest.fixture
def pgbouncer():
    """Return what runs a PgBouncer with two connections to a database, and gives a URL of it."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("needs pgbouncer, which is not on this machine")

    @contextmanager
    def pooling(url, **settings):
        target = make_url(url)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        options = {
            "listen_addr": "127.0.0.1",
            "listen_port": port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": "transaction",
            "default_pool_size": 2,
            **settings,
        }
        lines = [f"{name} = {value}" for name, value in options.items()]
        server = f"* = host={target.query['host']} user={target.username}"
        folder = Path(tempfile.mkdtemp(prefix="scanner-pgbouncer-"))
        file = folder / "pgbouncer.ini"
        file.write_text("\n".join(["[databases]", server, "[pgbouncer]", *lines, ""]))
        identity = {}
        if os.geteuid() == 0:  # which it refuses to be
            from pwd import getpwnam  # noqa: PLC0415 -- not on Windows, which does not get here

            nobody = getpwnam("nobody")
            identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            folder.chmod(0o755)
        with subprocess.Popen(  # noqa: S603 -- PgBouncer
            [program, file], stderr=subprocess.DEVNULL, **identity
        ) as process:
            try:
                _await(port, process)
                yield f"postgresql://{target.username}@127.0.0.1:{port}/{target.database}?pgbouncer=true"
            finally:
                process.send_signal(signal.SIGQUIT)
                shutil.rmtree(folder)

    return pooling


def _await(port, process):
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return


async def at_once(databases, session, clock):
    """Create, close and list sessions by many clients of several processes at once."""

    async def use(number):
        sessions = SessionStore(databases[number % len(databases)], clock, 3600)
        new = {**session, "id": f"session {number}"}
        await sessions.create(ScanSession(**new))
        found = await sessions.get(new["id"])
        await sessions.close(new["id"], submit=False)
        _, total = await sessions.page([session["organization_id"]], page=1, page_size=5)
        return found.id, total > 0

    return await asyncio.gather(*map(use, range(CLIENTS)))


def test_transactions_share_connections(pgbouncer, postgresql_url, run_in, clock, session):
    """Migrations, prepared statements and lookups work, and timeouts are each transaction's own."""
    with pgbouncer(postgresql_url) as url:
        waits = Waits(lock_seconds=3, statement_seconds=7)

        async def scenario(database):
            others = [Database(url, waits), Database(url, waits)]
            used = await at_once(others, session, clock)
            settings = []
            for each in (others[0], others[1], database):
                async with each.transaction() as connection:
                    settings += [tuple(row) for row in await connection.execute(SETTINGS)]
            async with database.snapshot() as connection:
                settings += [tuple(row) for row in await connection.execute(SETTINGS)]
            for each in others:
                await each.close()
            return used, settings

        used, settings = run_in(url, scenario)
    assert used == [(f"session {number}", True) for number in range(CLIENTS)]
    assert settings == [("3s", "7s"), ("3s", "7s"), ("5s", "30s"), ("5s", "30s")]


@pytest.mark.parametrize("most", [200, 0])
def test_prepared_statements_on_another_connection(pgbouncer, postgresql_url, run_in, most, caplog):
    """PgBouncer prepares them again; one that keeps none causes a 503 that says so, and a new connection."""

    async def twice(database):
        async with connection_of(database._engine) as connection, connection_of(database._engine) as other:
            async with connection.begin():
                await connection.execute(COUNTED)
            async with other.begin():
                await other.execute(SETTINGS)  # has the one connection to PostgreSQL that there was
                async with connection.begin():
                    return await connection.scalar(COUNTED)

    async def scenario(database):
        outcomes = await asyncio.gather(twice(database), return_exceptions=True)
        return *outcomes, await database.fetch(COUNTED)

    with pgbouncer(postgresql_url, max_prepared_statements=most) as url:
        first, second = run_in(url, scenario, organization=False)
    assert second == [(0,)]
    expected = (ServiceUnavailable, "The database's pooler keeps no prepared statements.")
    assert first == 0 if most else (type(first), str(first)) == expected
    assert ("keeps no prepared statements" in caplog.text) is (most == 0)
