"""Shared by the stores: columns and their records, pages, leases."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa

from contract_first.service.clock import Clock

from .database import Database

Record = TypeVar("Record", bound=msgspec.Struct)


def columns_of(table: sa.Table, kind: type[msgspec.Struct]) -> list[sa.Column[Any]]:
    """Return the columns of a table that are a record's fields, in their order."""
    return [table.c[field] for field in kind.__struct_fields__]


def maker_of(kind: type[Record]) -> Callable[[Iterable[Any]], Record]:
    """Return a function that makes a record of the values of its fields, in their order."""
    fields = kind.__struct_fields__
    return lambda values: kind(**dict(zip(fields, values, strict=True)))


def upserting(dialect: str, table: sa.Table) -> Any:
    """Return an INSERT with a clause for conflicts."""
    # of the two dialects, each a few megabytes, only the one that is spoken is there
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


async def read_page(
    database: Database,
    statement: sa.Select[Any],
    make: Callable[[Any], Record],
    *,
    others: Sequence[sa.Select[Any]] = (),
    counting: sa.Select[Any] | None = None,
    order: Sequence[sa.Column[Any]],
    descending: bool = False,
    page: int,
    page_size: int,
) -> tuple[list[Record], int]:
    """Return the records on a page and the number of all, from one snapshot.

    The first page is one statement. A page of the second half is read from the end backwards: the database
    walks past every row before it.

    Args:
        database: the database.
        statement: selects the rows, in no order.
        make: makes a record of a row.
        others: select other rows alike, to be merged with the statement's; then ``counting`` is required.
        counting: selects the number of all rows, where there is a faster way than to count them.
        order: selected columns, so that no two rows can change places.
        descending: whether the greatest come first.
        page: from 1; one beyond the end is empty.
        page_size: most records on a page.
    """
    if counting is None:
        counting = sa.select(sa.func.count()).select_from(statement.subquery())
    start = (page - 1) * page_size
    if page == 1 and not others:
        direction = sa.desc if descending else sa.asc
        counted = statement.add_columns(counting.scalar_subquery().label("total"))
        rows = await database.fetch(counted.order_by(*map(direction, order)).limit(page_size))
        return [make(row[:-1]) for row in rows], rows[0][-1] if rows else 0

    def read(connection: sa.Connection) -> tuple[list[Record], int]:
        total = connection.scalar(counting) or 0
        size = min(page_size, total - start)
        if size <= 0:
            return [], total
        after = total - start - size
        backwards = after < start
        direction = sa.asc if backwards == descending else sa.desc
        skipped = min(start, after)
        parts = [part.order_by(*map(direction, order)).limit(skipped + size) for part in (statement, *others)]
        merged = _merged(parts, direction, order) if others else parts[0]
        ordered = merged.limit(size).offset(skipped)
        records = [make(row) for row in connection.execute(ordered)]
        return records[::-1] if backwards else records, total

    return await database.read(read)


def _merged(
    parts: Sequence[sa.Select[Any]], direction: Callable[[Any], Any], order: Sequence[sa.Column[Any]]
) -> sa.CompoundSelect[Any]:
    """Merge the rows of ordered statements; the order of each tells PostgreSQL that it can."""
    merged = sa.union_all(*(sa.select(part.subquery()) for part in parts))
    return merged.order_by(*(direction(merged.selected_columns[column.name]) for column in order))


async def read_newest(
    database: Database, statement: sa.Select[Any], make: Callable[[Any], Record], table: sa.Table, limit: int
) -> list[Record]:
    """Return at most ``limit`` records, those first whose row of the table is newest."""
    newest_first = statement.order_by(table.c.created.desc(), table.c.id.desc()).limit(limit)
    return [make(row) for row in await database.fetch(newest_first)]


class Unfinished(NamedTuple):
    """Unclaimed work: the id of its capture or session, its organization, and the capture's value."""

    id: str
    organization_id: str
    raw_value: str = ""


class WorkStore:
    """Stores work that processes lease: a base of the stores of captures and of extractions.

    Attributes:
        is_unfinished: the condition of rows that are work still to be done.
        since: the column that says since when a row waits.
        lease_until: the column that says until when it is leased.
        columns: those of an :class:`Unfinished`.
        source: what they are selected from.
    """

    is_unfinished: ClassVar[sa.ColumnElement[bool]]
    since: ClassVar[sa.Column[datetime]]
    lease_until: ClassVar[sa.Column[datetime | None]]
    columns: ClassVar[Sequence[sa.Column[Any]]]
    source: ClassVar[sa.FromClause]

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def unfinished(self, limit: int) -> list[Unfinished]:
        """Return the work without a lease, longest waiting first, the organizations in turns.

        That is the first of each organization, then the second of each, and so on.
        """
        order = self.since, self.columns[0]
        place = sa.func.row_number().over(partition_by=self.columns[1], order_by=order).label("place")
        selected = *dict.fromkeys([*self.columns, *order]), place
        ranked = sa.select(*selected).select_from(self.source).where(self._waits()).subquery().c
        first = [ranked.place, *(ranked[column.name] for column in order)]
        rows = sa.select(*(ranked[column.name] for column in self.columns)).order_by(*first).limit(limit)
        return [Unfinished(*row) for row in await self._database.fetch(rows)]

    async def waiting_since(self) -> datetime | None:
        """Return the time since which the oldest work without a lease waits, None if there is none."""
        oldest = sa.select(self.since).where(self._waits()).order_by(self.since).limit(1)
        return next((since for (since,) in await self._database.fetch(oldest)), None)

    async def count_waiting(self) -> int:
        """Count the work without a lease."""
        waiting = sa.select(sa.func.count()).select_from(self.since.table).where(self._waits())
        return sum(number for (number,) in await self._database.fetch(waiting))

    def _waits(self) -> sa.ColumnElement[bool]:
        return sa.and_(self.is_unfinished, self._is_free(self._clock.now()))

    def _is_free(self, now: datetime) -> sa.ColumnElement[bool]:
        """Return the condition that nobody holds a lease; that of a process which died runs out."""
        return sa.or_(self.lease_until.is_(None), self.lease_until <= now)
