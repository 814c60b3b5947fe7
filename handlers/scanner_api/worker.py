"""The worker: a process that runs the jobs of a queue in Redis, and serves no requests."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from openapi_service.clock import SystemClock

from .app import photo_bucket
from .processing.processing import Processing
from .processing.stores import stores_of
from .scanning.destinations import Permissions
from .scanning.redirects import RedirectFollower
from .storage.database import Database

if TYPE_CHECKING:
    from asyncio import Event
    from collections.abc import Callable

    from openapi_service.clock import Clock

    from .settings import Settings
    from .storage.photo_bucket import PhotoBucket


class Worker:
    """A worker.

    Args:
        settings: all settings; those of the servers it works for.
        clock: tells the time.
        database: where state is kept; by default the one that the settings name.
        bucket: where photos are; by default the one that the settings name.

    Raises:
        ValueError: the settings name no queue for workers, or something that cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        database: Database | None = None,
        bucket: PhotoBucket | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._database = database or Database(settings.database_url)
        self._bucket = bucket or photo_bucket(settings, clock)
        self._redirects = RedirectFollower(Permissions(settings.redirect_ports, settings.redirect_allowed))
        stores = stores_of(self._database, clock, settings.session_ttl_seconds)
        self._processing = Processing(settings, stores, self._bucket, self._redirects, clock, is_worker=True)

    async def run(self, ended: Event, ready: Callable[[], None]) -> None:
        """Work until the event is set; ``ready`` is called once jobs are taken.

        Raises:
            DatabaseError: the database cannot be used.
            PhotoBucketError: there are no AWS credentials.
            QueueError: Redis does not respond.
        """
        async with AsyncExitStack() as running:
            running.push_async_callback(self._database.close)
            await self._database.migrate()
            running.callback(self._bucket.close)
            await self._bucket.connect()
            running.push_async_callback(self._redirects.aclose)
            running.push_async_callback(self._processing.stop)
            await self._processing.start()
            ready()
            await ended.wait()
