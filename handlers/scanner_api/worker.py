"""The worker: a process that runs the jobs of a queue in Redis, and serves no requests."""

from __future__ import annotations

from asyncio import Event
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contract_first.service.clock import Clock, SystemClock
from contract_first.service.http.server import starting
from contract_first.service.messages.traces import continued
from contract_first.service.pages import health_pages

from .app import START_ERRORS, connected, database_of, photo_bucket, redirects_of
from .processing.processing import Processing
from .processing.queue import QueueError
from .processing.retention import retention_of
from .processing.stores import oldest_waiting, stores_of
from .settings import Settings
from .storage.database import Database
from .storage.photo_bucket.bucket import PhotoBucket
from .waiting import wait_for

if TYPE_CHECKING:
    from contract_first.service.observe.metrics import Metrics
    from contract_first.service.observe.spans import Tracing


class Worker:
    """A worker.

    Args:
        database: that stores all state; by default that of the settings.
        bucket: where photos are; by default the one that the settings name.
        tracing: records a span for each job, if there is one.

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
        metrics: Metrics | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._settings = settings
        self._running = AsyncExitStack()
        self._draining = False
        self._database = database or database_of(settings, serves_requests=False)
        if tracing is not None:
            self._database.record_spans()
        self._bucket = bucket or photo_bucket(settings, clock)
        self._redirects = redirects_of(settings)
        stores = stores_of(self._database, clock, settings.session_ttl_seconds)
        self._processing = Processing(
            settings,
            stores,
            self._bucket,
            self._redirects,
            clock,
            is_worker=True,
            retain=retention_of(settings, self._database, self._bucket, clock),
            tracing=continued if tracing is None else tracing.job,
        )
        if metrics is not None:
            from .metrics import add_metrics  # noqa: PLC0415 -- only who wants it pays for it

            add_metrics(metrics, self._database, stores, self._bucket, self._processing, clock)
        self._pages = health_pages(
            {
                "database": self._database.ping,
                "disk": self._database.check_disk,
                "queue": self._processing.queue.ping,
            },
            {"bucket": self._bucket.ping, "work": partial(oldest_waiting, stores, clock)},
            lambda: self._draining,
            metrics,
        )

    async def run(self, ended: Event, ready: Callable[[], None]) -> None:
        """Work until the event is set; ``ready`` is called once jobs are taken.

        Raises:
            CannotStart: database, bucket or queue cannot be used.
        """
        try:
            with starting(*START_ERRORS, QueueError):
                await self.start()
            ready()
            await ended.wait()
        finally:
            await self.stop()

    async def start(self) -> None:
        """Start to take jobs.

        Raises:
            DatabaseError: the database cannot be used.
            PhotoBucketError: there are no AWS credentials.
            QueueError: Redis does not respond.
        """
        running = self._running
        running.push_async_callback(self._database.close)
        await connected(self._database, self._settings)
        running.callback(self._bucket.close)
        await self._bucket.connect()
        running.push_async_callback(self._redirects.aclose)
        running.push_async_callback(self._processing.stop)
        await wait_for(self._processing.queue.connect, self._settings.wait, QueueError)
        await self._processing.start()

    async def stop(self) -> None:
        """End the jobs that run, or release them."""
        await self._running.aclose()

    def drain(self) -> None:
        """Report not ready from now on."""
        self._draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ``/healthz`` and ``/readyz``."""
        page = self._pages.get(scope["path"]) or Response(status_code=HTTPStatus.NOT_FOUND)
        await page(scope, receive, send)
