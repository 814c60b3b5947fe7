"""Who calls: what every kind of credential is turned into, and what it may act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openapi_service.problems import Conflict, Forbidden, NotFound, ValidationFailed, Violation
from scanner_api.scanning.sessions import SessionStatus

if TYPE_CHECKING:
    from scanner_api.scanning.captures import Capture
    from scanner_api.scanning.photos import Photo
    from scanner_api.scanning.proposals import Proposal
    from scanner_api.scanning.sessions import ScanSession
    from scanner_api.storage.captures import CaptureStore
    from scanner_api.storage.photos import PhotoStore
    from scanner_api.storage.proposals import ProposalStore
    from scanner_api.storage.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller whose credential was found valid.

    Attributes:
        credential: names the credential without revealing it, such as ``key:4fG...``; rate limits
            count by it.
        organizations: ids of the organizations that the caller may act for.
        infers_organization: whether an operation may take the organization from the credential
            (API keys of an organization and bearer tokens), instead of being told.
        own_sessions_only: a publishable key reaches only what it created itself.
        per_minute: requests a minute, 0 for the default of its kind.
        per_day: requests a day, 0 for the default of its kind.
    """

    credential: str
    organizations: frozenset[str]
    infers_organization: bool = True
    own_sessions_only: bool = False
    per_minute: int = field(default=0, compare=False)
    per_day: int = field(default=0, compare=False)

    def reaches(self, organization_id: str, created_by: str) -> bool:
        """Tell whether a session of this organization, made by this credential, is the caller's to see."""
        if organization_id not in self.organizations:
            return False
        return not self.own_sessions_only or created_by == self.credential


def organization_for(caller: Caller, requested: str) -> str:
    """Return the organization that a caller acts for: the one it names, or the one its credential is for.

    Raises:
        Forbidden: the caller is not a member of the organization it names, or of any.
        ValidationFailed: none is named and the credential does not tell.
    """
    if requested:
        if requested not in caller.organizations:
            raise Forbidden("The caller is not a member of this organization.")
        return requested
    if not caller.organizations:
        raise Forbidden("The caller is not a member of any organization.")
    if caller.infers_organization and len(caller.organizations) == 1:
        return next(iter(caller.organizations))
    raise ValidationFailed(
        [
            Violation(
                "body",
                "/organization_short_id",
                "required",
                "is required: this credential is for no one organization",
            )
        ]
    )


async def reachable_session(sessions: SessionStore, caller: Caller, session_id: str) -> ScanSession:
    """Return a session that the caller may see; NotFound tells nothing of the others."""
    session = await sessions.get(session_id)
    if session is None or not caller.reaches(session.organization_id, session.created_by):
        raise NotFound("There is no such session.")
    return session


async def active_session(sessions: SessionStore, caller: Caller, session_id: str) -> ScanSession:
    """Return a session that the caller may see and that still takes scans and photos, else Conflict."""
    session = await reachable_session(sessions, caller, session_id)
    if session.status is not SessionStatus.ACTIVE:
        raise not_active(session.status)
    return session


def not_active(status: SessionStatus) -> Conflict:
    """Return the problem of what comes to a session that takes nothing any more."""
    return Conflict(f"The session is {status}; only an ACTIVE session takes this.")


async def reachable_capture(captures: CaptureStore, caller: Caller, capture_id: str) -> Capture:
    """Return a capture that the caller may see; NotFound tells nothing of the others."""
    found = await captures.get(capture_id)
    if found is None or not caller.reaches(found.organization_id, found.created_by):
        raise NotFound("There is no such capture.")
    return found.capture


async def reachable_proposal(proposals: ProposalStore, caller: Caller, proposal_id: str) -> Proposal:
    """Return a proposal for a capture that the caller may see; NotFound tells nothing of the others."""
    found = await proposals.get(proposal_id)
    if found is None or not caller.reaches(found.organization_id, found.created_by):
        raise NotFound("There is no such proposal.")
    return found.proposal


async def reachable_photo(photos: PhotoStore, session: ScanSession, photo_id: str) -> Photo:
    """Return a photo of the session."""
    photo = await photos.get(photo_id)
    if photo is None or photo.session_id != session.id:
        raise NotFound("There is no such photo in this session.")
    return photo
