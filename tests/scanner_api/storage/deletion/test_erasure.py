"""A session's or a person's data is erased wherever it is, and nobody else's is."""

from contextlib import nullcontext

import pytest
from sqlalchemy import delete

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.access.tokens import credential_of
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.storage.actions import Action, Actor
from scanner_api.storage.audit import entry, read_audit_log
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.scans.erasure import Erasure, person_of
from scanner_api.storage.schema.tables import audit_log, scan_sessions

from .conftest import contents, exhaust

OPERATOR = Actor("operator:ada", "host")


async def created_by(database, credential, *ids):
    """Make a credential the creator of sessions."""
    theirs = scan_sessions.c.id.in_(ids)
    await database.change(scan_sessions.update().where(theirs).values(created_by=credential))


def ids_in(rows):
    """Return the first texts of rows."""
    return [row.split("'")[1] for row in rows]


def test_a_person_is_erased(in_database, fill, bucket, clock):
    """Sessions that they created by key or cookie, in any state, user, keys, and traces in the audit log."""

    async def scenario(database):
        await fill(database, 3, SessionStatus.ACTIVE)
        await created_by(database, "key:csu both", "organization 0", "other 1")
        await created_by(database, credential_of("https://issuer.example", "ada"), "organization 2")
        async with database.transaction() as connection:
            for actor in ("key:csu both", "key:csb organization"):
                saved = entry(clock.now(), Actor(actor, "192.0.2.1"), Action.REDIRECT_SAVED, "rule")
                await connection.execute(saved)
            key = Action.KEY_CREATED
            await connection.execute(entry(clock.now(), OPERATOR, key, "csu both", None, name="Both's phone"))
        subject = credential_of("https://issuer.example", "ada")
        person = await person_of(database, "both@example.com", subject)
        erasure = Erasure(database, bucket.delete, actor=OPERATOR, clock=clock)
        number = sum((await erasure.sessions_of(person)).values())
        await exhaust(erasure.erase_person(person))
        with pytest.raises(ConstraintError):  # the log is protected as before
            await database.change(delete(audit_log))
        found = await person_of(database, "both"), await person_of(database, "nobody@example.com")
        return number, found, await contents(database), await read_audit_log(database, limit=99)

    number, found, left, log = in_database(scenario)
    assert (number, found) == (3, (None, None))
    assert len(left["scan_sessions"]) == len(left["captures"]) == len(left["photos"]) == 3
    assert sorted(ids_in(left["users"])) == ["organization", "other"]
    assert "csu both" not in ids_in(left["api_keys"])
    assert len(left["memberships"]) == 2
    assert len(bucket.objects) == 6
    erased, created, other, saved = log[:4]
    assert (erased.action, erased.subject, erased.actor) == ("person.erased", "both", "operator:ada")
    assert erased.details["scan_sessions"] == 3
    assert (created.subject, created.details, created.address) == ("csu both", {}, "host")
    assert (other.address, saved.address) == ("192.0.2.1", "")
    text = repr(left)
    assert "both@example.com" not in text
    assert "phone" not in text


def test_an_erasure_goes_on(in_database, fill, bucket):
    """Where the bucket is away in between, another run finds what is left: also what a cookie created."""

    async def scenario(database):
        await fill(database, 2)
        await created_by(database, "key:csu organization", "organization 0")
        await created_by(database, "web:organization", "other 1")
        for calls in (1, 1000):
            bucket.calls = calls
            erasure = Erasure(database, bucket.delete)
            erasing = exhaust(erasure.erase_person(await person_of(database, "organization")))
            with pytest.raises(ServiceUnavailable) if calls == 1 else nullcontext():
                await erasing
        return await contents(database)

    left = in_database(scenario)
    assert (len(left["scan_sessions"]), len(bucket.objects)) == (2, 4)
    assert "organization" not in ids_in(left["users"]) + ids_in(left["web_sessions"])


def test_a_person_without_a_user(in_database, fill, bucket):
    """Who comes with an issuer's tokens alone has sessions, and nothing else."""

    async def scenario(database):
        await fill(database, 2)
        await created_by(database, "bearer:x", "organization 0")
        person = await person_of(database, None, "bearer:x")
        await exhaust(Erasure(database, bucket.delete).erase_person(person))
        return await contents(database)

    left = in_database(scenario)
    assert (len(left["scan_sessions"]), len(left["users"])) == (3, 3)


def test_a_session_is_erased(in_database, fill, bucket):
    """One with all that it has, in any state; the entry of the log has its id and its organization."""

    async def scenario(database):
        await fill(database, 2, SessionStatus.ACTIVE)
        await exhaust(Erasure(database, bucket.delete, actor=OPERATOR).erase_session("organization 1"))
        return await contents(database), await read_audit_log(database, limit=1)

    left, (entry,) = in_database(scenario)
    assert len(left["scan_sessions"]) == len(left["proposals"]) == 3
    assert len(bucket.objects) == 6
    assert (entry.action, entry.subject, entry.organization_id) == (
        "session.erased",
        "organization 1",
        "organization",
    )
