"""Reads of SQLite in the event loop's own thread, where that is faster than handing them to another."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final

from .async_engine import AsyncEngine
from .engines import open_sqlite

Rows = list[tuple[Any, ...]]

_SLOW_SECONDS: Final = 0.005
_PAUSE_SECONDS: Final = 0.25
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class InlineReader:
    """Reads rows by an index in the calling thread, the event loop's.

    What is in the page cache takes five microseconds; the driver's thread takes ten times that and more, most
    of it for handing Python's lock to and fro. All reads of one turn of the event loop share one snapshot of
    the file from the first on, so that it is locked and unlocked once a turn. A turn begins with requests
    that have arrived already, so each still sees all that was committed before it came. SQLite counts what
    others commit (``PRAGMA data_version``): where that is as in an earlier turn, all rows are.

    It never waits: while a writer is in the way, and for a quarter of a second after two reads in a row that
    took longer than five milliseconds (from a cold disk, say), it returns nothing, and the driver's thread
    has to read. One alone tells nothing: on a busy machine any may have waited for a processor.

    Args:
        engine: of the SQLite database.
        has_snapshots: whether the reads of a turn share a snapshot; in memory that would lock writers out.

    Attributes:
        snapshot: identifies what is read in this turn, and is the same in the next ones until something is
            committed; None between turns.
    """

    def __init__(
        self, engine: AsyncEngine, *, has_snapshots: bool, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._ticks = ticks
        self._connection: sqlite3.Connection | None = None
        self._has_snapshots = has_snapshots
        self._paused_until = 0.0
        self._was_slow = False
        self._version = -1
        self._latest = object()
        self.snapshot: object | None = None

    def begin(self) -> object | None:
        """Return the snapshot of this turn, None if the driver's thread has to read."""
        if self.snapshot is None and self._ticks() >= self._paused_until:
            try:
                self._open()
            except sqlite3.Error as error:
                self._fail(error)
        return self.snapshot

    def rows(self, sql: str, parameter: str) -> Rows | None:
        """Return the rows of a SELECT with one parameter, None if the driver's thread has to read them."""
        start = self._ticks()
        if start < self._paused_until:
            return None
        try:
            connection = self._open()
            if self._has_snapshots and not connection.in_transaction:
                connection.execute("BEGIN")
            rows: Rows = connection.execute(sql, (parameter,)).fetchall()
        except sqlite3.Error as error:
            self._fail(error)
            return None
        was_slow, self._was_slow = self._was_slow, self._ticks() - start > _SLOW_SECONDS
        if was_slow and self._was_slow:
            self._pause()
        return rows

    def close(self) -> None:
        """Close the connection; the next read opens another."""
        connection, self._connection, self.snapshot = self._connection, None, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = self._connection
        if connection is None:
            connection = self._connection = open_sqlite(self._engine)
            connection.isolation_level = None
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA busy_timeout = 0")
            self._version = -1  # each connection has its own
        if self.snapshot is None:
            asyncio.get_running_loop().call_soon(self._end_turn)
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._version, self._latest = version, object()
            self.snapshot = self._latest
        return connection

    def _end_turn(self) -> None:
        self.snapshot = None
        if self._connection is not None and self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def _fail(self, error: sqlite3.Error) -> None:
        if getattr(error, "sqlite_errorcode", None) not in _BUSY:
            self.close()
            self._pause()

    def _pause(self) -> None:
        self._paused_until = self._ticks() + _PAUSE_SECONDS
        self._was_slow = False
