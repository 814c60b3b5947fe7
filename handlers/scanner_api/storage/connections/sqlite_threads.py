"""SQLite in threads, all of a transaction in one hop: each call of the driver's thread costs 90 µs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from scanner_api.storage.batching import Batching

from .async_engine import AsyncEngine
from .engines import begin_sqlite, open_sqlite, prepare_sqlite

Result = TypeVar("Result")
_READERS: Final = 2
_TOGETHER: Final = 100


class SQLiteThreads:
    """Connections of their own, each used by one thread at a time, in transactions.

    Args:
        engine: of the SQLite database.
        threads: how many there are.
        reads_only: whether nothing is written.
    """

    def __init__(self, engine: AsyncEngine, threads: int = _READERS, *, reads_only: bool = True) -> None:
        self._source = engine
        self._number = threads
        self._reads_only = reads_only
        self._engine: Engine | None = None
        self._opening = Lock()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="sqlite")

    async def call(self, work: Callable[[Connection], Result]) -> Result:
        """Call a function in a thread, with a connection whose transaction ends with it."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, work)

    def close(self) -> None:
        """Wait for the calls under way, and end connections and threads; the next call opens others."""
        threads, self._threads = self._threads, ThreadPoolExecutor(self._number, thread_name_prefix="sqlite")
        threads.shutdown()
        with self._opening:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _call(self, work: Callable[[Connection], Result]) -> Result:
        with self._opened().begin() as connection:
            return work(connection)

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = create_engine(
                    "sqlite://",
                    hide_parameters=True,
                    creator=partial(open_sqlite, self._source),
                    poolclass=QueuePool,
                    pool_size=self._number,
                    execution_options={"sqlite_begin": "BEGIN"} if self._reads_only else {},
                )
                event.listen(self._engine, "connect", prepare_sqlite)
                event.listen(self._engine, "begin", begin_sqlite)
                if self._reads_only:
                    event.listen(self._engine, "connect", _refuse_writes)
            return self._engine


class SQLiteWriter:
    """Calls functions that write; those that arrive while others do share one transaction.

    What a function raises undoes what it wrote itself, and nothing else.

    Args:
        engine: of the SQLite database.
        lock: is held meanwhile.
    """

    def __init__(self, engine: AsyncEngine, lock: AbstractAsyncContextManager[Any]) -> None:
        self._threads = SQLiteThreads(engine, 1, reads_only=False)
        self._lock = lock
        self._writes: Batching[_Write[Any], None] = Batching(self._commit, limit=_TOGETHER)

    async def call(self, work: Callable[[Connection], Result]) -> Result:
        """Return the result of a function once what it wrote is committed."""
        write = _Write(work)
        await self._writes.get(write)
        return write.outcome.result()

    async def close(self) -> None:
        """Wait for what is being written, and end the thread and its connection."""
        await self._writes.ended()
        await asyncio.to_thread(self._threads.close)

    async def _commit(self, writes: list["_Write[Any]"]) -> dict["_Write[Any]", None]:
        async with self._lock:
            await self._threads.call(partial(_execute, writes))
        return {}


class _Write(Generic[Result]):
    """A function that writes, and what became of it."""

    def __init__(self, work: Callable[[Connection], Result]) -> None:
        self._work = work
        self.outcome: Future[Result] = Future()

    def execute(self, connection: Connection) -> None:
        savepoint = connection.begin_nested()
        try:
            result = self._work(connection)
        except Exception as error:
            driver: Any = connection.connection.driver_connection
            if not driver.in_transaction:  # SQLite rolled all of it back, as on a full disk
                raise
            savepoint.rollback()
            self.outcome.set_exception(error)
        else:
            savepoint.commit()
            self.outcome.set_result(result)


def _execute(writes: list[_Write[Any]], connection: Connection) -> None:
    for write in writes:
        write.execute(connection)


def _refuse_writes(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")
