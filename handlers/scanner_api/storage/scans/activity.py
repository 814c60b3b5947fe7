"""Activity of sessions: which are ACTIVE, and what a new scan or photo changes in its session.

A session is locked before its scans or photos are changed, so that concurrent changes are serialized.
"""

from datetime import timedelta
from typing import Any, Final, TypeVar

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, case, select

from contract_first.service.clock import Clock
from scanner_api.scanning.scans.sessions import ScanSession, SessionState, SessionStatus
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.schema.tables import scan_sessions

Session = TypeVar("Session", ScanSession, SessionState)
_MODIFIED: Final = scan_sessions.c.modified
_NOW: Final = bindparam("now", type_=_MODIFIED.type)
IS_ACTIVE: Final = and_(
    scan_sessions.c.status == SessionStatus.ACTIVE,
    bindparam("idle_since", type_=_MODIFIED.type) < _MODIFIED,
)
"""The condition that a session is ACTIVE and not idle, of :meth:`Activity.times`."""
THE_SESSION: Final = scan_sessions.c.id == bindparam("the_session", type_=scan_sessions.c.id.type)
THE_ROW: Final = select(scan_sessions.c.id).where(THE_SESSION)
COUNTED: Final = (
    scan_sessions.update()
    .where(THE_SESSION, IS_ACTIVE)
    .values(
        modified=_NOW,
        capture_count=scan_sessions.c.capture_count + bindparam("captures", type_=Integer),
        photo_count=scan_sessions.c.photo_count + bindparam("photos", type_=Integer),
    )
)
"""Counts what is added to an ACTIVE session."""
TOUCHED: Final = (
    scan_sessions.update().where(THE_SESSION).values(modified=case((IS_ACTIVE, _NOW), else_=_MODIFIED))
)
"""Locks a session of any status; an ACTIVE one is kept from becoming idle."""


class SessionClosed(Exception):  # noqa: N818 -- says what happened
    """The session is not ACTIVE.

    Attributes:
        status: COMPLETED or EXPIRED.
    """

    def __init__(self, status: SessionStatus) -> None:
        self.status = status
        super().__init__(f"The session is {status}.")


class Activity:
    """Tells ACTIVE sessions from idle ones, and keeps used ones from becoming idle.

    Args:
        ttl_seconds: how long an ACTIVE session may be idle.
    """

    def __init__(self, clock: Clock, ttl_seconds: float) -> None:
        self._clock = clock
        self._ttl = timedelta(seconds=ttl_seconds)

    def effective(self, session: Session) -> Session:
        """Return a stored session with its effective status: EXPIRED if it is idle."""
        if session.status is SessionStatus.ACTIVE and session.modified <= self._clock.now() - self._ttl:
            return replace(session, status=SessionStatus.EXPIRED)
        return session

    def times(self, session_id: str) -> dict[str, Any]:
        """Return the parameters of a session and of the times by which it is ACTIVE."""
        now = self._clock.now()
        return {"the_session": session_id, "now": now, "idle_since": now - self._ttl}

    def counts(self, session_id: str, *, captures: int = 0, photos: int = 0) -> dict[str, Any]:
        """Return the parameters of what is added to a session."""
        return {**self.times(session_id), "captures": captures, "photos": photos}

    def is_idle(self) -> ColumnElement[bool]:
        """Return the condition that a row of scan_sessions is ACTIVE and idle."""
        modified = scan_sessions.c.modified
        return and_(scan_sessions.c.status == SessionStatus.ACTIVE, modified <= self._clock.now() - self._ttl)

    def add(self, connection: Connection, session_id: str, *, captures: int = 0, photos: int = 0) -> None:
        """Lock a session and count what is about to be added to it, which keeps it from becoming idle.

        Raises:
            ConstraintError: there is no such session.
            SessionClosed: it is not ACTIVE, or idle.
        """
        counts = self.counts(session_id, captures=captures, photos=photos)
        if connection.execute(COUNTED, counts).rowcount == 0:
            raise closed(connection, session_id)

    def touch(self, connection: Connection, session_id: str) -> None:
        """Lock a session of any status; an ACTIVE one is kept from becoming idle."""
        connection.execute(TOUCHED, self.times(session_id))


def closed(connection: Connection, session_id: str) -> SessionClosed:
    """Return the error of a session that is not ACTIVE.

    Raises:
        ConstraintError: there is no such session.
    """
    status = connection.scalar(select(scan_sessions.c.status).where(scan_sessions.c.id == session_id))
    if status is None:
        raise ConstraintError("There is no such session.")
    return SessionClosed(SessionStatus.EXPIRED if status is SessionStatus.ACTIVE else status)
