"""All that the mock knows: the service with its database, and S3; set back, kept and had again as one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from starlette.responses import PlainTextResponse

from openapi_mock.data_directory import IN_MEMORY
from openapi_mock.randomness import SeededRandomness
from openapi_mock.turns import Interrupted, Turns
from openapi_service.problems import ServiceUnavailable
from scanner_api.storage.database import Database

from .aws_session import presigned_get
from .planting import plant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

    from openapi_mock.clock import MockClock, Reading
    from openapi_mock.data_directory import Shelf
    from openapi_mock.events import Events
    from openapi_mock.stateless import Clearable
    from openapi_service.randomness import Randomness
    from presigned_s3 import S3Server
    from scanner_api.app import Application
    from scanner_api.scanning.photos import Photo

_INTERRUPTED = PlainTextResponse(
    "The state of the mock was changed meanwhile.\n", 503, {"Retry-After": "1", "Connection": "close"}
)
Answered = TypeVar("Answered")
Make: TypeAlias = "Callable[[Database, Randomness], Application]"
"""Makes the service on a database, and with what it draws ids from."""

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


class State:
    """The service of the day as an ASGI app, which is replaced whole.

    Args:
        make: makes the service.
        seed: of what it draws ids from.
        shelf: where databases and snapshots are.
        s3: S3, started.
        clock: the time in both.
        events: learn that the state is another.
        kept: by name, what else a reset clears unless it is told to keep it.
    """

    def __init__(
        self,
        make: Make,
        seed: int,
        shelf: Shelf,
        s3: S3Server,
        clock: MockClock,
        events: Events,
        kept: dict[str, Clearable],
    ) -> None:
        self._make = make
        self._seed = seed
        self._shelf = shelf
        self._s3 = s3
        self._clock = clock
        self._events = events
        self._kept = kept
        self._turns = Turns()
        self._randomness = SeededRandomness(seed)
        self._service: Application | None = None

    async def start(self) -> None:
        """Begin with the database that is there, or with the seeds."""
        database = self._shelf.database
        if database is not None and database.is_file():
            # what is there was drawn in other lives
            self._randomness = SeededRandomness(self._seed, self._shelf.starts)
            self._service = await self._begun(Database(self._shelf.database_url))
        else:
            await self._begin_with_seeds()

    async def stop(self) -> None:
        """Write down what is still to be written, and let go of everything."""
        service, self._service = self._service, None
        if service is not None:
            await service.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of the API; 503 if that cannot be ended before the state changes."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with self._turns.request():
                await self._running(scope, receive, watched)
        except Interrupted:
            if not begun:
                await _INTERRUPTED(scope, receive, send)

    @property
    def _running(self) -> Application:
        if self._service is None:
            raise Interrupted
        return self._service

    async def reset(self, keep: Collection[str] = (), scope: str | None = None) -> None:
        """Begin again, with the seeds.

        Args:
            keep: what is to stay: ``journal``, ``faults``, ``clock``.
            scope: whose faults and exchanges are cleared; None for all.
        """
        async with self._turns.change():
            if "clock" not in keep:
                await _answered(self._clock.change, reset=True)
            for name, kept in self._kept.items():
                if name not in keep:
                    await asyncio.to_thread(kept.clear, scope)
            await _answered(self._s3.reset)
            await self.stop()
            await self._begin_with_seeds()
        self._events.publish("state", {"change": "reset"})

    async def snapshot(self, name: str) -> None:
        """Keep all there is under a name.

        Raises:
            TooManySnapshots: there are too many.
        """
        with self._shelf.draft() as draft:
            async with self._turns.change():
                await self._running.database.save(draft.database)
                await _answered(self._s3.snapshot, draft.s3)
                drawn = self._randomness.standing
            self._shelf.shelve(draft, name, {"drawn": drawn})
        self._events.publish("state", {"change": "snapshot", "name": name})

    async def restore(self, name: str) -> None:
        """Have all as it was when a snapshot was taken.

        Raises:
            UnknownSnapshot: there is none of this name.
        """
        async with self._turns.change():
            snapshot = self._shelf.snapshot(name)
            await _answered(self._s3.restore, snapshot.s3)
            await self.stop()
            self._randomness = SeededRandomness(self._seed, **snapshot.facts["drawn"])
            await self._begin_with(snapshot.database)
        self._events.publish("state", {"change": "restore", "name": name})

    async def remake(self, make: Make) -> None:
        """Go on with all there is and another service; if that does not start, with the one of before."""
        before = self._make
        with self._shelf.draft() as draft:
            async with self._turns.change():
                await self._running.database.save(draft.database)
                await self.stop()
                try:
                    self._make = make
                    await self._begin_with(draft.database)
                except Exception:
                    self._make = before
                    await self._begin_with(draft.database)
                    raise
        self._events.publish("state", {"change": "contract"})

    async def set_clock(self, **changes: Any) -> Reading:
        """Change the clock as `MockClock.change` does, and return what it shows.

        Raises:
            OutOfRange: the time would be one that cannot be reckoned with.
        """
        before = self._clock.now()
        reading = await _answered(self._clock.change, **changes)
        if reading.now < before:
            # windows that began later would last until then
            async with self._turns.request():
                await self._running.limiter.reset()
        self._events.publish("clock", reading)
        return reading

    async def describe(self, limit: int) -> dict[str, Any]:
        """Return what there is, the newest first, at most so many of each."""
        count, size = await _answered(self._s3.usage, self._s3.bucket)
        async with self._turns.request():
            stores = self._running.stores
            sessions = await stores.sessions.newest(limit)
            captures = await stores.captures.newest(limit)
            photos = await stores.photos.newest(limit)
        return {
            "clock": self._clock.reading(),
            "sessions": [_shown(_SESSION, session) for session in sessions],
            "captures": [_shown(_CAPTURE, capture) for capture in captures],
            "photos": [self._shown_photo(photo) for photo in photos],
            "objects": {"count": count, "bytes": size},
            "snapshots": self._shelf.names(),
        }

    def _shown_photo(self, photo: Photo) -> dict[str, Any]:
        url = presigned_get(self._s3.url, photo.s3_key, _PHOTO_SECONDS, self._clock.now(), watched=False)
        return {**_shown(_PHOTO, photo), "label": photo.original_filename, "url": url}

    async def _begin_with_seeds(self) -> None:
        self._randomness = SeededRandomness(self._seed)
        with self._shelf.draft() as draft:
            seeds = Database(IN_MEMORY)
            try:
                await seeds.migrate()
                await plant(seeds, self._clock)
                await seeds.save(draft.database)
            finally:
                await seeds.close()
            await self._begin_with(draft.database)

    async def _begin_with(self, file: Path) -> None:
        database = Database(self._shelf.database_url)
        await database.load(file)
        self._service = await self._begun(database)

    async def _begun(self, database: Database) -> Application:
        try:
            service = self._make(database, self._randomness)
            await service.start()
        except BaseException:
            await database.close()
            raise
        return service


async def _answered(order: Callable[..., Answered], *arguments: Any, **named: Any) -> Answered:
    """Have an order carried out that S3 has a part in, and return what it results in.

    Raises:
        ServiceUnavailable: S3's process is gone, or does not answer.
    """
    try:
        return await asyncio.to_thread(order, *arguments, **named)
    except (RuntimeError, OSError) as error:
        raise ServiceUnavailable(f"S3 does not answer: {error}") from error


def _shown(fields: tuple[str, ...], stored: object) -> dict[str, Any]:
    return {field: getattr(stored, field) for field in fields}
