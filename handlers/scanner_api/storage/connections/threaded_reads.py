"""Reads of SQLite in a thread, all of a page in one hop: each call of the driver's thread costs 90 µs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from .async_engine import AsyncEngine
from .engines import open_sqlite

Result = TypeVar("Result")
_THREADS: Final = 2


class ThreadedReads:
    """Connections of their own, each read by one thread at a time, in transactions that write nothing.

    Args:
        engine: of the SQLite database.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._source = engine
        self._engine: Engine | None = None
        self._opening = Lock()
        self._threads = _threads()

    async def call(self, work: Callable[[Connection], Result]) -> Result:
        """Call something in a thread, with a connection whose reads all see one committed state."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, work)

    def close(self) -> None:
        """Wait for the reads under way, and end connections and threads; the next read opens others."""
        threads, self._threads = self._threads, _threads()
        threads.shutdown()
        with self._opening:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _call(self, work: Callable[[Connection], Result]) -> Result:
        with self._opened().connect() as connection:
            return work(connection)

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                connect = partial(open_sqlite, self._source)
                engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=_THREADS)
                event.listen(engine, "connect", _prepare)
                event.listen(engine, "begin", _begin)
                self._engine = engine
            return self._engine


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="reads")


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
