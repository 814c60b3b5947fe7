"""The state of the mock, of the service's database and of S3: reset, snapshotted and restored as one unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from contract_first.mock.state.clock import ClockReading
from contract_first.mock.state.data_directory import IN_MEMORY, DataDirectory, Snapshot
from contract_first.mock.state.randomness import SeededRandomness
from contract_first.mock.state.state import Interrupted, MockState, StateLock, ordered
from contract_first.service.randomness import Randomness
from scanner_api.scanning.photos.photo import Photo
from scanner_api.storage.catalogue.products import ProductStore, StoredProduct
from scanner_api.storage.database import Database
from strict_s3 import Server

from .pipeline import Pipeline
from .seeding import NO_SEED_DATA, SeedData, seed_database

if TYPE_CHECKING:
    from scanner_api.app import Application

_INTERRUPTED = PlainTextResponse(
    f"{Interrupted.default_detail}\n", 503, {"Retry-After": "1", "Connection": "close"}
)
Make: TypeAlias = "Callable[[Database, Randomness, Pipeline], Application]"
"""Makes the service on a database, with what it draws ids from, and what holds its captures."""

_SESSION: Final = (
    "id",
    "status",
    "organization_id",
    "extraction_status",
    "created",
    "capture_count",
    "photo_count",
)
_CAPTURE: Final = (
    "id",
    "session_id",
    "status",
    "capture_type",
    "raw_value",
    "gtin",
    "product_name",
    "error_message",
    "created",
)
_PHOTO: Final = ("id", "session_id", "photo_type", "s3_key", "sort_order")
_PHOTO_SECONDS: Final = 3600


@dataclass(eq=False, kw_only=True)
class State(MockState):
    """The current service as an ASGI app, which is replaced whole.

    Attributes:
        s3: S3, started.
        processing_delay: seconds that a capture stays in each state of the pipeline.
        seed_data: what the state has from the start beside the fixed seeds.
        s3_url: returns the URL by which the current request reaches S3.
    """

    make: Make
    seed: int
    directory: DataDirectory
    s3: Server
    s3_url: Callable[[], str]
    processing_delay: float = 0
    seed_data: SeedData = NO_SEED_DATA

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(self.processing_delay, self._process)
        self.clearable = {**self.clearable, "pipeline": self.pipeline}
        self._lock = StateLock()
        self._randomness = self._drawing()
        self._service: Application | None = None

    async def start(self) -> None:
        """Load the database that is there, or the seeds."""
        database = self.directory.database
        if database is not None and database.is_file():
            # what is there was drawn in other runs
            self._randomness = self._drawing(life=self.directory.starts)
            self._service = await self._started(Database(self.directory.database_url))
        else:
            await self._load_seeds()

    async def stop(self) -> None:
        """Flush and release everything, once no change is under way."""
        async with self._lock.change():
            await self._stop_service()

    async def _stop_service(self) -> None:
        service, self._service = self._service, None
        if service is not None:
            await service.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of the API; 503 if that cannot be ended before the state changes."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with self._lock.request():
                await self._running(scope, receive, noted)
        except Interrupted:
            if not started:
                await _INTERRUPTED(scope, receive, send)

    async def _process(self, capture_id: str, organization_id: str) -> None:
        """Have a capture go on, unless the service is being replaced: its start finds it."""
        if self._service is not None:
            await self._service.queue.process_capture(capture_id, organization_id)

    @property
    def _running(self) -> Application:
        if self._service is None:
            raise Interrupted
        return self._service

    def changing(self) -> AbstractAsyncContextManager[None]:
        """Return a context in which no request uses the state."""
        return self._lock.change()

    async def initialize(self) -> None:
        await ordered(self.s3.reset)
        await self._stop_service()
        await self._load_seeds()

    async def save(self, draft: Snapshot) -> Mapping[str, Any]:
        """Save database and S3, and return how many ids were drawn."""
        await self._running.database.save(draft.database)
        await ordered(self.s3.snapshot, draft.s3)
        return {"drawn": self._randomness.standing}

    async def load(self, snapshot: Snapshot) -> None:
        """Load database and S3."""
        await ordered(self.s3.restore, snapshot.s3)
        await self._stop_service()
        self._randomness = self._drawing(**snapshot.facts["drawn"])
        await self._load(snapshot.database)

    async def remake(self, make: Make) -> None:
        """Replace the service, the state staying; if the new one does not start, the old one goes on."""
        before = self.make
        with self.directory.draft() as draft:
            async with self._lock.change():
                await self._running.database.save(draft.database)
                await self._stop_service()
                try:
                    self.make = make
                    await self._load(draft.database)
                except Exception:
                    self.make = before
                    await self._load(draft.database)
                    raise
        self.events.publish("state", {"change": "contract"})

    async def set_clock(self, **changes: Any) -> ClockReading:
        """Change the clock as `MockClock.change` does, and return its reading.

        Raises:
            OutOfRange: the time would be out of the clock's range.
        """
        before = self.clock.now()
        reading = await super().set_clock(**changes)
        if reading.now < before:
            # windows that started later would last until then
            async with self._lock.request():
                await self._running.limiter.reset()
        return reading

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the resources, the newest first, at most ``limit`` of each kind."""
        count, size = await ordered(self.s3.usage, self.s3.buckets[0])
        async with self._lock.request():
            stores = self._running.stores
            sessions = await stores.sessions.newest(limit)
            captures = await stores.captures.newest(limit)
            photos = await stores.photos.newest(limit)
        return {
            **await super().describe(limit),
            "sessions": [_resource(_SESSION, session) for session in sessions],
            "captures": [_resource(_CAPTURE, capture) for capture in captures],
            "photos": [self._photo(photo) for photo in photos],
            "objects": {"count": count, "bytes": size},
            "s3_restarts": self.s3.restarts,
            "pipeline": self.pipeline.described(),
        }

    async def products(self, page: int, page_size: int) -> tuple[list[StoredProduct], int]:
        """Return a page of the catalogue, and how many products it has."""
        async with self._lock.request():
            return await ProductStore(self._running.database, self.clock).page(page=page, page_size=page_size)

    def _photo(self, photo: Photo) -> dict[str, Any]:
        from .bucket.aws_session import presigned_get  # noqa: PLC0415 -- boto3 takes a while

        s3, now = self.s3, self.clock.now()
        bucket = f"{self.s3_url()}/{s3.buckets[0]}"
        url = presigned_get(bucket, s3.region, photo.s3_key, _PHOTO_SECONDS, now, recorded=False)
        return {**_resource(_PHOTO, photo), "label": photo.original_filename, "url": url}

    def _drawing(self, **position: Any) -> SeededRandomness:
        return SeededRandomness(self.seed, person=b"scanner mock", **position)

    async def _load_seeds(self) -> None:
        self._randomness = self._drawing()
        with self.directory.draft() as draft:
            seeds = Database(IN_MEMORY)
            try:
                await seeds.migrate()
                await seed_database(seeds, self.clock, self.seed_data)
                await seeds.save(draft.database)
            finally:
                await seeds.close()
            await self._load(draft.database)

    async def _load(self, file: Path) -> None:
        database = Database(self.directory.database_url)
        await database.load(file)
        self._service = await self._started(database)

    async def _started(self, database: Database) -> Application:
        try:
            service = self.make(database, self._randomness, self.pipeline)
            try:
                await service.start()
            except BaseException:  # a change may be cancelled while the service starts, as at the mock's end
                await service.stop()
                raise
        except BaseException:
            await database.close()
            raise
        return service


def _resource(fields: tuple[str, ...], stored: object) -> dict[str, Any]:
    return {field: getattr(stored, field) for field in fields}
