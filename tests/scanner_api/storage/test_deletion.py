"""Sessions and organizations are deleted with all that belongs to them, and nothing else is."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress
from datetime import timedelta

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import LargeBinary, func, select

from openapi_service.problems import ServiceUnavailable
from scanner_api.scanning.captures import CaptureStatus
from scanner_api.scanning.sessions import ExtractionStatus, SessionStatus
from scanner_api.storage import deletion as module
from scanner_api.storage.actions import Actor
from scanner_api.storage.audit import read_audit_log
from scanner_api.storage.credentials import ApiKey, CredentialStore, WebSession
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.deletion import Deletion
from scanner_api.storage.organizations import Organization, OrganizationStore, User
from scanner_api.storage.photo_bucket import DeletionRefused
from scanner_api.storage.products import ProductStore
from scanner_api.storage.tables import (
    captures,
    freshness_rules,
    metadata,
    organizations,
    photos,
    product_overrides,
    proposals,
    redirect_rules,
    scan_sessions,
    users,
)

IDS = {"organization": "organization", "other": "other \x00 \\"}
AGE = timedelta(days=90)


class Bucket:
    """Objects by key; it responds as often as `calls` says."""

    def __init__(self, calls=1000):
        self.objects = set()
        self.calls = calls
        self.most = 0

    async def delete(self, keys):
        """Delete objects, also those that are not there."""
        if not self.calls:
            raise ServiceUnavailable("The photo bucket does not respond.")
        self.calls -= 1
        self.most = max(self.most, len(keys))
        self.objects -= set(keys)


@pytest.fixture
def bucket():
    """Return a bucket."""
    return Bucket()


@pytest.fixture
def fill(session, scanned, milk, clock, now, bucket):
    """Fill a database with an organization's everything, and with as much of another one."""

    async def filled(database, number=1, status=SessionStatus.COMPLETED):
        store, keys = OrganizationStore(database), CredentialStore(database)
        await ProductStore(database, clock).upsert_many([milk])
        async with database.snapshot() as connection:
            product = await connection.scalar(select(metadata.tables["products"].c.short_id))
        await store.add_organization(Organization(id=IDS["other"], name="Baker", created=now))
        await store.add_user(User(id="both", email="both@example.com", created=now))
        for name, owner in IDS.items():
            await store.add_user(User(id=name, email=f"{name}@example.com", created=now))
            await store.add_membership(name, owner, "editor")
            await store.add_membership("both", owner, "editor")
            key = ApiKey(id=f"csb {name}", prefix="csb", name="", created=now, organization_id=owner)
            await keys.add_api_key(key, key.id)
            users = replace(key, id=f"csu {name}", prefix="csu", organization_id=None, user_id=name)
            await keys.add_api_key(users, users.id)
            sign_in = WebSession(id=name, user_id=name, created=now, expires_at=now)
            await keys.add_web_session(sign_in, name)
        key = ApiKey(id="csu both", prefix="csu", name="", created=now, user_id="both")
        await keys.add_api_key(key, key.id)
        rows = [row for name in IDS for row in _rows(name, number, status, product)]
        async with database.transaction() as connection:
            for table, row in rows:
                await connection.execute(table.insert(), row)

    def _rows(name, number, status, product):
        owner = IDS[name]
        common = {"organization_id": owner, "product_short_id": product}
        yield product_overrides, {**common, "name": "Milk", "modified": now}
        rule = {"id": f"rule {name}", "url": "https://a.example", "order_index": 0, "created": now}
        yield redirect_rules, {**common, **rule}
        days = {"warning_days": 3, "critical_days": 1}
        yield freshness_rules, {"organization_id": owner, "brick": "", "category_label": "", **days}
        for place in range(number):
            id_ = f"{name} {place}"
            old = now - AGE - timedelta(seconds=place + 1)
            own = {"organization_id": owner, "status": status, "created": old, "modified": old}
            yield scan_sessions, {**session, **own, "id": id_}
            image = f"image {id_}"
            capture = scanned(
                id=id_, session_id=id_, status=CaptureStatus.COMPLETED, uploaded_image_key=image
            )
            row = asdict(capture)
            del row["product_name"]
            yield captures, row
            photo = dict.fromkeys(("photo_type", "original_filename", "media_type"), "front")
            yield (
                photos,
                {
                    **photo,
                    "id": id_,
                    "session_id": id_,
                    "s3_key": f"photo {id_}",
                    "file_size": 1,
                    "sort_order": 0,
                    "metadata": {},
                    "created": now,
                    "capture_id": id_,
                },
            )
            bucket.objects |= {image, f"photo {id_}"}
            proposal = dict.fromkeys(("current_value", "proposed_value", "confidence", "reasoning"), "")
            about = {"field_name": "name", "source": "label", "status": "PENDING", "metadata": {}}
            yield proposals, {**proposal, **about, "id": id_, "capture_id": id_, "created": now}

    return filled


async def contents(database):
    """Return the rows of every table that has some, as text."""
    found = {}
    async with database.snapshot() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if not isinstance(column.type, LargeBinary)]
            if rows := (await connection.execute(select(*columns))).all():
                found[table.name] = sorted(map(repr, rows))
    return found


async def exhaust(steps):
    """Do all steps, and return how many there were."""
    return len([None async for _ in steps])


def about(found, name):
    """Return what of the contents of a database is about an organization, by table."""
    ids = (repr(IDS[name]), f"'{name}", f" {name}'", f"{name}@", f" {name} ")
    return {
        table: rows
        for table, every in found.items()
        if (rows := [row for row in every if any(each in row for each in ids)])
    }


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


def test_old_sessions_are_deleted_and_others_stay(in_database, fill, session, scanned, bucket, now):
    """What is ACTIVE, changed since or worked on stays; the counts are right, and batches have a bound."""

    async def scenario(database):
        await fill(database, 120)
        young = {**session, "id": "young", "status": SessionStatus.EXPIRED, "modified": now - AGE}
        active = {**session, "id": "active", "modified": now - 2 * AGE}
        scanning = {**active, "id": "scanning", "status": SessionStatus.COMPLETED}
        extracting = {**scanning, "id": "extracting", "extraction_status": ExtractionStatus.PROCESSING}
        waiting = asdict(scanned(id="waiting", session_id="scanning", status=CaptureStatus.RESOLVING))
        del waiting["product_name"]
        async with database.transaction() as connection:
            await connection.execute(scan_sessions.insert(), [young, active, scanning, extracting])
            await connection.execute(captures.insert(), [waiting])
        deletion = Deletion(database, bucket.delete)
        number = await deletion.count_finished(now - AGE)
        batches = await exhaust(deletion.delete_finished(now - AGE))
        left = await contents(database)
        return number, batches, deletion.deleted, left, await deletion.count_finished(now - AGE)

    number, batches, deleted, left, rest = in_database(scenario)
    assert (number, batches, deleted["scan_sessions"], rest) == (240, 3, 240, 0)
    names = [row.split("'")[1] for row in left["scan_sessions"]]
    assert names == ["active", "extracting", "scanning", "young"]
    assert [row.split("'")[1] for row in left["captures"]] == ["waiting"]
    assert len(left["organizations"]) == 2
    assert bucket.most <= 100


def test_sessions_of_one_organization_are_deleted(in_database, fill, bucket, now):
    """Those of another one stay, with everything of them."""

    async def scenario(database):
        await fill(database, 3)
        before = about(await contents(database), "other")
        deletion = Deletion(database, bucket.delete)
        number = await deletion.count_finished(now - AGE, "organization")
        await exhaust(deletion.delete_finished(now - AGE, "organization"))
        return number, deletion.deleted["scan_sessions"], before, await contents(database)

    number, deleted, before, after = in_database(scenario)
    assert (number, deleted) == (3, 3)
    assert about(after, "other") == before
    assert len(after["scan_sessions"]) == 3


def test_a_session_with_more_than_a_batch(in_database, fill, scanned, bucket, now, monkeypatch):
    """Rows of one session are deleted a few at a time."""
    monkeypatch.setattr(module, "_ROWS", 7)

    async def scenario(database):
        await fill(database)
        done = {"session_id": "organization 0", "status": CaptureStatus.COMPLETED}
        rows = [asdict(scanned(id=str(number), **done)) for number in range(50)]
        for row in rows:
            del row["product_name"]
            row["uploaded_image_key"] = row["id"]
        async with database.transaction() as connection:
            await connection.execute(captures.insert(), rows)
        deletion = Deletion(database, bucket.delete)
        await exhaust(deletion.delete_finished(now - AGE))
        return deletion.deleted["captures"]

    assert (in_database(scenario), bucket.most) == (52, 7)


@pytest.mark.parametrize(("times", "deleted"), [(1, 2), (99, None)])
def test_what_is_added_meanwhile(in_database, fill, scanned, bucket, now, times, deleted):
    """A capture that is added to a session at its end is deleted too; without an end of them it fails."""

    class Busy(Deletion):
        """One that adds a capture before a session is deleted."""

        added = 0

        async def _delete(self, table, key, keys):
            if table is scan_sessions and self.added < times:
                self.added += 1
                row = asdict(scanned(id=f"late {self.added}", session_id="organization 0"))
                del row["product_name"]
                await self._database.change(captures.insert(), [row])
            await super()._delete(table, key, keys)

    async def scenario(database):
        await fill(database)
        deletion = Busy(database, bucket.delete)
        await exhaust(deletion.delete_finished(now - AGE, "organization"))
        return deletion.deleted["captures"]

    with nullcontext() if deleted else pytest.raises(ConstraintError, match="still referred to"):
        assert in_database(scenario) == deleted


@pytest.mark.parametrize("batch", [1, 100])
def test_an_object_that_stays_lets_its_session_stay(in_database, fill, bucket, now, monkeypatch, batch):
    """What the bucket refuses to delete is passed over, also among sessions of one instant, and reported."""
    monkeypatch.setattr(module, "_SESSIONS", batch)

    async def delete(keys):
        if "image organization 1" in keys:
            raise DeletionRefused("S3 does not delete image organization 1: AccessDenied.")
        await bucket.delete(keys)

    async def scenario(database):
        await fill(database, 3)
        await database.change(scan_sessions.update().values(modified=now - 2 * AGE))
        deletion = Deletion(database, delete)
        with pytest.raises(DeletionRefused, match="image organization 1"):
            await exhaust(deletion.delete_finished(now - AGE))
        return await database.fetch(select(scan_sessions.c.id)), deletion.deleted["scan_sessions"]

    assert in_database(scenario) == ([("organization 1",)], 5)


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


def test_two_at_once_delete_each_row_once(in_shared_database, fill, bucket, now, monkeypatch):
    """Two that delete the same sessions count each of them once, and neither fails."""
    monkeypatch.setattr(module, "_SESSIONS", 5)

    async def scenario(database):
        await fill(database, 20)
        both = [Deletion(database, bucket.delete) for _ in range(2)]
        await asyncio.gather(*(exhaust(each.delete_finished(now - AGE)) for each in both))
        async with database.snapshot() as connection:
            left = await connection.scalar(select(func.count()).select_from(scan_sessions))
        return left, both[0].deleted + both[1].deleted

    left, deleted = in_shared_database(scenario)
    assert (left, deleted["scan_sessions"], deleted["photos"]) == (0, 40, 40)
