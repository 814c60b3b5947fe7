"""Lookups by key survive what happens to their connection."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import event, select, text

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage import lookup
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.schema.tables import memberships, organizations, users

execute = runpy.run_path(str(Path(__file__).parents[2] / "services" / "postgresql.py"))["execute"]


def by_id(database):
    """Return a lookup whose key is not the first column."""
    return Lookup(database, select(organizations.c.name, organizations.c.id), organizations.c.id, list)


async def at_server(database, sql):
    """Run SQL on a connection other than the lookup's."""
    async with database.transaction() as connection:
        await connection.execute(text(sql))


async def server_process(database):
    """Return the id of the server's process for the lookups' connection."""
    async with database.readers.lend() as reader:
        return reader.driver.get_server_pid()


def test_a_key_has_all_its_rows(in_database, now):
    """A key of several rows gets each of them, in the order of the columns; another key gets its own."""

    async def scenario(database):
        async with database.transaction() as connection:
            for name in "ab":
                await connection.execute(users.insert(), {"id": name, "email": name, "created": now})
                row = {"id": f"of-{name}", "name": name, "created": now}
                await connection.execute(organizations.insert(), row)
            member_of = [("a", "of-a"), ("a", "of-b"), ("b", "of-b")]
            rows = [{"user_id": user, "organization_id": id_, "role": "member"} for user, id_ in member_of]
            await connection.execute(memberships.insert(), rows)
        found = Lookup(database, select(memberships), memberships.c.user_id, list)
        return [sorted(await found.find(name)) for name in ("a", "b", "c")]

    both, one, none = in_database(scenario)
    assert both == [["a", "of-a", "member"], ["a", "of-b", "member"]]
    assert one == [["b", "of-b", "member"]]
    assert none == []


def test_a_lost_connection_is_replaced(postgresql_url, run_in):
    """When the server has ended the connection between two reads, the second is made on a new one."""

    async def scenario(database):
        organization = by_id(database)
        await organization.find("organization")
        lost = await server_process(database)
        await at_server(database, f"SELECT pg_terminate_backend({lost}, 1000)")
        rows = await organization.find("organization")
        return rows, await server_process(database) != lost, len(database.readers._open)

    assert run_in(postgresql_url, scenario) == ([["Grocer", "organization"]], True, 1)


def test_connections_of_the_pool_that_end_are_replaced(postgresql_url, run_in):
    """One that was used by others and ends as the lookup takes it is no reason for a 503 either."""

    def end(connection, record, _pooled):
        """End a used connection at the server; the event loop, which stands still, hears of it later."""
        if "used" in record.info:
            ending = f"SELECT pg_terminate_backend({connection.driver_connection.get_server_pid()}, 1000)"
            thread = Thread(target=asyncio.run, args=(execute(postgresql_url, ending),))
            thread.start()
            thread.join()

    async def scenario(database):
        async with database.transaction(), database.transaction(), database.transaction():
            pass
        event.listen(database.readers._engine.sync_engine, "checkout", end)
        return await by_id(database).find("organization")

    assert run_in(postgresql_url, scenario) == [["Grocer", "organization"]]


def test_a_read_that_hangs_is_a_503_and_the_next_is_not(postgresql_url, run_in, monkeypatch):
    """A table that stays locked fails the read in time, and once it is free the lookup works again.

    It costs one connection; the others of the pool were used as well, and stay.
    """
    monkeypatch.setattr(lookup, "_SECONDS", 0.2)
    ended = []

    async def scenario(database):
        engine = database.readers._engine.sync_engine
        event.listen(engine, "invalidate", lambda *_: ended.append("connection"))
        async with database.transaction(), database.transaction(), database.transaction():
            pass
        organization = by_id(database)
        async with database.transaction() as connection:
            await connection.execute(text("LOCK TABLE organizations IN ACCESS EXCLUSIVE MODE"))
            with pytest.raises(ServiceUnavailable, match="does not respond"):
                await organization.find("organization")
        monkeypatch.setattr(lookup, "_SECONDS", 10)
        return await organization.find("organization"), len(database.readers._open)

    assert run_in(postgresql_url, scenario) == ([["Grocer", "organization"]], 1)
    assert ended == ["connection"]


def test_an_outage_reaches_everyone_and_ends(in_shared_database):
    """All who ask during an outage get a 503; when it is over, asks succeed again."""

    async def scenario(database):
        organization = by_id(database)
        await at_server(database, "ALTER TABLE organizations RENAME TO gone")
        asks = [organization.find(key) for key in ("organization", "other")]
        during = await asyncio.gather(*asks, return_exceptions=True)
        await at_server(database, "ALTER TABLE gone RENAME TO organizations")
        return [type(error) for error in during], await organization.find("organization")

    during, after = in_shared_database(scenario)
    assert during == [ServiceUnavailable, ServiceUnavailable]
    assert after == [["Grocer", "organization"]]


def test_a_failed_read_leaves_what_is_in_memory(run_in):
    """An in-memory database outlives a read that fails, though the read's connection is all of it."""

    async def scenario(database):
        broken = Lookup(database, select(organizations.c.id, text("nonsense")), organizations.c.id, list)
        with pytest.raises(ServiceUnavailable):
            await broken.find("organization")
        return await by_id(database).find("organization")

    assert run_in("sqlite+aiosqlite://", scenario) == [["Grocer", "organization"]]


def test_nothing_half_written_is_found(in_database, now):
    """A lookup next to a transaction sees its row only after the end, also where all share one connection."""

    async def scenario(database):
        organization = by_id(database)
        async with database.transaction() as connection:
            row = {"id": "new", "name": "New", "created": now}
            await connection.execute(organizations.insert(), row)
            early = asyncio.create_task(organization.find("new"))
            await asyncio.wait([early], timeout=0.05)
            seen_early = early.result() if early.done() else ()
        await early
        return list(seen_early), await organization.find("new")

    assert in_database(scenario) == ([], [["New", "new"]])
