"""Scan sessions come back as they were stored."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from scanner_api.scanning.scans.sessions import ExtractionStatus, ScanSession, SessionStatus
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.scans.sessions import SessionStore
from scanner_api.storage.schema.tables import scan_sessions

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


def test_the_newest_of_all_organizations_are_found(in_stores, session, clock):
    """So many sessions of all organizations come newest first, and one that was left idle as EXPIRED."""

    async def scenario(stores):
        newer = {**session, "id": "newer", "created": session["created"] + timedelta(seconds=1)}
        await stores.sessions.create(ScanSession(**newer))
        clock.advance(TTL + 1)
        return [(found.id, found.status) for found in await stores.sessions.newest(1)]

    assert in_stores(scenario) == [("newer", SessionStatus.EXPIRED)]


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


def test_many_asks_at_once_all_get_a_row(in_database, stored, clock):
    """Asks beyond the size of a batch, for known and unknown sessions, each get their own response."""
    sessions = [msgspec.structs.replace(stored, id=f"session-{number}") for number in range(30)]

    async def scenario(database):
        store = SessionStore(database, clock, TTL)
        for session in sessions:
            await store.create(session)
        return await asyncio.gather(*[store.get(f"session-{number}") for number in range(1200)])

    assert in_database(scenario) == sessions + [None] * 1170


@pytest.mark.parametrize(("submit", "extraction"), [(False, "pending"), (True, "processing")])
def test_a_session_is_closed(in_stores, session, clock, submit, extraction):
    """A closed session is COMPLETED, and its extraction begins only if it is submitted."""

    async def scenario(stores):
        clock.advance(60)
        closed = await stores.sessions.close(session["id"], submit=submit)
        return closed, await stores.sessions.get(session["id"])

    closed, found = in_stores(scenario)
    expected = {**session, "status": "COMPLETED", "extraction_status": extraction, "modified": clock.now()}
    assert closed == found == ScanSession(**expected)


def test_one_of_many_closes_a_session(in_stores, session):
    """Of several who end or submit a session at once one does, and the others change nothing."""

    async def scenario(stores):
        closing = [stores.sessions.close(session["id"], submit=number % 2 == 0) for number in range(8)]
        closed = [outcome for outcome in await asyncio.gather(*closing) if outcome]
        return closed == [await stores.sessions.get(session["id"])]

    assert in_stores(scenario) is True


def test_processes_close_a_session_once(in_shared_database, shared_url, stored, clock):
    """The same where each has a connection pool of its own, as processes do."""

    async def scenario(database):
        await SessionStore(database, clock, TTL).create(stored)

        async def close():
            own = Database(shared_url)
            closed = await SessionStore(own, clock, TTL).close(stored.id, submit=True)
            await own.close()
            return closed

        return [outcome for outcome in await asyncio.gather(*[close() for _ in range(4)]) if outcome]

    assert len(in_shared_database(scenario)) == 1


@pytest.mark.parametrize("session_id", ["", "unknown", "\x00"])
def test_an_unknown_session_cannot_be_closed(in_stores, session_id):
    """There is nothing to close."""
    assert in_stores(lambda stores: stores.sessions.close(session_id, submit=True)) is None


def test_an_idle_session_is_expired(in_stores, session, clock):
    """To the second, a session that is not used is seen as EXPIRED, and cannot be closed any more."""

    async def scenario(stores):
        clock.time = session["modified"]
        clock.advance(TTL - 0.001)
        before = await stores.sessions.get(session["id"])
        clock.advance(0.001)
        closed = await stores.sessions.close(session["id"], submit=False)
        return before.status, closed, await stores.sessions.get(session["id"])

    before, closed, after = in_stores(scenario)
    assert (before, closed) == ("ACTIVE", None)
    assert after == ScanSession(**{**session, "status": "EXPIRED"})


def test_what_is_seen_as_expired_is_written_down(in_stores, session, clock):
    """The job writes down what everyone sees, once, and leaves used and completed sessions alone."""

    async def scenario(stores):
        first = await stores.sessions.get(session["id"])
        for session_id in ("used", "completed"):
            await stores.sessions.create(msgspec.structs.replace(first, id=session_id))
        await stores.sessions.close("completed", submit=False)
        counts = [await stores.sessions.expire_idle()]
        clock.advance(TTL)
        async with stores.database.transaction() as connection:
            used = scan_sessions.update().where(scan_sessions.c.id == "used")
            await connection.execute(used.values(modified=clock.now()))
        clock.advance(1)
        seen = await stores.sessions.get(session["id"])
        counts += [await stores.sessions.expire_idle(), await stores.sessions.expire_idle()]
        clock.time = session["modified"]  # what is written down does not depend on the time
        states = [(await stores.sessions.get(each)).status for each in ("used", "completed")]
        return counts, await stores.sessions.get(session["id"]) == seen, states

    assert in_stores(scenario) == ([0, 1, 0], True, ["ACTIVE", "COMPLETED"])


@pytest.fixture
def listed(stored, now):
    """Sessions of two organizations and two credentials, in all states; the later, the newer."""
    states = [
        ("organization", "key:a", "ACTIVE", 10),
        ("organization", "key:b", "COMPLETED", 10),
        ("other", "key:b", "ACTIVE", 10),
        ("organization", "key:a", "EXPIRED", -7200),
        ("organization", "key:a", "ACTIVE", -7200),
    ]
    return [
        msgspec.structs.replace(
            stored,
            id=str(number),
            organization_id=organization,
            created_by=credential,
            status=SessionStatus(status),
            created=now + timedelta(seconds=number // 2),
            modified=now + timedelta(seconds=modified),
        )
        for number, (organization, credential, status, modified) in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("organizations", "filters", "expected"),
    [
        (["organization"], {}, "4310"),
        (["other", "organization"], {}, "43210"),
        ([], {}, ""),
        (["\x00"], {}, ""),
        (["organization"], {"created_by": "key:a"}, "430"),
        (["organization"], {"status": SessionStatus.ACTIVE}, "0"),
        (["organization"], {"status": SessionStatus.EXPIRED}, "43"),
        (["organization"], {"status": SessionStatus.COMPLETED}, "1"),
        (["organization"], {"status": SessionStatus.COMPLETED, "created_by": "key:a"}, ""),
    ],
)
def test_sessions_are_listed_as_they_are_seen(
    in_database, listed, clock, now, organizations, filters, expected
):
    """A list is newest first, of the organizations that are asked for, and filtered by what is seen."""

    async def scenario(database):
        await OrganizationStore(database).add_organization(Organization(id="other", name="", created=now))
        store = SessionStore(database, clock, TTL)
        for session in listed:
            await store.create(session)
        pages = [await store.page(organizations, page=number, page_size=2, **filters) for number in (1, 2, 3)]
        return [session for sessions, _ in pages for session in sessions], {total for _, total in pages}

    sessions, totals = in_database(scenario)
    assert "".join(session.id for session in sessions) == expected
    assert totals == {len(expected)}
    assert {session.status for session in sessions} <= {
        filters.get("status", session.status) for session in sessions
    }


@pytest.mark.parametrize("page_size", [1, 2, 3, 4, 5, 6, 7, 8, 9])
def test_pages_follow_each_other_whichever_end_they_are_read_from(in_database, stored, clock, now, page_size):
    """All pages together are all sessions, newest first, and beyond the last there is nothing."""
    sessions = [
        msgspec.structs.replace(stored, id=str(number), created=now + timedelta(seconds=number // 3))
        for number in range(8)
    ]

    async def scenario(database):
        store = SessionStore(database, clock, TTL)
        for session in sessions:
            await store.create(session)
        pages = [
            await store.page(["organization"], page=number, page_size=page_size) for number in range(1, 11)
        ]
        return [[session.id for session in found] for found, _ in pages], {total for _, total in pages}

    pages, totals = in_database(scenario)
    expected = list("76543210")
    assert pages == [expected[start : start + page_size] for start in range(0, 10 * page_size, page_size)]
    assert totals == {8}
