"""Activity of sessions: which are ACTIVE, and what a new scan or photo changes in its session.

A session is locked before its scans or photos are changed, so that concurrent changes are serialized.
"""

from datetime import timedelta
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, and_, case, literal, select

from contract_first.service.clock import Clock
from scanner_api.scanning.scans.sessions import ScanSession, SessionState, SessionStatus
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.schema.tables import scan_sessions

Session = TypeVar("Session", ScanSession, SessionState)


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

    def is_active(self) -> ColumnElement[bool]:
        """Return the condition that a row of scan_sessions is ACTIVE and not idle."""
        modified = scan_sessions.c.modified
        return and_(scan_sessions.c.status == SessionStatus.ACTIVE, modified > self._clock.now() - self._ttl)

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
        counts = {
            "capture_count": scan_sessions.c.capture_count + captures,
            "photo_count": scan_sessions.c.photo_count + photos,
        }
        active = scan_sessions.update().where(scan_sessions.c.id == session_id, self.is_active())
        counted = active.values(modified=self._clock.now(), **counts)
        if connection.execute(counted).rowcount == 0:
            raise SessionClosed(self._status(connection, session_id))

    def touch(self, connection: Connection, session_id: str) -> None:
        """Lock a session of any status; an ACTIVE one is kept from becoming idle."""
        modified = scan_sessions.c.modified
        touched = case((self.is_active(), literal(self._clock.now(), modified.type)), else_=modified)
        session = scan_sessions.update().where(scan_sessions.c.id == session_id)
        connection.execute(session.values(modified=touched))

    def _status(self, connection: Connection, session_id: str) -> SessionStatus:
        status = connection.scalar(select(scan_sessions.c.status).where(scan_sessions.c.id == session_id))
        if status is None:
            raise ConstraintError("There is no such session.")
        return SessionStatus.EXPIRED if status is SessionStatus.ACTIVE else status
