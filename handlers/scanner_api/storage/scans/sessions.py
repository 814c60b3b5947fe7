"""Stores scan sessions."""

from collections.abc import Collection
from typing import Any, Final

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, bindparam, func, not_, select

from contract_first.service.clock import Clock
from scanner_api.scanning.scans.sessions import ExtractionStatus, ScanSession, SessionState, SessionStatus
from scanner_api.storage.database import Database
from scanner_api.storage.lookup import Lookup
from scanner_api.storage.queries import columns_of, maker_of, read_newest, read_page
from scanner_api.storage.schema.tables import scan_session_counts, scan_sessions

from .activity import IS_ACTIVE, THE_SESSION, Activity

_COLUMNS: Final = columns_of(scan_sessions, ScanSession)
_session: Final = maker_of(ScanSession)
_MOST_CHECKED: Final = 10_000
_ACTIVE: Final = scan_sessions.update().where(THE_SESSION, IS_ACTIVE)
_COMPLETED: Final = _ACTIVE.values(status=SessionStatus.COMPLETED, modified=bindparam("now"))
_ENDED: Final = _COMPLETED.returning(*_COLUMNS)
_SUBMITTED: Final = _COMPLETED.values(extraction_status=ExtractionStatus.PROCESSING).returning(*_COLUMNS)
_EXPIRED: Final = _ACTIVE.values(status=SessionStatus.EXPIRED)
_BATCH: Final = 1000
"""Sessions that are expired in one transaction: on PostgreSQL the n-th change of a count in it costs n."""


class SessionStore:
    """Stores the scan sessions of all organizations.

    An idle ACTIVE session counts as EXPIRED, whether or not that is stored yet.
    """

    def __init__(self, database: Database, clock: Clock, ttl_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._activity = Activity(clock, ttl_seconds)
        self._by_id = Lookup(database, select(*_COLUMNS), scan_sessions.c.id, _session)
        checked = select(*columns_of(scan_sessions, SessionState))
        self._states = Lookup(
            database, checked, scan_sessions.c.id, maker_of(SessionState), most=_MOST_CHECKED
        )

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
        sessions = await self._by_id.find(session_id)
        return self._activity.effective(sessions[0]) if sessions else None

    async def state(self, session_id: str) -> SessionState | None:
        """Read the owner and the status of a session, which every request for one needs."""
        states = await self._states.find(session_id)
        return self._activity.effective(states[0]) if states else None

    async def close(self, session_id: str, *, submit: bool) -> ScanSession | None:
        """Complete an ACTIVE session, and start its extraction if it is submitted.

        Returns:
            The completed session, None if it was not ACTIVE: of concurrent calls, one gets it.
        """
        closing, times = _SUBMITTED if submit else _ENDED, self._activity.times(session_id)

        def close(connection: Connection) -> ScanSession | None:
            row = connection.execute(closing, times).first()
            return _session(row) if row else None

        return await self._database.write(close, session_id, single=True)

    async def expire(self, session_id: str) -> bool:
        """Store that an ACTIVE session is EXPIRED, idle or not; return whether it was ACTIVE."""
        times = self._activity.times(session_id)

        def expire(connection: Connection) -> bool:
            return connection.execute(_EXPIRED, times).rowcount == 1

        return await self._database.write(expire, session_id, single=True)

    async def expire_idle(self) -> int:
        """Store that idle sessions are EXPIRED, in batches, and return how many were not yet."""
        expired = 0
        while True:
            idle = self._activity.is_idle()
            batch = select(scan_sessions.c.id).where(idle).order_by(scan_sessions.c.modified).limit(_BATCH)
            expiring = scan_sessions.update().where(scan_sessions.c.id.in_(batch), idle)
            changed = await self._database.change(expiring.values(status=SessionStatus.EXPIRED))
            expired += changed
            if changed < _BATCH:
                return expired

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

        Pages count from 1; with ``created_by`` only those that this credential opened.
        """
        conditions: list[ColumnElement[bool]] = [scan_sessions.c.organization_id.in_(organization_ids)]
        if created_by is not None:
            conditions.append(scan_sessions.c.created_by == created_by)
        rows = select(*_COLUMNS).where(*conditions)
        statement = rows if status is None else rows.where(scan_sessions.c.status == status)
        order = [scan_sessions.c.created, scan_sessions.c.id]
        others: list[Select[Any]] = []
        number: ColumnElement[int] = _stored_count(organization_ids, created_by, status)
        is_idle = self._activity.is_idle()  # once, so that all is seen at one time
        idle = select(func.count()).where(*conditions, is_idle).scalar_subquery()
        if status is SessionStatus.ACTIVE:
            statement, number = statement.where(not_(is_idle)), number - idle
        # in the order of their creation all ACTIVE ones would be read: not where none is idle
        elif status is SessionStatus.EXPIRED and (await self._database.fetch(select(idle)))[0][0]:
            others, number = [rows.where(is_idle)], number + idle
        elif status is SessionStatus.EXPIRED:  # a range, or PostgreSQL reads all by their age and filters
            statement = rows.where(scan_sessions.c.status.between(status, status))
            order.insert(0, scan_sessions.c.status)
        sessions, total = await read_page(
            self._database,
            statement,
            _session,
            others=others,
            counting=select(number),
            order=order,
            descending=True,
            page=page,
            page_size=page_size,
        )
        return list(map(self._activity.effective, sessions)), total

    async def newest(self, limit: int) -> list[ScanSession]:
        """Read at most ``limit`` sessions of all organizations, newest first."""
        newest = await read_newest(self._database, select(*_COLUMNS), _session, scan_sessions, limit)
        return list(map(self._activity.effective, newest))


def _stored_count(
    organization_ids: Collection[str], created_by: str | None, status: SessionStatus | None
) -> ScalarSelect[int]:
    """Return the number of sessions as an expression; of any credential, of any stored status if None."""
    counts = scan_session_counts.c
    number = select(func.coalesce(func.sum(counts.number), 0)).where(
        counts.organization_id.in_(organization_ids)
    )
    if created_by is not None:
        number = number.where(counts.created_by == created_by)
    if status is not None:
        number = number.where(counts.status == status)
    return number.scalar_subquery()
