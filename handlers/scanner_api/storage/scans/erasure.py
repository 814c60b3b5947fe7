"""Erases the data of a session or of a person, as the GDPR (article 17) has it; docs/personal-data.md."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

from sqlalchemy import or_, select

from scanner_api.storage.actions import Action
from scanner_api.storage.audit import unguarded
from scanner_api.storage.database import Database
from scanner_api.storage.schema.tables import (
    api_keys,
    audit_log,
    scan_session_counts,
    scan_sessions,
    users,
    web_sessions,
)

from .deletion import Deletion


class Person(NamedTuple):
    """Whom data is about.

    Attributes:
        user_id: None of somebody who comes with an issuer's tokens alone.
        key_ids: their API keys.
        credentials: by which their sessions and actions are recorded, such as ``key:4fG...``.
    """

    user_id: str | None
    key_ids: frozenset[str]
    credentials: frozenset[str]


async def person_of(database: Database, user: str | None, *credentials: str) -> Person | None:
    """Return a user by id or e-mail address, with more credentials that are theirs; None if there is none."""
    if user is None:
        return Person(None, frozenset(), frozenset(credentials))
    rows = await database.fetch(select(users.c.id).where(or_(users.c.id == user, users.c.email == user)))
    for (user_id,) in rows:
        names = set(credentials)
        keys = await database.fetch(select(api_keys.c.id).where(api_keys.c.user_id == user_id))
        cookies = await database.fetch(select(web_sessions.c.id).where(web_sessions.c.user_id == user_id))
        names |= {f"key:{id_}" for (id_,) in keys} | {f"web:{id_}" for (id_,) in cookies}
        return Person(user_id, frozenset(id_ for (id_,) in keys), frozenset(names))
    return None


class Erasure(Deletion):
    """Deletes what is about a session or a person, in any state, and records that it did."""

    async def sessions_of(self, person: Person) -> dict[str, int]:
        """Return how many sessions a person created, by organization."""
        counts = scan_session_counts.c
        rows = await self._database.fetch(
            select(counts.organization_id, counts.number).where(counts.created_by.in_(person.credentials))
        )
        numbers: dict[str, int] = {}
        for organization_id, number in rows:
            numbers[organization_id] = numbers.get(organization_id, 0) + number
        return {organization_id: number for organization_id, number in numbers.items() if number}

    async def erase_session(self, session_id: str) -> AsyncGenerator[None]:
        """Delete a session with its captures, proposals and photos, and their objects.

        Yields:
            After it.

        Raises:
            DeletionRefused: the bucket does not delete one of its objects; the session stays.
            ServiceUnavailable: database or bucket do not respond.
        """
        rows = await self._database.fetch(
            select(scan_sessions.c.organization_id).where(scan_sessions.c.id == session_id)
        )
        async for _ in self._delete_sessions(scan_sessions.c.id == session_id, scan_sessions.c.created):
            yield
        for (organization_id,) in rows:
            async with self._database.transaction() as connection:
                details = dict(self.deleted)
                await self._record(connection, Action.SESSION_ERASED, session_id, organization_id, **details)

    async def erase_person(self, person: Person) -> AsyncGenerator[None]:
        """Delete a person's sessions, keys, cookies, memberships and user, and their traces in the audit log.

        Their keys and cookies are revoked first, so that nothing is added, and deleted last, so that another
        run finds what they created. Of entries of the audit log, the address and
        what keys were called go; the ids stay, which lead to nobody any more.

        Yields:
            After each batch of sessions.

        Raises:
            DeletionRefused: at the end of an organization's sessions, as of :meth:`erase_session`.
            ServiceUnavailable: database or bucket do not respond.
        """
        theirs = api_keys.c.id.in_(person.key_ids)
        await self._database.change(api_keys.update().where(theirs).values(is_active=False))
        cookies = web_sessions.update().where(web_sessions.c.user_id == person.user_id)
        await self._database.change(cookies.values(expires_at=self._clock.now()))
        created = scan_sessions.c.created_by.in_(person.credentials)
        for organization_id in await self.sessions_of(person):
            sessions = (scan_sessions.c.organization_id == organization_id) & created
            async for _ in self._delete_sessions(sessions, scan_sessions.c.created):
                yield
        await self._forget_actor(person)
        await self._delete_rows(users, users.c.id == person.user_id)

    async def _forget_actor(self, person: Person) -> None:
        entries = audit_log.update()
        async with self._database.transaction() as connection:
            for statement in (
                entries.where(audit_log.c.actor.in_(person.credentials)).values(address=""),
                entries.where(audit_log.c.subject.in_(person.key_ids)).values(details={}),
            ):
                await unguarded(connection, statement)
            details = dict(self.deleted)
            await self._record(connection, Action.PERSON_ERASED, person.user_id or "", None, **details)
