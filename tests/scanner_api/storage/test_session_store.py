"""Scan sessions come back as they were stored."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from scanner_api.scanning.sessions import ExtractionStatus, ScanSession, SessionStatus
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.sessions import SessionStore
from scanner_api.storage.tables import scan_sessions

TTL = 3600
HOSTILE_IDS = [
    "",
    "\x00",
    "a\x00",
    "\ud800",
    "é" * 22,
    "'",
    "%",
    "\\",
    "x" * 100_000,
    '["',
    "2b3c4d5e6f7g8h9jAkBmCn\x00",
]


@pytest.fixture
def stored(session):
    """A session with hostile strings wherever there can be some."""
    return ScanSession(
        **{
            **session,
            "metadata": {"shelf": "4 \x00 \\u0000", "": "\ud83d", "naïve": "日本"},
            "user_agent": "Scanner/1.0 \x00 (\udfff) \\ 🥫",
            "device_context": {"os": {"name": "\x00", "list": [1, 2.5, None, True, "\ud800"]}, "big": 2**70},
        }
    )


def test_a_session_comes_back_as_it_was_stored(in_database, stored, clock):
    """Every field survives, with hostile strings in the text and JSON columns."""

    async def scenario(database):
        store = SessionStore(database, clock, TTL)
        await store.create(stored)
        return await store.get(stored.id)

    assert in_database(scenario) == stored


@pytest.mark.parametrize("status", SessionStatus)
@pytest.mark.parametrize("extraction", ExtractionStatus)
def test_every_state_is_stored(run_in, sqlite_url, stored, status, extraction, clock):
    """All states of a session come back as members of their enumerations."""
    session = msgspec.structs.replace(stored, status=status, extraction_status=extraction)

    async def scenario(database):
        store = SessionStore(database, clock, TTL)
        await store.create(session)
        return await store.get(session.id)

    found = run_in(sqlite_url, scenario)
    assert (found.status, found.extraction_status) == (status, extraction)


def test_an_unknown_id_is_none_whatever_it_is(in_database, stored, clock):
    """Any string may be asked for, alone and beside others, and only the stored id finds a session."""

    async def scenario(database):
        store = SessionStore(database, clock, TTL)
        await store.create(stored)
        alone = [await store.get(session_id) for session_id in HOSTILE_IDS]
        together = await asyncio.gather(*map(store.get, [*HOSTILE_IDS, stored.id]))
        return alone, together

    alone, together = in_database(scenario)
    assert alone == [None] * len(HOSTILE_IDS)
    assert together == [*alone, stored]


@pytest.mark.parametrize("change", [{}, {"id": "other", "organization_id": "unknown"}])
def test_a_session_is_stored_once_and_for_an_organization(in_database, stored, change, clock):
    """A second session with the id, or one of an organization that does not exist, is refused."""

    async def scenario(database):
        store = SessionStore(database, clock, TTL)
        await store.create(stored)
        with pytest.raises(ConstraintError):
            await store.create(msgspec.structs.replace(stored, **change))
        return await store.get(stored.id)

    assert in_database(scenario) == stored


def test_a_change_is_seen_at_once(in_shared_database, stored, shared_url, clock):
    """A read sees what another connection pool, as of another process, has committed before it."""

    async def scenario(database):
        store, elsewhere = SessionStore(database, clock, TTL), Database(shared_url)
        seen = [await store.get(stored.id)]
        await SessionStore(elsewhere, clock, TTL).create(stored)
        seen.append(await store.get(stored.id))
        async with elsewhere.transaction() as connection:
            await connection.execute(scan_sessions.update().values(status=SessionStatus.COMPLETED))
            seen.append(await store.get(stored.id))
        seen.append(await store.get(stored.id))
        await elsewhere.close()
        return [session and session.status for session in seen]

    assert in_shared_database(scenario) == [None, "ACTIVE", "ACTIVE", "COMPLETED"]


def test_many_asks_at_once_are_all_answered(in_database, stored, clock):
    """Asks beyond the size of a batch, for known and unknown sessions, each get their own answer."""
    sessions = [msgspec.structs.replace(stored, id=f"session-{number}") for number in range(30)]

    async def scenario(database):
        store = SessionStore(database, clock, TTL)
        for session in sessions:
            await store.create(session)
        return await asyncio.gather(*[store.get(f"session-{number}") for number in range(1200)])

    assert in_database(scenario) == sessions + [None] * 1170
