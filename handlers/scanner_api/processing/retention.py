"""Deletes sessions that are older than the settings say, a few at a time."""

import logging
from contextlib import aclosing
from datetime import timedelta
from typing import Final

from openapi_service.clock import Clock
from scanner_api.settings import Settings
from scanner_api.storage.database import Database
from scanner_api.storage.deletion import Deletion
from scanner_api.storage.photo_bucket import PhotoBucket

BATCHES: Final = 10
"""In a round of the sweep, which has other things to do."""

logger = logging.getLogger(__name__)


class Retention:
    """Deletes old sessions.

    Args:
        age: for how long sessions stay after they have changed for the last time.
    """

    def __init__(self, database: Database, bucket: PhotoBucket, clock: Clock, age: timedelta) -> None:
        self._database = database
        self._bucket = bucket
        self._clock = clock
        self._age = age

    async def round(self) -> None:
        """Delete the first batches of old sessions, and log how many they were.

        It may be cancelled: what is left is for a later round.

        Raises:
            ServiceUnavailable: database or bucket do not respond; what is left is for a later round.
        """
        before = self._clock.now() - self._age
        deletion = Deletion(self._database, self._bucket.delete_many, clock=self._clock)
        try:
            async with aclosing(deletion.delete_finished(before)) as steps:
                for _ in range(BATCHES):
                    await anext(steps, None)
        finally:
            if number := deletion.deleted["scan_sessions"]:
                logger.info("%d sessions were deleted that had not changed since %s", number, before)


def retention_of(
    settings: Settings, database: Database, bucket: PhotoBucket, clock: Clock
) -> Retention | None:
    """Return what deletes old sessions, None if the settings let them stay for ever."""
    age = settings.session_retention
    return None if age is None else Retention(database, bucket, clock, age)
