"""What the audit log records, and of whom; imported without SQLAlchemy, which a mock has no time for."""

from enum import StrEnum
from typing import Final, NamedTuple


class Action(StrEnum):
    """The actions that are recorded."""

    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    PROPOSALS_APPLIED = "proposals.applied"
    REDIRECT_SAVED = "redirect.saved"
    SESSIONS_PURGED = "sessions.purged"
    ORGANIZATION_CREATED = "organization.created"
    PRODUCTS_IMPORTED = "products.imported"
    RULES_IMPORTED = "freshness.imported"
    SECRET_ROTATED = "secret.rotated"  # noqa: S105 -- no secret
    DELETION_BEGAN = "organization.deletion_began"
    SESSION_ERASED = "session.erased"
    PERSON_ERASED = "person.erased"
    ORGANIZATION_DELETED = "organization.deleted"


class Actor(NamedTuple):
    """Who acts, and from where.

    Attributes:
        name: a caller's credential, such as ``key:4fG...``; ``operator:NAME`` for who runs a command.
        address: the client's; the machine that a command runs on.
    """

    name: str
    address: str


UNKNOWN: Final = Actor("unknown", "")
