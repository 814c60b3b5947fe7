"""Scan sessions, as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import asdict
from sqlalchemy import select

from scanner_api.scanning.sessions import ScanSession

from .lookup import Lookup
from .tables import scan_sessions

if TYPE_CHECKING:
    from .database import Database

_FIELDS: Final = ScanSession.__struct_fields__


class SessionStore:
    """The scan sessions of all organizations."""

    def __init__(self, database: Database) -> None:
        self._database = database
        columns = [scan_sessions.c[field] for field in _FIELDS]
        self._by_id = Lookup(database, select(*columns), key=scan_sessions.c.id)

    async def create(self, session: ScanSession) -> None:
        """Store a new session.

        Raises:
            ConstraintError: there is one with its id, or its organization does not exist.
        """
        async with self._database.transaction() as connection:
            await connection.execute(scan_sessions.insert(), asdict(session))

    async def get(self, session_id: str) -> ScanSession | None:
        """Return the session with this id (any string), or None; it is at least as new as the call.

        Whoever asks at the same time may be given the same dicts: they are not to be changed.
        """
        for row in await self._by_id.rows(session_id):
            return ScanSession(**dict(zip(_FIELDS, row, strict=True)))
        return None
