"""Stores the photos of sessions."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, bindparam, exists, func, select

from contract_first.service.clock import Clock
from scanner_api.scanning.photos.photo import Photo, check_order
from scanner_api.storage.database import Database, DuplicateError
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.queries import columns_of, maker_of, read_newest, read_page
from scanner_api.storage.schema.tables import photos
from scanner_api.storage.statements import parameters_of, values_of

from .activity import Activity

_PHOTOS: Final = select(*columns_of(photos, Photo))
_photo: Final = maker_of(Photo)
_NEW: Final = parameters_of(photos, [field for field in Photo.__struct_fields__ if field != "sort_order"])
_PLACE: Final = select(func.coalesce(func.max(photos.c.sort_order), -1) + 1).where(
    photos.c.session_id == _NEW["session_id"]
)
_IS_KNOWN: Final = exists().where(photos.c.s3_key == _NEW["s3_key"])
_ADDED: Final = (
    photos.insert()
    .from_select([*_NEW, "sort_order"], select(*_NEW.values(), _PLACE.scalar_subquery()).where(~_IS_KNOWN))
    .returning(photos.c.sort_order)
)
"""Adds a photo at the end of its gallery, unless there is one with its key."""
_PLACED: Final = photos.update().where(photos.c.id == bindparam("placed"))


class PhotoStore:
    """Stores the photos of all sessions; a change to one keeps its session from becoming idle."""

    def __init__(self, database: Database, clock: Clock, ttl_seconds: float) -> None:
        self._database = database
        self._activity = Activity(clock, ttl_seconds)
        self._by_session = Lookup(database, _PHOTOS, photos.c.session_id, _photo)

    async def add(self, photo: Photo) -> Photo:
        """Store a new photo at the end of the gallery, and return it with its place.

        Raises:
            ConstraintError: its session or capture does not exist, or there is a photo with its id.
            DuplicateError: there is a photo with its key.
            SessionClosed: its session is not active.
        """

        def add(connection: Connection) -> Photo:
            self._activity.add(connection, photo.session_id, photos=1)
            place = connection.scalar(_ADDED, values_of(asdict(photo)))
            if place is None:
                of_key = select(photos.c.id).where(photos.c.s3_key == photo.s3_key)
                raise DuplicateError(connection.execute(of_key).scalar_one())
            return replace(photo, sort_order=place)

        return await self._database.write(add, photo.session_id)

    async def get(self, photo_id: str) -> Photo | None:
        """Read a photo by id (any string), None if there is none."""
        rows = await self._database.fetch(_PHOTOS.where(photos.c.id == photo_id))
        return _photo(rows[0]) if rows else None

    async def of_session(self, session_id: str) -> list[Photo]:
        """Read the gallery of a session, in its order; the photos' dicts must not be changed."""
        return sorted(await self._by_session.find(session_id), key=lambda photo: photo.sort_order)

    async def page(self, session_id: str, *, page: int, page_size: int) -> tuple[list[Photo], int]:
        """Read a page (from 1) of a session's gallery, in its order, and count all photos."""
        gallery = _PHOTOS.where(photos.c.session_id == session_id)
        return await read_page(
            self._database, gallery, _photo, order=(photos.c.sort_order,), page=page, page_size=page_size
        )

    async def newest(self, limit: int) -> list[Photo]:
        """Read at most ``limit`` photos of all sessions, newest first."""
        return await read_newest(self._database, _PHOTOS, _photo, photos, limit)

    async def update(self, photo: Photo, change: Callable[[Photo], Photo]) -> Photo:
        """Change a photo's label or metadata, and return it.

        What changes it gets the current photo, which nobody else changes meanwhile; an exception rolls back.
        """

        def update(connection: Connection) -> Photo:
            self._activity.touch(connection, photo.session_id)
            current = connection.execute(_PHOTOS.where(photos.c.id == photo.id))
            changed = change(_photo(current.one()))
            connection.execute(
                photos.update()
                .where(photos.c.id == photo.id)
                .values(photo_type=changed.photo_type, metadata=changed.metadata)
            )
            return changed

        return await self._database.write(update, photo.session_id)

    async def reorder(self, session_id: str, photo_ids: Sequence[str]) -> list[Photo]:
        """Reorder a gallery, and return it in the new order.

        Raises:
            OrderError: these are not exactly the photos of the gallery, each once.
        """

        def reorder(connection: Connection) -> list[Photo]:
            self._activity.touch(connection, session_id)
            gallery = {photo.id: photo for photo in _gallery(connection, session_id)}
            check_order(list(gallery), photo_ids)
            ordered = [
                replace(gallery[photo_id], sort_order=place) for place, photo_id in enumerate(photo_ids)
            ]
            if ordered:
                places = [{"placed": photo.id, "sort_order": photo.sort_order} for photo in ordered]
                connection.execute(_PLACED, places)
            return ordered

        return await self._database.write(reorder, session_id)


def _gallery(connection: Connection, session_id: str) -> list[Photo]:
    rows = connection.execute(_PHOTOS.where(photos.c.session_id == session_id).order_by(photos.c.sort_order))
    return [_photo(row) for row in rows]
