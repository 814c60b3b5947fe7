"""An organization is deleted with all that belongs to it, and nothing else is."""

from contextlib import suppress

import pytest
from sqlalchemy import select

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.scanning.scans.sessions import SessionStatus
from scanner_api.storage.accounts.credentials import CredentialStore
from scanner_api.storage.accounts.organizations import OrganizationStore
from scanner_api.storage.actions import Actor
from scanner_api.storage.audit import read_audit_log
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.scans import deletion as module
from scanner_api.storage.scans.deletion import Deletion
from scanner_api.storage.schema.tables import captures, metadata, organizations, photos, users

from .conftest import AGE, about, contents, exhaust


def test_an_organization_is_deleted_and_the_other_is_as_it_was(in_database, fill, bucket):
    """No row of any table is left of it, and no object; of the other one everything, users of both too."""

    async def scenario(database):
        await fill(database, 3, SessionStatus.ACTIVE)
        before = await contents(database)
        deletion = Deletion(database, bucket.delete, actor=Actor("operator:ada", "desk"))
        await deletion.begin("organization")
        await exhaust(deletion.delete_organization("organization"))
        log = await read_audit_log(database, limit=2)
        return before, await contents(database), deletion.deleted, log

    before, after, deleted, log = in_database(scenario)
    assert set(about(before, "organization")) >= {"api_keys", "memberships", "scan_sessions", "photos"}
    assert about(after, "organization").keys() == {"audit_log"}
    kept = about(before, "other")
    assert {table: set(rows) <= set(after[table]) for table, rows in kept.items()} == dict.fromkeys(
        kept, True
    )
    assert ("both@example.com" in after["users"][0], "csu both" in str(after["api_keys"])) == (True, True)
    assert bucket.objects == {f"{kind} other {place}" for kind in ("image", "photo") for place in range(3)}
    expected = {"scan_sessions": 3, "captures": 3, "photos": 3, "proposals": 3, "objects": 6, "api_keys": 2}
    assert deleted.items() >= expected.items()
    assert (deleted["users"], deleted["organizations"]) == (1, 1)
    assert [(entry.action, entry.actor, entry.subject) for entry in log] == [
        ("organization.deleted", "operator:ada", "organization"),
        ("organization.deletion_began", "operator:ada", "organization"),
    ]
    assert log[0].details.items() >= expected.items()


def test_every_table_of_organizations_is_known():
    """Whatever has a column of organizations is deleted with them, or is said to outlive them."""
    deleted = {table.name for table, _ in module._references(organizations)}
    named = {table.name for table in metadata.sorted_tables if "organization_id" in table.c}
    assert named - deleted == named & module._OUTLIVING


def test_keys_are_revoked_before_anything_is_deleted(in_database, fill, bucket, clock, now):
    """Keys that reach the organization alone are refused at once; the time is that of the first call."""

    async def scenario(database):
        await fill(database)
        deletion = Deletion(database, bucket.delete, clock=clock)
        await deletion.begin("organization")
        clock.advance(1)
        await deletion.begin("organization")
        active = {key.id for key in await CredentialStore(database).list_api_keys() if key.is_active}
        return active, await OrganizationStore(database).organization("organization"), deletion.deleted

    active, organization, deleted = in_database(scenario)
    assert active == {f"csb {'other'}", "csu other", "csu both"}
    assert (organization.deletion_began, not deleted) == (now, True)


@pytest.mark.parametrize("calls", range(4))
def test_a_bucket_that_goes_away_loses_nothing(in_database, fill, bucket, now, calls, monkeypatch):
    """What was deleted is gone whole; each object that is left is named by a row, and another run goes on."""
    monkeypatch.setattr(module, "_SESSIONS", 2)
    bucket.calls = calls

    async def scenario(database):
        await fill(database, 4)
        deletion = Deletion(database, bucket.delete)
        with pytest.raises(ServiceUnavailable):
            await exhaust(deletion.delete_finished(now - AGE))
        async with database.snapshot() as connection:
            keys = select(photos.c.s3_key).union(select(captures.c.uploaded_image_key))
            named = set(await connection.scalars(keys))
        missing = bucket.objects - named
        first = deletion.deleted.copy()
        bucket.calls = 1000
        again = Deletion(database, bucket.delete)
        await exhaust(again.delete_finished(now - AGE))
        return missing, first, again.deleted, await contents(database)

    missing, first, second, after = in_database(scenario)
    assert missing == set()
    assert (first + second)["scan_sessions"] == 8
    assert (first + second)["photos"] == 8
    assert "captures" not in after
    assert not bucket.objects


@pytest.mark.parametrize("error", [ServiceUnavailable("The database does not respond."), ConstraintError("")])
def test_users_are_found_again(in_database, fill, bucket, error):
    """A user whose deletion fails is still a member, so that another try finds them."""

    class Failing(Deletion):
        """One that once cannot delete users."""

        fails = True

        async def _delete(self, table, key, keys):
            if table is users and self.fails:
                self.fails = False
                raise error
            await super()._delete(table, key, keys)

    async def scenario(database):
        await fill(database)
        deletion = Failing(database, bucket.delete)
        with suppress(ServiceUnavailable):
            await exhaust(deletion.delete_organization("organization"))
        await exhaust(deletion.delete_organization("organization"))
        return about(await contents(database), "organization"), deletion.deleted

    left, deleted = in_database(scenario)
    assert left.keys() == {"audit_log"}
    assert (deleted["users"], deleted["memberships"]) == (1, 2)
