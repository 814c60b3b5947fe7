"""Stores scan sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import asdict
from sqlalchemy import or_, select

from scanner_api.scanning.sessions import ExtractionStatus, ScanSession, SessionStatus

from .activity import Activity
from .lookup import Lookup
from .queries import columns_of, maker_of, read_newest, read_page
from .tables import scan_sessions

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement

    from openapi_service.clock import Clock

    from .database import Database

_COLUMNS: Final = columns_of(scan_sessions, ScanSession)
_session: Final = maker_of(ScanSession)


class SessionStore:
    """Stores the scan sessions of all organizations.

    An idle ACTIVE session counts as EXPIRED, whether or not that is stored yet.

    Args:
        database: the database.
        clock: tells the time.
        ttl_seconds: how long an ACTIVE session may be idle.
    """

    def __init__(self, database: Database, clock: Clock, ttl_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._activity = Activity(clock, ttl_seconds)
        self._by_id = Lookup(database, select(*_COLUMNS), scan_sessions.c.id, _session)

    async def create(self, session: ScanSession) -> None:
        """Store a new session.

        Raises:
            ConstraintError: there is one with its id, or its organization does not exist.
        """
        await self._database.change(scan_sessions.insert(), [asdict(session)])

    async def get(self, session_id: str) -> ScanSession | None:
        """Read a session by id (any string), None if there is none; it is at least as new as the call.

        Concurrent callers may share its dicts, which must not be changed.
        """
        for session in await self._by_id.find(session_id):
            return self._activity.effective(session)
        return None

    async def close(self, session_id: str, *, submit: bool) -> ScanSession | None:
        """Complete an ACTIVE session, and start its extraction if it is submitted.

        Returns:
            The completed session, None if it was not ACTIVE: of concurrent calls, one gets it.
        """
        changes = {"status": SessionStatus.COMPLETED, "modified": self._clock.now()}
        if submit:
            changes["extraction_status"] = ExtractionStatus.PROCESSING
        active = scan_sessions.update().where(scan_sessions.c.id == session_id, self._activity.is_active())
        async with self._database.transaction() as connection:
            row = (await connection.execute(active.values(changes).returning(*_COLUMNS))).first()
        return _session(row) if row else None

    async def expire_idle(self) -> int:
        """Store that idle sessions are EXPIRED, and return how many were not yet."""
        idle = scan_sessions.update().where(self._activity.is_idle())
        return await self._database.change(idle.values(status=SessionStatus.EXPIRED))

    async def page(
        self,
        organization_ids: Collection[str],
        *,
        page: int,
        page_size: int,
        created_by: str | None = None,
        status: SessionStatus | None = None,
    ) -> tuple[list[ScanSession], int]:
        """Read a page of sessions, newest first, and count those on all pages.

        Args:
            organization_ids: whose sessions.
            page: from 1.
            page_size: most sessions on a page.
            created_by: only those that this credential opened.
            status: only those that are seen with this status.
        """
        statement = select(*_COLUMNS).where(scan_sessions.c.organization_id.in_(organization_ids))
        if created_by is not None:
            statement = statement.where(scan_sessions.c.created_by == created_by)
        if status is not None:
            statement = statement.where(self._has(status))
        sessions, total = await read_page(
            self._database,
            statement,
            _session,
            order=(scan_sessions.c.created, scan_sessions.c.id),
            descending=True,
            page=page,
            page_size=page_size,
        )
        return list(map(self._activity.effective, sessions)), total

    async def newest(self, limit: int) -> list[ScanSession]:
        """Read at most ``limit`` sessions of all organizations, newest first."""
        newest = await read_newest(self._database, select(*_COLUMNS), _session, scan_sessions, limit)
        return list(map(self._activity.effective, newest))

    def _has(self, status: SessionStatus) -> ColumnElement[bool]:
        match status:
            case SessionStatus.ACTIVE:
                return self._activity.is_active()
            case SessionStatus.EXPIRED:
                return or_(scan_sessions.c.status == status, self._activity.is_idle())
            case _:
                return scan_sessions.c.status == status
