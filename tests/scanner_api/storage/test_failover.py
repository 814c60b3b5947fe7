"""A replica that takes over from the primary, of which every commit was waited for."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path

import pytest
from sqlalchemy import select

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.database import Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.schema.tables import users

POSTGRESQL = runpy.run_path(str(Path(__file__).parents[2] / "services" / "postgresql.py"))


@pytest.fixture
def replicated():
    """A primary and its replica."""
    with POSTGRESQL["replicated_postgresql"]() as servers:
        yield servers


async def test_a_replica_takes_over(replicated, rows):
    """At its address, or of the hosts in the URL: writes are 503 until it is promoted, and none is lost."""
    moving, choosing = Database(replicated.address), Database(replicated.hosts)
    ids = Lookup(moving, select(users.c.id), users.c.id, list)

    async def write(database, name):
        async with database.transaction() as connection:
            await rows.add(connection, name)

    try:
        await moving.migrate()
        await asyncio.gather(*(write(moving, f"a{n}") for n in range(20)), write(choosing, "b"))
        await asyncio.to_thread(replicated.fail)
        outcomes = await asyncio.gather(
            *(write(moving, f"c{n}") for n in range(20)), write(choosing, "d"), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {ServiceUnavailable}
        with pytest.raises(ServiceUnavailable, match=r"^The database is read-only\.$"):
            await moving.ping()
        assert await ids.find("a1") == [["a1"]]
        await asyncio.to_thread(replicated.promote)
        await asyncio.gather(write(moving, "e"), write(choosing, "f"))
        await moving.ping()
        await choosing.ping()
        assert await rows.count(choosing) == 23
    finally:
        await moving.close()
        await choosing.close()
