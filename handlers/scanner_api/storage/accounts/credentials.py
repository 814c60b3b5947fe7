"""Stores credentials: the digest of a key or cookie, never the secret itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import asdict
from sqlalchemy import bindparam, func, or_, select

from contract_first.service.clock import Clock, SystemClock
from scanner_api.storage.actions import UNKNOWN, Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.database import Database
from scanner_api.storage.lookup import Lookup, Row
from scanner_api.storage.queries import columns_of, maker_of
from scanner_api.storage.schema.tables import api_keys, audit_log, memberships, web_sessions


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as its owner may see it; either an organization's or a user's.

    Attributes:
        prefix: ``csb``, ``csu`` or ``cpk``.
        per_minute: requests a minute, 0 for the default of its kind.
        per_day: requests a day, 0 for the default of its kind.
    """

    id: str
    prefix: str
    name: str
    created: datetime
    organization_id: str | None = None
    user_id: str | None = None
    is_active: bool = True
    expires_at: datetime | None = None
    last_used: datetime | None = None
    per_minute: int = 0
    per_day: int = 0


class WebSession(msgspec.Struct, frozen=True, kw_only=True):
    """A user's sign-in."""

    id: str
    user_id: str
    created: datetime
    expires_at: datetime


class ApiKeyRecord(ApiKey, frozen=True, kw_only=True):
    """An API key, and the organizations that it reaches: its own, or those that its user is a member of."""

    organizations: frozenset[str]


class WebSessionRecord(WebSession, frozen=True, kw_only=True):
    """A sign-in, and the organizations that its user is a member of."""

    organizations: frozenset[str]


_KEY_COLUMNS: Final = columns_of(api_keys, ApiKey)
_key: Final = maker_of(ApiKey)
_key_record: Final = maker_of(ApiKeyRecord)
_web_session_record: Final = maker_of(WebSessionRecord)


class CredentialStore:
    """Stores API keys and web sessions, each by the digest of its secret."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        owner = func.coalesce(api_keys.c.organization_id, memberships.c.organization_id)
        keys = select(*_KEY_COLUMNS, owner, api_keys.c.digest)
        keys = keys.outerjoin_from(api_keys, memberships, memberships.c.user_id == api_keys.c.user_id)
        self._keys = Lookup(database, keys, api_keys.c.digest, list)
        columns = columns_of(web_sessions, WebSession)
        sessions = select(*columns, memberships.c.organization_id, web_sessions.c.digest)
        sessions = sessions.outerjoin_from(
            web_sessions, memberships, memberships.c.user_id == web_sessions.c.user_id
        )
        self._web_sessions = Lookup(database, sessions, web_sessions.c.digest, list)

    async def api_key(self, digest: str) -> ApiKeyRecord | None:
        """Read the API key with this SHA-256 digest (64 lower-case hex digits), revoked or not."""
        rows = await self._keys.find(digest)
        return _key_record(_reaching(rows)) if rows else None

    async def web_session(self, digest: str) -> WebSessionRecord | None:
        """Read the web session whose cookie has this SHA-256 digest, expired or not."""
        rows = await self._web_sessions.find(digest)
        return _web_session_record(_reaching(rows)) if rows else None

    async def note_use(self, last_used: Mapping[str, datetime]) -> None:
        """Write when API keys, by id, were last used; a time older than the stored one changes nothing."""
        if not last_used:
            return
        statement = (
            api_keys.update()
            .where(api_keys.c.id == bindparam("key_id"))
            .where(or_(api_keys.c.last_used.is_(None), api_keys.c.last_used < bindparam("used")))
            .values(last_used=bindparam("used"))
        )
        # in one order everywhere: locking the same rows crosswise is a deadlock
        uses = [{"key_id": key_id, "used": used} for key_id, used in sorted(last_used.items())]
        await self._database.change(statement, uses)

    async def list_api_keys(
        self, *, organization_id: str | None = None, user_id: str | None = None
    ) -> list[ApiKey]:
        """Read the keys of an organization, of a user, or all of them, newest first."""
        statement = select(*_KEY_COLUMNS).order_by(api_keys.c.created.desc(), api_keys.c.id)
        if organization_id is not None:
            statement = statement.where(api_keys.c.organization_id == organization_id)
        if user_id is not None:
            statement = statement.where(api_keys.c.user_id == user_id)
        return [_key(row) for row in await self._database.fetch(statement)]

    async def revoke_api_key(self, key_id: str, actor: Actor = UNKNOWN) -> bool:
        """Revoke a key for good, and record that; False if there is none with this id."""
        key = api_keys.update().where(api_keys.c.id == key_id)
        revoked = key.values(is_active=False).returning(api_keys.c.organization_id, api_keys.c.user_id)
        async with self._database.transaction() as connection:
            row = (await connection.execute(revoked)).first()
            if row is not None:
                owner, user = row
                now = self._clock.now()
                await connection.execute(entry(now, actor, Action.KEY_REVOKED, key_id, owner, user=user))
        return row is not None

    async def api_key_by_id(self, key_id: str) -> ApiKey | None:
        """Read a key by its id, revoked or not, None if there is none."""
        rows = await self._database.fetch(select(*_KEY_COLUMNS).where(api_keys.c.id == key_id))
        return _key(rows[0]) if rows else None

    async def successor_of(self, key: ApiKey) -> str | None:
        """Return the id of the key that has replaced a key, as the audit log says, None if none has."""
        columns = audit_log.c
        of_key = columns.subject == key.id, columns.organization_id == key.organization_id
        rotations = select(columns.details).where(*of_key, columns.action == Action.KEY_ROTATED)
        rows = await self._database.fetch(rotations.order_by(columns.number.desc()).limit(1))
        return str(rows[0].details["successor"]) if rows else None

    async def replace_api_key(
        self, key_id: str, expires: datetime, successor: ApiKey, digest: str, actor: Actor = UNKNOWN
    ) -> bool:
        """Store a key's successor under its SHA-256 digest, let the key itself expire, and record that.

        Returns:
            False, and nothing is stored, if the key is revoked by now.
        """
        expiring = api_keys.update().where(api_keys.c.id == key_id, api_keys.c.is_active)
        async with self._database.transaction() as connection:
            if (await connection.execute(expiring.values(expires_at=expires))).rowcount == 0:
                return False
            await connection.execute(api_keys.insert(), {**asdict(successor), "digest": digest})
            owner, details = successor.organization_id, {"successor": successor.id, "user": successor.user_id}
            at, action = successor.created, Action.KEY_ROTATED
            await connection.execute(entry(at, actor, action, key_id, owner, **details))
        return True

    async def add_api_key(self, key: ApiKey, digest: str, actor: Actor = UNKNOWN) -> None:
        """Store a new API key under its SHA-256 digest, and record that.

        Raises:
            ConstraintError: id or digest is taken, the owner does not exist, or there is not exactly one.
        """
        details = {"kind": key.prefix, "name": key.name, "user": key.user_id}
        async with self._database.transaction() as connection:
            await connection.execute(api_keys.insert(), {**asdict(key), "digest": digest})
            await connection.execute(
                entry(key.created, actor, Action.KEY_CREATED, key.id, key.organization_id, **details)
            )

    async def add_web_session(self, session: WebSession, digest: str) -> None:
        """Store a sign-in under its cookie's SHA-256 digest.

        Raises:
            ConstraintError: id or digest is taken, or the user does not exist.
        """
        await self._database.change(web_sessions.insert(), [{**asdict(session), "digest": digest}])


def _reaching(rows: Sequence[Row]) -> Row:
    """Return the values of a record: those of its columns, and the organizations of all rows.

    A user without memberships has a row without one.
    """
    *values, _, _ = rows[0]
    return [*values, frozenset(organization for *_, organization, _ in rows if organization is not None)]
