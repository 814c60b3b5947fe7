"""Reads of SQLite in the event loop's own thread, where that is faster than handing them to another."""

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
_PAUSE_SECONDS: Final = 0.25
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class InlineReader:
    """Reads rows by an index in the calling thread, the event loop's.

    What is in the page cache takes five microseconds; the driver's thread takes ten times that and more, most
    of it for handing Python's lock to and fro. All reads of one turn of the event loop share one snapshot of
    the file, so that it is locked and unlocked once a turn. A turn begins with requests that have arrived
    already, so each still sees whatever was committed before it came.

    It never waits: while a writer is in the way, and for a quarter of a second after a read that took longer
    than five milliseconds (from a cold disk, say), it returns nothing, and the driver's thread has to read.

    Args:
        engine: of the SQLite database.
        has_snapshots: whether the reads of a turn share a snapshot; for files.
        ticks: tells the seconds.

    Attributes:
        snapshot: identifies the snapshot that is open, None between turns.
    """

    def __init__(
        self, engine: AsyncEngine, *, has_snapshots: bool, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._ticks = ticks
        self._connection: sqlite3.Connection | None = None
        self._has_snapshots = has_snapshots
        self._paused_until = 0.0
        self.snapshot: object | None = None

    def rows(self, sql: str, parameter: str) -> Rows | None:
        """Return the rows of a SELECT with one parameter, None if the driver's thread has to read them."""
        start = self._ticks()
        if start < self._paused_until:
            return None
        try:
            rows: Rows = self._open().execute(sql, (parameter,)).fetchall()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) not in _BUSY:
                self.close()
                self._pause()
            return None
        if self._ticks() - start > _SLOW_SECONDS:
            self._pause()
        return rows

    def close(self) -> None:
        """Close the connection; the next read opens another."""
        connection, self._connection, self.snapshot = self._connection, None, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_sqlite(self._engine)
            self._connection.isolation_level = None
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("PRAGMA busy_timeout = 0")
        if self._has_snapshots and self.snapshot is None:
            self._connection.execute("BEGIN")
            self.snapshot = object()
            asyncio.get_running_loop().call_soon(self._end_snapshot)
        return self._connection

    def _end_snapshot(self) -> None:
        if self._connection is not None and self.snapshot is not None:
            self.snapshot = None
            self._connection.execute("COMMIT")

    def _pause(self) -> None:
        self._paused_until = self._ticks() + _PAUSE_SECONDS
