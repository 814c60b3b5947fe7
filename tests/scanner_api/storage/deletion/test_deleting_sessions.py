"""Old sessions are deleted with all that belongs to them, and nothing else is."""

import asyncio
from contextlib import nullcontext

import pytest
from msgspec.structs import asdict
from sqlalchemy import func, select

from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.scanning.scans.sessions import ExtractionStatus, SessionStatus
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.photo_bucket.errors import DeletionRefused
from scanner_api.storage.scans import deletion as module
from scanner_api.storage.scans.deletion import Deletion
from scanner_api.storage.schema.tables import captures, scan_sessions

from .conftest import AGE, about, contents, exhaust


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
