"""Reads of SQLite that are quicker done than handed to another thread."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

from .engines import open_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

_SLOW_SECONDS: Final = 0.005
_REST_SECONDS: Final = 0.25
_IN_THE_WAY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class NearReader:
    """Reads single rows by an index in the thread that asks, the event loop's.

    What is in the page cache takes ten microseconds. To have it read by the driver's thread takes ten
    times that, most of it for handing Python's lock to and fro. Nothing is waited for: where a writer is in
    the way, and for a quarter of a second after a read that took longer than five milliseconds, such as one
    from a cold disk, there is no answer here, and the driver's thread is to be asked.

    Args:
        engine: of the SQLite database.
        ticks: tells the seconds.
    """

    def __init__(self, engine: AsyncEngine, ticks: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._ticks = ticks
        self._connection: sqlite3.Connection | None = None
        self._resting_until = 0.0

    def rows(self, sql: str, key: str) -> list[tuple[Any, ...]] | None:
        """Return the rows of a SELECT with one parameter, None if the driver's thread is to be asked."""
        began = self._ticks()
        if began < self._resting_until:
            return None
        try:
            rows: list[tuple[Any, ...]] = self._opened().execute(sql, (key,)).fetchall()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) not in _IN_THE_WAY:
                self.close()
                self._rest()
            return None
        if self._ticks() - began > _SLOW_SECONDS:
            self._rest()
        return rows

    def close(self) -> None:
        """Close the connection; the next read opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_sqlite(self._engine)
            self._connection.isolation_level = None
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("PRAGMA busy_timeout = 0")
        return self._connection

    def _rest(self) -> None:
        self._resting_until = self._ticks() + _REST_SECONDS
