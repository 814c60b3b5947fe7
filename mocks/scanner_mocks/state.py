"""The state of the mock, of the service's database and of S3: reset, snapshotted and restored as one unit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from contract_first.mock.state.clock import ClockReading
from contract_first.mock.state.data_directory import IN_MEMORY, DataDirectory, Snapshot
from contract_first.mock.state.randomness import SeededRandomness
from contract_first.mock.state.scopes import SCOPE, entered
from contract_first.mock.state.state import Interrupted, MockState, StateLock, ordered
from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.scanning.photos.photo import Photo
from scanner_api.storage.database import Database
from strict_s3 import Server
from strict_s3.messages.request import UNWATCHED

from .bucket.bucket_session import presigned_get
from .buckets import bucket_of
from .processing.pipeline import Pipeline
from .seeding import NO_SEED_DATA, SeedData, seed_database

if TYPE_CHECKING:
    from scanner_api.app import Application

_INTERRUPTED = PlainTextResponse(
    f"{Interrupted.default_detail}\n", 503, {"Retry-After": "1", "Connection": "close"}
)
Make: TypeAlias = "Callable[[Database, Room], Application]"
"""Makes the service of a scope on a database."""

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


@dataclass(eq=False)
class Room:
    """The state of one scope, or of what has none.

    Attributes:
        bucket: of its photos.
        database_url: SQLAlchemy URL of its database.
        randomness: what its ids are drawn from.
        pipeline: holds its captures.
        service: runs on the database; None while it is replaced.
    """

    bucket: str
    database_url: str
    randomness: SeededRandomness
    processing_delay: InitVar[float]
    pipeline: Pipeline = field(init=False)
    lock: StateLock = field(default_factory=StateLock, init=False)
    service: Application | None = field(default=None, init=False)

    def __post_init__(self, processing_delay: float) -> None:
        self.pipeline = Pipeline(processing_delay, self._process)

    @property
    def running(self) -> Application:
        if self.service is None:
            raise Interrupted
        return self.service

    async def start(self, database: Database, make: Make) -> None:
        """Start the service on a database, which is closed if that fails."""
        async with AsyncExitStack() as failed:  # or cancelled, as at the mock's end
            failed.push_async_callback(database.close)
            service = make(database, self)
            failed.push_async_callback(service.stop)
            await service.start()
            failed.pop_all()
        self.service = service

    async def stop(self) -> None:
        """Stop the service."""
        service, self.service = self.service, None
        if service is not None:
            await service.stop()

    async def _process(self, capture_id: str, organization_id: str) -> None:
        """Have a capture go on, unless the service is being replaced: its start finds it."""
        if self.service is not None:
            await self.service.queue.process_capture(capture_id, organization_id)


@dataclass(eq=False, kw_only=True)
class State(MockState):
    """The service of the current scope as an ASGI app, which is replaced whole.

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
        self._rooms = {"": self._made(bucket_of(""), self.directory.database_url)}

    def _made(self, bucket: str, database_url: str) -> Room:
        return Room(bucket, database_url, self._drawing(), self.processing_delay)

    @property
    def room(self) -> Room:
        """The state of the current scope."""
        return self._rooms[SCOPE.get()]

    def open(self, name: str) -> None:
        """Give a scope a state of its own, in memory, which is still to be initialized."""
        self._rooms[name] = self._made(bucket_of(name), IN_MEMORY)

    def close(self, name: str) -> None:
        """Remove the state of a scope, which has been released."""
        del self._rooms[name]

    def scope_of(self, bucket: str) -> str:
        """Return the scope that a bucket is of, empty for none."""
        return next((name for name, room in [*self._rooms.items()] if room.bucket == bucket), "")

    def _buckets(self) -> tuple[str, list[str]]:
        """Return the bucket of the current scope; without one none, and those of scopes."""
        if SCOPE.get():
            return self.room.bucket, []
        return "", [room.bucket for name, room in self._rooms.items() if name]

    async def start(self) -> None:
        """Load the database that is there, or the seeds."""
        database = self.directory.database
        if database is not None and database.is_file():
            # what is there was drawn in other runs
            self.room.randomness = self._drawing(life=self.directory.starts)
            await self.room.start(Database(self.room.database_url), self.make)
        else:
            await self._load_seeds()

    async def stop(self) -> None:
        """Flush and release everything, once no change is under way."""
        for name, room in self._rooms.items():
            async with room.lock.change():
                await room.stop()
            if name:
                with suppress(ServiceUnavailable):  # S3 may be gone before
                    await ordered(self.s3.drop_bucket, room.bucket)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of the API; 503 if that cannot be ended before the state changes."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            room = self.room
            async with room.lock.request():
                await room.running(scope, receive, noted)
        except Interrupted:
            if not started:
                await _INTERRUPTED(scope, receive, send)

    def changing(self) -> AbstractAsyncContextManager[None]:
        """Return a context in which no request uses the state of the current scope."""
        return self.room.lock.change()

    @asynccontextmanager
    async def using(self) -> AsyncIterator[Application]:
        """Use the service of the current scope; its state is not replaced meanwhile."""
        room = self.room
        async with room.lock.request():
            yield room.running

    async def initialize(self) -> None:
        """Replace the state of the current scope by the initial one."""
        await ordered(self.s3.reset, *self._buckets())
        if SCOPE.get():
            await ordered(self.s3.create_bucket, self.room.bucket)
            await ordered(self.clock.change)  # of this scope, which S3 has not heard of before
        await self.room.stop()
        self.room.pipeline.clear()
        await self._load_seeds()

    async def release(self) -> None:
        """Release the state of the current scope."""
        await super().release()
        await self.room.stop()
        await ordered(self.s3.drop_bucket, self.room.bucket)

    async def save(self, draft: Snapshot) -> Mapping[str, Any]:
        """Save database and S3, and return how many ids were drawn."""
        await self.room.running.database.save(draft.database)
        await ordered(self.s3.snapshot, draft.s3, *self._buckets())
        return {"drawn": self.room.randomness.standing}

    async def load(self, snapshot: Snapshot) -> None:
        """Load database and S3."""
        await ordered(self.s3.restore, snapshot.s3, *self._buckets())
        await self.room.stop()
        self.room.randomness = self._drawing(**snapshot.facts["drawn"])
        await self._load(snapshot.database)

    async def remake(self, make: Make) -> None:
        """Replace the service, the state staying; if the new one does not start, the old one goes on."""
        for name in [*self._rooms]:
            with entered(name):
                await self._remade(make)
        self.make = make
        self.events.publish("state", {"change": "contract"})

    async def _remade(self, make: Make) -> None:
        room = self.room
        with self.directory.draft() as draft:
            async with room.lock.change():
                await room.running.database.save(draft.database)
                await room.stop()
                try:
                    await self._load(draft.database, make)
                except Exception:
                    await self._load(draft.database, self.make)
                    raise

    async def set_clock(self, **changes: Any) -> ClockReading:
        """Change the clock as `MockClock.change` does, and return its reading.

        Raises:
            OutOfRange: the time would be out of the clock's range.
        """
        before = self.clock.now()
        reading = await super().set_clock(**changes)
        if reading.now < before:
            # windows that started later would last until then
            async with self.using() as service:
                await service.limiter.reset()
        return reading

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return the resources, the newest first, at most ``limit`` of each kind."""
        room = self.room
        count, size = await ordered(self.s3.usage, room.bucket)
        async with self.using() as service:
            sessions = await service.stores.sessions.newest(limit)
            captures = await service.stores.captures.newest(limit)
            photos = await service.stores.photos.newest(limit)
        return {
            **await super().describe(limit),
            "sessions": [_resource(_SESSION, session) for session in sessions],
            "captures": [_resource(_CAPTURE, capture) for capture in captures],
            "photos": [self._photo(photo) for photo in photos],
            "objects": {"count": count, "bytes": size},
            "s3_restarts": self.s3.restarts,
            "pipeline": room.pipeline.described(),
        }

    def _photo(self, photo: Photo) -> dict[str, Any]:
        path, unwatched = f"/{self.room.bucket}/{photo.s3_key}", {UNWATCHED: ""}
        now, seconds = self.clock.now(), _PHOTO_SECONDS
        url = presigned_get(self.s3_url(), self.s3.region, path, now=now, seconds=seconds, **unwatched)
        return {**_resource(_PHOTO, photo), "label": photo.original_filename, "url": url}

    def _drawing(self, **position: Any) -> SeededRandomness:
        return SeededRandomness(self.seed, person=b"scanner mock", **position)

    async def _load_seeds(self) -> None:
        self.room.randomness = self._drawing()
        with self.directory.draft() as draft:
            seeds = Database(IN_MEMORY)
            try:
                await seeds.migrate()
                await seed_database(seeds, self.clock, self.seed_data)
                await seeds.save(draft.database)
            finally:
                await seeds.close()
            await self._load(draft.database)

    async def _load(self, file: Path, make: Make | None = None) -> None:
        database = Database(self.room.database_url)
        await database.load(file)
        await self.room.start(database, make or self.make)


def _resource(fields: tuple[str, ...], stored: object) -> dict[str, Any]:
    return {field: getattr(stored, field) for field in fields}
