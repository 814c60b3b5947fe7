"""Rows as records: a column for each field, of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Column, Table

Record = TypeVar("Record", bound=msgspec.Struct)


def columns_of(table: Table, kind: type[msgspec.Struct]) -> list[Column[Any]]:
    """Return the columns of a table that are a record's fields, in their order."""
    return [table.c[field] for field in kind.__struct_fields__]


def maker_of(kind: type[Record]) -> Callable[[Iterable[Any]], Record]:
    """Return what makes a record of the values of its fields, in their order."""
    fields = kind.__struct_fields__
    return lambda values: kind(**dict(zip(fields, values, strict=True)))
