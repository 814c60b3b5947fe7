"""Reads of SQLite that are quicker done than handed to another thread."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

from .engines import open_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

Rows = list[tuple[Any, ...]]

_SLOW_SECONDS: Final = 0.005
_REST_SECONDS: Final = 0.25
_IN_THE_WAY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class NearReader:
    """Reads rows by an index in the thread that asks, the event loop's.

    What is in the page cache takes five microseconds. To have it read by the driver's thread takes ten times
    that and more, most of it for handing Python's lock to and fro. What is read in one turn of the event loop
    is of one snapshot of the file, so that it is locked and unlocked once a turn; a turn begins with requests
    that are there already, so that each still sees whatever was committed before it came.

    Nothing is waited for: where a writer is in the way, and for a quarter of a second after a read that took
    longer than five milliseconds, such as one from a cold disk, there is no answer here, and the driver's
    thread is to be asked.

    Args:
        engine: of the SQLite database.
        in_turns: whether a turn of the event loop sees one snapshot; for files.
        ticks: tells the seconds.
    """

    def __init__(
        self, engine: AsyncEngine, *, in_turns: bool, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._ticks = ticks
        self._connection: sqlite3.Connection | None = None
        self._in_turns = in_turns
        self._in_turn = False
        self._seen: dict[tuple[str, str], Rows] = {}
        self._resting_until = 0.0

    def rows(self, sql: str, parameter: str) -> Rows | None:
        """Return the rows of a SELECT with one parameter, None if the driver's thread is to be asked."""
        seen = self._seen.get((sql, parameter))
        if seen is not None:
            return seen
        began = self._ticks()
        if began < self._resting_until:
            return None
        try:
            rows: Rows = self._opened().execute(sql, (parameter,)).fetchall()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) not in _IN_THE_WAY:
                self.close()
                self._rest()
            return None
        if self._ticks() - began > _SLOW_SECONDS:
            self._rest()
        if self._in_turn:
            self._seen[sql, parameter] = rows
        return rows

    def close(self) -> None:
        """Close the connection; the next read opens another."""
        connection, self._connection, self._in_turn = self._connection, None, False
        self._seen.clear()
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_sqlite(self._engine)
            self._connection.isolation_level = None
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("PRAGMA busy_timeout = 0")
        if self._in_turns and not self._in_turn:
            self._connection.execute("BEGIN")
            self._in_turn = True
            asyncio.get_running_loop().call_soon(self._end_turn)
        return self._connection

    def _end_turn(self) -> None:
        if self._connection is not None and self._in_turn:
            self._in_turn = False
            self._seen.clear()
            self._connection.execute("COMMIT")

    def _rest(self) -> None:
        self._resting_until = self._ticks() + _REST_SECONDS
