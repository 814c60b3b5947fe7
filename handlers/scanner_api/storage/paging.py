"""Pages of a list, with the length of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping, Select, Table

    from .database import Database


async def read_page(
    database: Database, statement: Select[Any], *, page: int, page_size: int
) -> tuple[Sequence[RowMapping], int]:
    """Return the rows of a page and the number of all rows, both of one moment.

    Args:
        database: where to look.
        statement: ordered, so that no two rows can change places.
        page: from 1; one beyond the end is empty.
        page_size: most rows on a page.
    """
    counting = statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    offset = (page - 1) * page_size
    async with database.snapshot() as connection:
        total = await connection.scalar(counting) or 0
        if offset >= total:
            return [], total
        rows = await connection.execute(statement.limit(page_size).offset(offset))
        return rows.mappings().all(), total


async def read_newest(
    database: Database, statement: Select[Any], table: Table, limit: int
) -> Sequence[RowMapping]:
    """Return so many rows, those first whose row of the table is newest."""
    newest_first = statement.order_by(table.c.created.desc(), table.c.id.desc()).limit(limit)
    async with database.snapshot() as connection:
        rows: Sequence[RowMapping] = (await connection.execute(newest_first)).mappings().all()
    return rows
