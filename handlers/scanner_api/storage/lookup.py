"""Rows by key, as fast as the drivers are: the read that nearly every request makes.

A statement through SQLAlchemy's ``execute`` costs 370 µs on SQLite, most of it in four hops to the driver's
thread and back. Here SQLAlchemy builds and compiles the statement once and converts the values. SQLite is
read inline where possible (``inline_reads.py``, 5 µs); otherwise the driver runs the statement in one hop
(90 µs), for as many keys as have been requested by then.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Select, Text, any_, bindparam, func, select

from contract_first.bounded import BoundedDict
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.observe.stages import timed

from .batching import Batching
from .connections.errors import UNAVAILABLE
from .connections.readers import Reader
from .database import Database

Row = list[Any]
Record = TypeVar("Record")
Fetch = Callable[[Any, str, list[str]], Awaitable[Iterable[Sequence[Any]]]]

_SECONDS: Final = 5

logger = logging.getLogger(__name__)


class _Read(msgspec.Struct, Generic[Record], frozen=True):
    """The last inline read of a key: the snapshot it was made in, its rows, and their records."""

    snapshot: object | None
    rows: list[tuple[Any, ...]]
    records: list[Record]


class Lookup(Generic[Record]):
    """Finds the records of a SELECT's rows by one of its columns.

    Args:
        database: where to look.
        statement: without parameters; it is given the key condition here.
        key: a text column among those that the statement selects.
        make: makes a record of a row, whose values are in the order of the selected columns. Callers share
            records, which must not be changed.
        most: how many keys' rows are remembered, to save the making of records; the latest found stay.
    """

    def __init__(
        self,
        database: Database,
        statement: Select[Any],
        key: ColumnElement[str],
        make: Callable[[Row], Record],
        *,
        most: int = 1000,
    ) -> None:
        self._database = database
        dialect = database.dialect
        self._fetch: Fetch = _FETCHES[dialect.name]
        self._statement, self._column = statement, key
        columns = list(statement.selected_columns)
        self._key = [column is key for column in columns].index(True)
        self._store = key.type.bind_processor(dialect) or str
        self._restore = _processors(columns, dialect)
        self._make = make
        self._reads: BoundedDict[str, _Read[Record]] = BoundedDict(most)
        self._batching: Batching[str, list[Record]] = Batching(self._load)

    @cached_property
    def _sql(self) -> str:
        """The statement for many keys; compiled once it is needed, which most of a process's are not."""
        return self._compiled(_CONDITIONS[self._database.dialect.name](self._column))

    @cached_property
    def _single_sql(self) -> str:
        return self._compiled(self._column == bindparam("key"))

    def _compiled(self, condition: ColumnElement[bool]) -> str:
        return str(self._statement.where(condition).compile(dialect=self._database.dialect))

    async def find(self, key: str) -> Sequence[Record]:
        inline = self._database.inline
        if inline is None:
            return await self._read_with_others(key)
        snapshot = inline.snapshot or inline.begin()
        last = self._reads.get(key)
        if last is not None and snapshot is not None and last.snapshot is snapshot:
            return last.records
        rows = inline.rows(self._single_sql, self._store(key))
        if rows is None:
            return await self._read_with_others(key)
        if not rows:  # guessed keys evict nothing
            return ()
        if last is not None and last.rows == rows:
            records = last.records
        else:
            records = [self._make(self._restored(row)) for row in rows]
        self._reads[key] = _Read(inline.snapshot, rows, records)
        return records

    async def _read_with_others(self, key: str) -> Sequence[Record]:
        with timed("database"):
            return await self._batching.get(key) or ()

    async def _load(self, keys: list[str]) -> dict[str, list[Record]]:
        records: dict[str, list[Record]] = {}
        for values in await self._read([self._store(key) for key in keys]):
            row = self._restored(values)
            records.setdefault(row[self._key], []).append(self._make(row))
        return records

    def _restored(self, values: Iterable[Any]) -> Row:
        row = list(values)
        for index, restore in self._restore:
            row[index] = restore(row[index])
        return row

    async def _read(self, keys: list[str]) -> Iterable[Sequence[Any]]:
        """Read, and once more on another connection as long as one was lost, and there is time."""
        deadline = asyncio.get_running_loop().time() + _SECONDS
        while True:
            reader: Reader | None = None
            try:
                async with (
                    asyncio.timeout_at(deadline),
                    self._database.read_lock,
                    self._database.readers.lend() as reader,
                ):
                    return await self._fetch(reader.driver, self._sql, keys)
            except Exception as error:
                if reader is not None and reader.was_lost:
                    logger.info("The connection is lost (%s); reading on another", type(error).__name__)
                    continue
                logger.warning("The database does not respond: %s", type(error).__name__)
                raise ServiceUnavailable(UNAVAILABLE) from error


def _processors(columns: list[ColumnElement[Any]], dialect: Any) -> list[tuple[int, Callable[[Any], Any]]]:
    """Return, by position, the converters of drivers' values that need one."""
    processors: list[tuple[int, Callable[[Any], Any]]] = []
    for index, column in enumerate(columns):
        restore = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if restore is not None:
            processors.append((index, restore))
    return processors


def _among_sqlite(key: ColumnElement[str]) -> ColumnElement[bool]:
    return key.in_(select(func.json_each(bindparam("keys", type_=Text)).table_valued("value").c.value))


def _among_postgresql(key: ColumnElement[str]) -> ColumnElement[bool]:
    return key == any_(bindparam("keys", type_=ARRAY(Text)))


async def _fetch_sqlite(driver: Any, sql: str, keys: list[str]) -> Any:
    return await driver.execute_fetchall(sql, (json.dumps(keys),))


async def _fetch_postgresql(driver: Any, sql: str, keys: list[str]) -> Any:
    return await driver.fetch(sql, keys)


# one parameter for any number of keys: the statement is prepared once
_CONDITIONS: Final = {"sqlite": _among_sqlite, "postgresql": _among_postgresql}
_FETCHES: Final = {"sqlite": _fetch_sqlite, "postgresql": _fetch_postgresql}
