"""Deletes sessions, and entries of the audit log, that are older than the settings say, a few at a time."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from contract_first.service.clock import Clock
from scanner_api.settings import Settings
from scanner_api.storage.audit import purge_audit_log
from scanner_api.storage.database import Database
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.scans.deletion import Deletion

BATCHES: Final = 10
"""In a round of the sweep, which has other things to do."""

logger = logging.getLogger(__name__)


def retention_of(
    settings: Settings, database: Database, bucket: PhotoBucket, clock: Clock
) -> Callable[[], Awaitable[None]] | None:
    """Return the job that deletes what is old, None if the settings keep everything for ever.

    It deletes the first batches and logs how many rows they were. It may be cancelled, and raises
    ServiceUnavailable where database or bucket do not respond: what is left is for a later round.
    """
    ages = settings.session_retention, settings.audit_retention
    if ages == (None, None):
        return None

    async def delete_old() -> None:
        of_sessions, of_entries = ages
        if of_entries is not None and (number := await purge_audit_log(database, clock.now() - of_entries)):
            logger.info(
                "%d entries of the audit log were deleted that were older than %s", number, of_entries
            )
        if of_sessions is not None:
            await _delete_sessions(of_sessions)

    async def _delete_sessions(age: timedelta) -> None:
        before = clock.now() - age
        deletion = Deletion(database, bucket.delete_many, clock=clock)
        try:
            async with aclosing(deletion.delete_finished(before)) as steps:
                for _ in range(BATCHES):
                    await anext(steps, None)
        finally:
            if number := deletion.deleted["scan_sessions"]:
                logger.info("%d sessions were deleted that had not changed since %s", number, before)

    return delete_old
