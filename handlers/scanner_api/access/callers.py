"""Callers, and what they may act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from contract_first.service.messages.problems import Conflict, Forbidden, NotFound
from scanner_api.problems import invalid
from scanner_api.scanning.photos.photo import Photo
from scanner_api.scanning.scans.sessions import ScanSession, SessionState, SessionStatus
from scanner_api.storage.actions import Actor

if TYPE_CHECKING:
    from contract_first.service.http.proxies import TrustedProxies
    from contract_first.service.messages.request import Request
    from scanner_api.storage.scans.captures import CaptureRecord, CaptureStore
    from scanner_api.storage.scans.photos import PhotoStore
    from scanner_api.storage.scans.proposals import ProposalRecord, ProposalStore
    from scanner_api.storage.scans.sessions import SessionStore

Owned = TypeVar("Owned", "ScanSession", "SessionState", "CaptureRecord", "ProposalRecord")


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller with a valid credential.

    Attributes:
        credential: names the credential without revealing it, such as ``key:4fG...``; rate limits
            count by it.
        organizations: ids of the organizations that the caller may act for.
        infers_organization: whether the credential implies the organization (API keys of an organization
            and bearer tokens), so that a request need not name it.
        own_sessions_only: a publishable key reaches only what it created itself, and may do only what
            :func:`require_secret` does not guard.
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
        """Tell whether the caller may see a session of this organization, created by this credential."""
        if organization_id not in self.organizations:
            return False
        return not self.own_sessions_only or created_by == self.credential


def actor_of(caller: Caller, request: Request, proxies: TrustedProxies) -> Actor:
    """Return who acts in a request, and from where, for the audit log."""
    return Actor(caller.credential, proxies.client_address(request))


def described(caller: Caller) -> dict[str, str]:
    """Return the log members of a caller: the organization, if there is exactly one, and the credential."""
    if len(caller.organizations) == 1:
        (organization,) = caller.organizations
        return {"organization": organization, "credential": caller.credential}
    return {"credential": caller.credential}


def require_secret(caller: Caller) -> None:
    """Raise Forbidden for a publishable key: it captures and uploads, and nothing else."""
    if caller.own_sessions_only:
        raise Forbidden(
            "A publishable key may only capture and upload; use another credential for this operation."
        )


def organization_for(caller: Caller, requested: str) -> str:
    """Return the organization that a caller acts for: the requested one, or that of its credential.

    Raises:
        Forbidden: the caller is not a member of the requested organization, or of any.
        ValidationFailed: none is requested and the credential implies none.
    """
    if requested:
        if requested not in caller.organizations:
            raise Forbidden("The caller is not a member of this organization.")
        return requested
    if not caller.organizations:
        raise Forbidden("The caller is not a member of any organization.")
    if caller.infers_organization and len(caller.organizations) == 1:
        return next(iter(caller.organizations))
    detail = "is required: this credential belongs to more than one organization"
    raise invalid("/organization_short_id", "required", detail)


def _reached(caller: Caller, owned: Owned | None, name: str) -> Owned:
    """Return what an organization owns and a credential created, or raise NotFound."""
    if owned is None or not caller.reaches(owned.organization_id, owned.created_by):
        raise NotFound(f"There is no such {name}.")
    return owned


async def reachable_session(sessions: SessionStore, caller: Caller, session_id: str) -> ScanSession:
    """Return a session that the caller may see; raise NotFound for any other id."""
    return _reached(caller, await sessions.get(session_id), "session")


async def active_session(sessions: SessionStore, caller: Caller, session_id: str) -> SessionState:
    """Return the state of an ACTIVE session that the caller may see; raise NotFound or Conflict."""
    session = _reached(caller, await sessions.state(session_id), "session")
    if session.status is not SessionStatus.ACTIVE:
        raise not_active(session.status)
    return session


def not_active(status: SessionStatus) -> Conflict:
    """Return the problem of a write to a session that is not ACTIVE."""
    return Conflict(f"The session is {status}; only an ACTIVE session takes this.")


async def reachable_capture(captures: CaptureStore, caller: Caller, capture_id: str) -> CaptureRecord:
    """Return a capture that the caller may see with its owner; raise NotFound for any other id."""
    return _reached(caller, await captures.get(capture_id), "capture")


async def reachable_proposal(proposals: ProposalStore, caller: Caller, proposal_id: str) -> ProposalRecord:
    """Return a proposal that the caller may see with its owner; raise NotFound for any other id."""
    return _reached(caller, await proposals.get(proposal_id), "proposal")


async def reachable_photo(photos: PhotoStore, session: ScanSession, photo_id: str) -> Photo:
    photo = await photos.get(photo_id)
    if photo is None or photo.session_id != session.id:
        raise NotFound("There is no such photo in this session.")
    return photo
