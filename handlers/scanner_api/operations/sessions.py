"""Scanner Sessions: create and manage barcode scanning sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanner_api.access.reach import organization_for, reachable_session
from scanner_api.problems import Forbidden
from scanner_api.scanning.identifiers import new_id
from scanner_api.scanning.metadata import merge
from scanner_api.scanning.sessions import ExtractionStatus, ScanSession, SessionStatus
from scanner_api.storage.database import ConstraintError

from .representations import session_detail, session_summary

if TYPE_CHECKING:
    from scanner_api.access.callers import Caller
    from scanner_api.clock import Clock
    from scanner_api.storage.sessions import SessionStore


async def create_session(
    body: dict[str, Any], caller: Caller, sessions: SessionStore, clock: Clock
) -> dict[str, Any]:
    """Open an ACTIVE session for the caller's organization.

    Raises:
        Forbidden: the body names an organization that the caller is not a member of.
        ValidationFailed: the credential is for no one organization, and the body names none.
    """
    now = clock.now()
    session = ScanSession(
        id=new_id(),
        organization_id=organization_for(caller, body["organization_short_id"]),
        created_by=caller.credential,
        status=SessionStatus.ACTIVE,
        extraction_status=ExtractionStatus.PENDING,
        capture_mode=body["capture_mode"],
        metadata=merge({}, body.get("metadata")),
        user_agent=body["user_agent"],
        device_context=body.get("device_context", {}),
        created=now,
        modified=now,
    )
    try:
        await sessions.create(session)
    except ConstraintError:
        raise Forbidden("The credential's organization is not known here.") from None
    return session_summary(session)


async def get_session(id_: str, caller: Caller, sessions: SessionStore) -> dict[str, Any]:
    """Return a session with its captures and photos.

    Raises:
        NotFound: there is no such session, or it is not the caller's to see.
    """
    session = await reachable_session(sessions, caller, id_)
    return session_detail(session, [], [])
