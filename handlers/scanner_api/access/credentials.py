"""Stored credentials, as the store hands them over: never the secret, only its digest."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class ApiKeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as it is stored.

    Attributes:
        id: names the key without revealing it; a 22-character shortuuid.
        prefix: the kind of key: ``csb`` (an organization's), ``csu`` (a user's) or ``cpk`` (publishable).
        organizations: the organization of a csb or cpk key; the user's memberships of a csu key.
        active: False once the key is revoked.
        expires: when the key stops working, aware, in UTC; None for never.
        per_minute: requests a minute, 0 for the default of its kind.
        per_day: requests a day, 0 for the default of its kind.
    """

    id: str
    prefix: str
    organizations: frozenset[str]
    active: bool = True
    expires: datetime | None = None
    per_minute: int = 0
    per_day: int = 0


class WebSessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser as it is stored.

    Attributes:
        id: names the web session without revealing its cookie; a 22-character shortuuid.
        organizations: the memberships of the signed-in user.
        expires: when the user has to sign in again, aware, in UTC.
    """

    id: str
    organizations: frozenset[str]
    expires: datetime


class CredentialStore(Protocol):
    """What access asks of the storage."""

    async def api_key(self, digest: str) -> ApiKeyRecord | None:
        """Return the API key with this SHA-256 digest (64 lower-case hex digits), revoked or not."""
        ...

    async def web_session(self, digest: str) -> WebSessionRecord | None:
        """Return the web session whose cookie has this SHA-256 digest, expired or not."""
        ...

    async def note_use(self, last_used: Mapping[str, datetime]) -> None:
        """Write down when API keys, by id, were last used."""
        ...


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret, in lower-case hex, by which stores know it.

    A fast hash is enough, and no salt is needed: every secret here has more than 128 random bits.
    """
    return sha256(secret.encode()).hexdigest()
