"""Scanner Sessions: create and manage barcode scanning sessions."""

from collections.abc import Callable
from typing import Any, Final

from contract_first.service.clock import Clock
from contract_first.service.messages.problems import Conflict, Forbidden
from contract_first.service.messages.response import Response
from scanner_api.access.callers import Caller, active_session, organization_for, reachable_session
from scanner_api.processing.backlog import Backlog
from scanner_api.processing.queue import Queue
from scanner_api.scanning.scans.sessions import ScanSession, SessionStatus
from scanner_api.settings import Settings
from scanner_api.storage.database import ConstraintError
from scanner_api.storage.scans.captures import CaptureStore
from scanner_api.storage.scans.photos import PhotoStore
from scanner_api.storage.scans.sessions import SessionStore

from .representations import envelope, session_detail, session_summary
from .writes import bounded, merged_metadata

MOST_EMBEDDED: Final = 100
"""Captures, and photos, that the detail of a session has: as many as a page of a list at most."""
MOST_POLLED: Final = 1000
"""Captures whose states a poll has: ten pages of a list."""


async def create_session(
    body: dict[str, Any], caller: Caller, sessions: SessionStore, clock: Clock, make_id: Callable[[], str]
) -> dict[str, Any]:
    """Create an ACTIVE session for the caller's organization.

    Raises:
        Forbidden: the body names an organization that the caller is not a member of.
        ValidationFailed: the credential implies no organization, and the body names none; or the device's
            context is over its limits.
    """
    now = clock.now()
    session = ScanSession(
        id=make_id(),
        organization_id=organization_for(caller, body["organization_short_id"]),
        created_by=caller.credential,
        status=SessionStatus.ACTIVE,
        capture_mode=body["capture_mode"],
        metadata=merged_metadata({}, body.get("metadata")),
        user_agent=body["user_agent"],
        device_context=bounded("device_context", body.get("device_context", {})),
        created=now,
        modified=now,
    )
    try:
        await sessions.create(session)
    except ConstraintError:
        raise Forbidden("The credential's organization is not known here.") from None
    return session_summary(session)


async def list_sessions(
    page: int, page_size: int, status: str | None, caller: Caller, sessions: SessionStore
) -> dict[str, Any]:
    """Return a page of the sessions that the caller may see, newest first."""
    rows, total_count = await sessions.page(
        caller.organizations,
        page=page,
        page_size=page_size,
        created_by=caller.credential if caller.own_sessions_only else None,
        status=SessionStatus(status) if status else None,
    )
    return envelope([session_summary(row) for row in rows], total_count, page=page, page_size=page_size)


async def get_session(
    id_: str,
    caller: Caller,
    sessions: SessionStore,
    captures: CaptureStore,
    photos: PhotoStore,
    settings: Settings,
) -> Response:
    """Return a session with its newest captures and first photos, and links to more of them."""
    session = await reachable_session(sessions, caller, id_)
    more = []
    if session.capture_count <= MOST_EMBEDDED:
        scans = await captures.of_session(session.id)
    else:
        scans, _ = await captures.page(session.id, page=1, page_size=MOST_EMBEDDED)
        scans.reverse()
        more.append("captures")
    if session.photo_count <= MOST_EMBEDDED:
        gallery = await photos.of_session(session.id)
    else:
        gallery, _ = await photos.page(session.id, page=1, page_size=MOST_EMBEDDED)
        more.append("photos")
    detail = session_detail(session, scans[-MOST_EMBEDDED:], gallery[:MOST_EMBEDDED])
    if not more or settings.vendor_operations_only:
        return Response(detail)
    next_page = f"page=2&page_size={MOST_EMBEDDED}"
    links = [f'<{session.id}/{what}?{next_page}>; rel="next"; title="{what}"' for what in more]
    return Response(detail, headers={"Link": ", ".join(links)})


async def get_session_status(
    id_: str, caller: Caller, sessions: SessionStore, captures: CaptureStore, settings: Settings
) -> Response:
    """Return a small view of a session for polling, with its newest captures and a link to more of them."""
    session = await reachable_session(sessions, caller, id_)
    headers = {}
    if session.capture_count <= MOST_POLLED:
        states = await captures.states(session.id)
    else:
        states = await captures.newest_states(session.id, MOST_POLLED)
        if not settings.vendor_operations_only:
            next_page = f"page={MOST_POLLED // MOST_EMBEDDED + 1}&page_size={MOST_EMBEDDED}"
            headers["Link"] = f'<captures?{next_page}>; rel="next"; title="captures"'
    view = {
        "session_status": session.status,
        "extraction_status": session.extraction_status,
        "captures": [
            {"id": state.id, "status": state.status, "proposal_count": state.proposal_count}
            for state in states
        ],
    }
    return Response(view, headers=headers)


async def end_session(id_: str, caller: Caller, sessions: SessionStore) -> dict[str, Any]:
    """Complete an ACTIVE session.

    Raises:
        Conflict: the session is not ACTIVE, or another caller was first.
    """
    return session_summary(await _closed(id_, caller, sessions, submit=False))


async def submit_session(
    id_: str, caller: Caller, sessions: SessionStore, queue: Queue, backlog: Backlog
) -> dict[str, Any]:
    """Complete an ACTIVE session, and enqueue its extraction.

    Raises:
        Conflict: the session is not ACTIVE, or another caller was first.
        RateLimited: too much waits to be processed.
    """
    await backlog.admit(await active_session(sessions, caller, id_))
    session = await _closed(id_, caller, sessions, submit=True)
    await queue.extract_session(session.id, session.organization_id)
    return session_summary(session)


async def _closed(id_: str, caller: Caller, sessions: SessionStore, *, submit: bool) -> ScanSession:
    session = await active_session(sessions, caller, id_)
    closed = await sessions.close(session.id, submit=submit)
    if closed is None:
        raise Conflict("The session is no longer ACTIVE: another request changed it first.")
    return closed
