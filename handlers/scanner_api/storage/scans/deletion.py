"""Deletes sessions, and organizations, with everything that refers to them, in batches.

What refers to a row is read from the schema: foreign keys, and columns named ``organization_id``. It is
deleted before the row, and so are the objects that the row names. A deletion that is interrupted leaves
nothing that another run of it would not find.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, Table, and_, exists, func, or_, select, tuple_

from contract_first.service.clock import Clock, SystemClock
from scanner_api.scanning.scans.sessions import ExtractionStatus, SessionStatus
from scanner_api.storage.actions import UNKNOWN, Action, Actor
from scanner_api.storage.audit import entry
from scanner_api.storage.connections.async_engine import AsyncConnection
from scanner_api.storage.database import ConstraintError, Database
from scanner_api.storage.photo_bucket.errors import DeletionRefused
from scanner_api.storage.schema import tables

from .captures import UNFINISHED

_SESSIONS: Final = 100
"""Sessions in a batch: on PostgreSQL the n-th change of a count in one transaction costs n."""
_ROWS: Final = 500
_TRIES: Final = 5
_FINISHED: Final = (SessionStatus.COMPLETED, SessionStatus.EXPIRED)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OUTLIVING: Final = frozenset({"audit_log"})
"""Tables whose rows are about organizations, and stay when these are gone."""
_DERIVED: Final = frozenset({"scan_session_counts"})
"""Tables that triggers write; who asks what was deleted does not mean their rows."""


class Deletion:
    """Deletes sessions and organizations, and counts what it deletes.

    Args:
        delete_objects: deletes up to 500 objects from the bucket; one that is not there is no error. By
            default all of them stay.

    Attributes:
        deleted: how many rows by table, and how many ``objects``.
    """

    def __init__(
        self,
        database: Database,
        delete_objects: Callable[[Sequence[str]], Awaitable[None]] | None = None,
        *,
        actor: Actor = UNKNOWN,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._actor = actor
        self._clock = clock or SystemClock()
        self._delete_objects = delete_objects
        self.deleted: Counter[str] = Counter()

    async def count_finished(
        self, before: datetime, organization_id: str | None = None, *, idle_since: datetime | None = None
    ) -> int:
        """Count the sessions that :meth:`delete_finished` would delete.

        ACTIVE ones that have not changed since ``idle_since`` count too, as they are EXPIRED.
        """
        counted_statuses = [(status, before) for status in _FINISHED]
        if idle_since is not None:
            counted_statuses.append((SessionStatus.ACTIVE, min(before, idle_since)))
        number = 0
        for status, last in counted_statuses:
            old = _is_finished(status, last, organization_id)
            ((counted,),) = await self._database.fetch(select(func.count()).where(old))
            number += counted
        return number

    async def delete_finished(
        self, before: datetime, organization_id: str | None = None
    ) -> AsyncGenerator[None]:
        """Delete COMPLETED and EXPIRED sessions that have not changed since a time, unless work goes on.

        Yields:
            After each batch.

        Raises:
            DeletionRefused: at the end: the bucket does not delete objects of some sessions, which stay.
            ServiceUnavailable: database or bucket do not respond.
        """
        order = tables.scan_sessions.c.modified if organization_id is None else tables.scan_sessions.c.created
        refusal = None
        for status in _FINISHED:
            try:
                async for _ in self._delete_sessions(_is_finished(status, before, organization_id), order):
                    yield
            except DeletionRefused as error:
                refusal = error
        if refusal is not None:
            raise refusal

    async def note_purge(self, before: datetime, organization_id: str | None) -> None:
        """Record the number of deleted rows that had not changed since a time."""
        details = {
            "before": before.isoformat(timespec="seconds"),
            "sessions": self.deleted["scan_sessions"],
            "objects": self.deleted["objects"],
        }
        subject = organization_id or ""
        async with self._database.transaction() as connection:
            await self._record(connection, Action.SESSIONS_PURGED, subject, organization_id, **details)

    async def begin(self, organization_id: str) -> None:
        """Revoke all keys that reach an organization alone, and note since when it is deleted."""
        organization = tables.organizations.c.id == organization_id
        noted = func.coalesce(tables.organizations.c.deletion_began, self._clock.now())
        reaching = or_(
            tables.api_keys.c.organization_id == organization_id,
            tables.api_keys.c.user_id.in_(_members_of_it_alone(organization_id)),
        )
        async with self._database.transaction() as connection:
            await connection.execute(
                tables.organizations.update().where(organization).values(deletion_began=noted)
            )
            await connection.execute(tables.api_keys.update().where(reaching).values(is_active=False))
            await self._record(connection, Action.DELETION_BEGAN, organization_id, organization_id)

    async def delete_organization(self, organization_id: str) -> AsyncGenerator[None]:
        """Delete an organization with everything of it, and users who are members of nothing else.

        Yields:
            After each batch of sessions.

        Raises:
            ConstraintError: something goes on to be added to it.
            ServiceUnavailable: database or bucket do not respond, or refuse.
        """
        await self._delete_rows(tables.users, tables.users.c.id.in_(_members_of_it_alone(organization_id)))
        await self._delete_rows(tables.memberships, tables.memberships.c.organization_id == organization_id)
        of_organization = tables.scan_sessions.c.organization_id == organization_id
        for status in SessionStatus:
            sessions = and_(of_organization, tables.scan_sessions.c.status == status)
            async for _ in self._delete_sessions(sessions, tables.scan_sessions.c.created):
                yield
        await self._delete_rows(tables.organizations, tables.organizations.c.id == organization_id)

    async def _delete_sessions(
        self, condition: ColumnElement[bool], order: Column[datetime]
    ) -> AsyncGenerator[None]:
        """Delete sessions in an index's order, each batch from where the last one ended.

        Otherwise PostgreSQL would walk past all rows that are deleted already. Objects that the bucket does
        not delete let their session stay, and are reported at the end.
        """
        last, refusal = (_FIRST, ""), None
        place = order, tables.scan_sessions.c.id
        batch = select(*place).where(condition).order_by(*place).limit(_SESSIONS)
        while rows := await self._database.fetch(batch.where(tuple_(*place) > last)):
            last = tuple(rows[-1])
            ids = [id_ for _, id_ in rows]
            try:
                await self._delete_rows(tables.scan_sessions, tables.scan_sessions.c.id.in_(ids))
            except DeletionRefused:
                for id_ in ids:  # one by one, to find those that have to stay
                    try:
                        await self._delete_rows(tables.scan_sessions, tables.scan_sessions.c.id == id_)
                    except DeletionRefused as error:
                        refusal = error
            yield
        if refusal is not None:
            raise refusal

    async def _delete_rows(self, table: Table, condition: ColumnElement[bool]) -> None:
        """Delete the rows that meet a condition, and before them what refers to them and what they name."""
        key = list(table.primary_key)
        names = [column for column in table.c if column.info.get(tables.OBJECT_KEY)]
        tries = 0
        while rows := await self._database.fetch(select(*key, *names).where(condition).limit(_ROWS)):
            for child, reference in _references(table):
                await self._delete_rows(child, reference.in_([row[0] for row in rows]))
            objects = [name for row in rows for name in row[len(key) :] if name]
            if objects and self._delete_objects is not None:
                await self._delete_objects(objects)
                self.deleted["objects"] += len(objects)
            try:
                await self._delete(table, key, [tuple(row[: len(key)]) for row in rows])
            except ConstraintError:  # something was added meanwhile
                tries += 1
                if tries == _TRIES:
                    raise ConstraintError(
                        f"Rows of {table.name} are still referred to; expected that nothing is added to them."
                    ) from None

    async def _delete(
        self, table: Table, key: Sequence[Column[Any]], keys: Sequence[tuple[Any, ...]]
    ) -> None:
        """Delete rows in a transaction, and leave others as much time as it took."""
        among = tuple_(*key).in_(keys) if len(key) > 1 else key[0].in_([value for (value,) in keys])
        start = time.monotonic()
        parted = 0
        async with self._database.transaction() as connection:
            # of two that delete the same rows, each in an order of its own, PostgreSQL would end one
            await self._database.lock(connection, "deletion")
            if table is tables.users:
                # users are found by their memberships: another run has to find both, or neither
                theirs = tables.memberships.c.user_id.in_([id_ for (id_,) in keys])
                parted = (await connection.execute(tables.memberships.delete().where(theirs))).rowcount
            number = (await connection.execute(table.delete().where(among))).rowcount
            if table is tables.organizations and number:
                ((id_,),) = keys
                details = dict(self.deleted)
                await self._record(connection, Action.ORGANIZATION_DELETED, id_, id_, **details)
        self.deleted[tables.memberships.name] += parted
        if table.name not in _DERIVED:
            self.deleted[table.name] += number
        await asyncio.sleep(time.monotonic() - start)

    async def _record(
        self,
        connection: AsyncConnection,
        action: Action,
        subject: str,
        organization_id: str | None,
        **details: Any,
    ) -> None:
        now = self._clock.now()
        await connection.execute(entry(now, self._actor, action, subject, organization_id, **details))


def _references(table: Table) -> Iterator[tuple[Table, Column[Any]]]:
    """Yield the columns that refer to rows of a table, in an order in which their rows can be deleted.

    Memberships of users are deleted with them, see :meth:`Deletion._delete`.
    """
    for child in reversed(tables.metadata.sorted_tables):
        if table is tables.users and child is tables.memberships:
            continue
        for column in child.c:
            by_name = table is tables.organizations and column.name == "organization_id"
            if by_name and child.name in _OUTLIVING:
                continue
            if by_name or any(key.column.table is table for key in column.foreign_keys):
                yield child, column


def _is_finished(status: SessionStatus, before: datetime, organization_id: str | None) -> ColumnElement[bool]:
    """Return the condition that a session has a final status, has not changed since, and is someone's.

    One with captures or an extraction under way is not finished, whatever its status is.
    """
    columns = tables.scan_sessions.c
    scanning = exists().where(tables.captures.c.session_id == columns.id, UNFINISHED)
    extracting = columns.extraction_status == ExtractionStatus.PROCESSING
    finished = and_(columns.status == status, columns.modified < before, ~extracting, ~scanning)
    if organization_id is None:
        return finished
    # when it was created is in the index of an organization's sessions, when it was changed is not
    return and_(finished, columns.organization_id == organization_id, columns.created < before)


def _members_of_it_alone(organization_id: str) -> Select[Any]:
    """Return the statement of the users who are members of an organization, and of no other."""
    other = tables.memberships.alias()
    elsewhere = exists().where(
        other.c.user_id == tables.memberships.c.user_id, other.c.organization_id != organization_id
    )
    members = tables.memberships.c.organization_id == organization_id
    return select(tables.memberships.c.user_id).where(members, ~elsewhere)
