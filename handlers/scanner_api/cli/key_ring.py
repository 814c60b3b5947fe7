"""Creates, lists, rotates and revokes API keys for the operator of the service."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from scanner_api.access.api_keys import KeyPrefix, new_key
from scanner_api.scanning.identifiers import new_id
from scanner_api.storage.accounts.credentials import ApiKey, CredentialStore
from scanner_api.storage.accounts.digests import digest_of
from scanner_api.storage.accounts.organizations import Organization, OrganizationStore, User
from scanner_api.storage.database import ConstraintError, Database

from .audit import operator


class Owner(NamedTuple):
    """The owner of a key: the id of one that exists, or the name or address of one to add."""

    organization: str | None
    new_organization: str | None
    user: str | None
    new_user: str | None


class Refused(Exception):  # noqa: N818 -- says what happened
    """The database does not allow the operation; the message says why."""


class KeyRing:
    """All API keys of a database."""

    def __init__(self, database: Database) -> None:
        self._credentials = CredentialStore(database)
        self._organizations = OrganizationStore(database)

    async def create(
        self,
        prefix: KeyPrefix,
        owner: Owner,
        *,
        name: str,
        expires: datetime | None,
        per_minute: int,
        per_day: int,
    ) -> tuple[ApiKey, str]:
        """Store a new key, and its owner first if that is new; return it with what its holder shows.

        Raises:
            Refused: the owner is not known, or is known and should be new.
        """
        now = datetime.now(UTC)
        secret = new_key(prefix)
        organization_id, user_id = await self._settled(owner, now)
        key = ApiKey(
            id=new_id(),
            prefix=prefix,
            name=name,
            created=now,
            organization_id=organization_id,
            user_id=user_id,
            expires_at=expires,
            per_minute=per_minute,
            per_day=per_day,
        )
        try:
            await self._credentials.add_api_key(key, digest_of(secret), operator())
        except ConstraintError:
            raise Refused(f"There is no user {owner.user}.") from None
        return key, secret

    async def find(self, organization: str | None, user: str | None) -> list[tuple[ApiKey, str]]:
        """Return the keys of an organization, of a user or of all, newest first, with their owners' names."""
        keys = await self._credentials.list_api_keys(organization_id=organization, user_id=user)
        names = await self._organizations.key_owners()
        return [(key, names.get(key.organization_id or key.user_id or "", "")) for key in keys]

    async def rotate(
        self, key_id: str, overlap: timedelta, expires: datetime | None
    ) -> tuple[ApiKey, str, datetime]:
        """Store a key of the same kind, owner, name and limits, and let the old one expire after the overlap.

        Args:
            key_id: of the old key.
            overlap: how long both are valid, unless the old one expires before that.
            expires: when the new one expires; by default it is valid for as long as the old one was to be.

        Returns:
            The new key, what its holder shows, and when the old one expires.

        Raises:
            Refused: there is no such key, it is revoked or has expired, or it was rotated already, so that
                nobody knows for how long it was to be valid.
        """
        now = datetime.now(UTC)
        end = now + overlap
        old = await self._credentials.api_key_by_id(key_id)
        if old is None:
            raise Refused(f"There is no key {key_id}; `scanner-api keys list` shows the ids.")
        if old.expires_at is not None and old.expires_at <= now:
            raise Refused(f"Key {key_id} has expired; create another one with `scanner-api keys create`.")
        if old.expires_at is not None and expires is None:
            successor = await self._credentials.successor_of(old)
            if successor is not None:
                raise Refused(
                    f"Key {key_id} was rotated already, and {successor} is in its place: rotate that one, "
                    "or say when the new one expires (--expires)."
                )
        if old.expires_at is not None:
            end, expires = min(end, old.expires_at), expires or now + (old.expires_at - old.created)
        secret = new_key(old.prefix)
        new = replace(old, id=new_id(), created=now, expires_at=expires, last_used=None)
        rotated = self._credentials.replace_api_key(key_id, end, new, digest_of(secret), operator())
        if not await rotated:
            raise Refused(f"Key {key_id} is revoked; create another one with `scanner-api keys create`.")
        return new, secret, end

    async def revoke(self, key_id: str) -> None:
        """Switch a key off for good, or raise Refused if there is none with this id."""
        if not await self._credentials.revoke_api_key(key_id, operator()):
            raise Refused(f"There is no key {key_id}; `scanner-api keys list` shows the ids.")

    async def _settled(self, owner: Owner, now: datetime) -> tuple[str | None, str | None]:
        """Add the owner if it is new, and return the organization or the user that the key is for."""
        if owner.user is not None:
            return None, owner.user
        organization_id, user_id = owner.organization, None
        if organization_id is not None and await self._organizations.organization(organization_id) is None:
            raise Refused(f"There is no organization {organization_id}.")
        if owner.new_user is not None:
            user_id = new_id()
            try:
                await self._organizations.add_user(User(id=user_id, email=owner.new_user, created=now))
            except ConstraintError:
                raise Refused(f"The user {owner.new_user} exists already; use --user ID.") from None
        if organization_id is None:
            new = Organization(id=new_id(), name=owner.new_organization or "", created=now)
            await self._organizations.add_organization(new, operator())
            organization_id = new.id
        if user_id is None:
            return organization_id, None
        await self._organizations.add_membership(user_id, organization_id, "editor")
        return None, user_id
