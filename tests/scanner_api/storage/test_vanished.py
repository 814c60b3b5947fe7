"""A database that vanishes without a word: no connection ends, and nobody responds."""

from __future__ import annotations

import asyncio
import runpy
import socket
from pathlib import Path

import pytest
from sqlalchemy import select, text

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.settings import Settings
from scanner_api.storage.connections import engines
from scanner_api.storage.database import Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.schema.tables import users

STALLING = Path(__file__).parents[2] / "services" / "stalling.py"
stalling_postgresql = runpy.run_path(str(STALLING))["stalling_postgresql"]
BOUND_SECONDS = 10
"""Within which every client has a response, also one that waited for a connection."""
WAITS = engines.Waits(statement_seconds=Settings.model_fields["database_statement_seconds"].default)
"""Those of `serve`."""


@pytest.fixture
def vanishing(migrated_postgresql_url):
    """A way to the database that can stall, and the URL that leads through it."""
    with stalling_postgresql(migrated_postgresql_url, "127.0.0.1") as way:
        yield way


async def test_every_client_of_a_database_that_vanishes_gets_a_503_in_time(vanishing, rows):
    """Statements under way, those that wait for a connection, lookups, pings; then the first write works."""
    proxy, url = vanishing
    database = Database(url, WAITS)
    ids = Lookup(database, select(users.c.id), users.c.id, list)
    under_way = asyncio.Event()

    async def write(name):
        async with database.transaction() as connection:
            await rows.add(connection, name)

    async def hold():
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
            under_way.set()
            await connection.execute(text("SELECT pg_sleep(60)"))

    try:
        await ids.find("a")
        await asyncio.gather(*(write(f"a{n}") for n in range(4)))
        holding = asyncio.create_task(hold())
        await under_way.wait()
        await asyncio.to_thread(proxy.stall)
        async with asyncio.timeout(BOUND_SECONDS):
            outcomes = await asyncio.gather(
                holding,
                *(write(f"b{n}") for n in range(20)),
                *(ids.find(f"a{n}") for n in range(4)),
                database.ping(),
                return_exceptions=True,
            )
        assert {type(outcome) for outcome in outcomes} == {ServiceUnavailable}
        await asyncio.to_thread(proxy.resume)
        async with asyncio.timeout(BOUND_SECONDS):
            await write("c")
            await database.ping()
            assert await ids.find("c") == [["c"]]
    finally:
        await database.close()


async def test_a_request_that_is_over_does_not_wait_for_its_connection(vanishing):
    """Statements of requests that are out of time are cancelled, and their connections dropped at once."""
    proxy, url = vanishing
    database = Database(url, WAITS)
    is_open = asyncio.Barrier(6)

    async def ask(ready):
        async with database.snapshot() as connection:
            await connection.execute(text("SELECT 1"))
            await ready()

    try:
        await asyncio.gather(*(ask(is_open.wait) for _ in range(is_open.parties)))
        await asyncio.to_thread(proxy.stall)
        async with asyncio.timeout(BOUND_SECONDS):
            for _ in range(is_open.parties):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await ask(is_open.wait)
    finally:
        await database.close()


async def test_a_connection_that_was_idle_is_replaced_in_time(vanishing, rows, monkeypatch):
    """A database is back at its address, and the connections to the one before lead nowhere."""
    proxy, url = vanishing
    monkeypatch.setattr(engines, "QUIET_SECONDS", 0)
    database = Database(url, WAITS)
    try:
        async with database.transaction() as connection:
            await rows.add(connection, "a")
        await asyncio.to_thread(proxy.forget)
        async with asyncio.timeout(BOUND_SECONDS), database.transaction() as connection:
            await rows.add(connection, "b")
        assert await rows.count(database) == 2
    finally:
        await database.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such option")
async def test_connections_notice_a_peer_that_is_gone(vanishing):
    """The system asks an idle peer whether it is there, and gives up what nobody acknowledges."""
    database = Database(vanishing[1], WAITS)
    try:
        async with database.snapshot() as connection:
            pooled = await connection.get_raw_connection()
            sock = pooled.driver_connection._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert 0 < sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) < BOUND_SECONDS * 1000
    finally:
        await database.close()
