"""Connections for lookups, which read outside transactions."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import event

from .async_engine import AsyncConnection, AsyncEngine
from .engines import was_used

MOST_READERS: Final = 2
READER_SECONDS: Final = 60
"""The age at which a connection is replaced: one that a failover left at a standby would not find out."""


class Reader:
    """A connection that is kept until it fails.

    Attributes:
        driver: the driver's own connection.
        was_pooled: whether others of the pool used it before.
        uses: how often it was lent.
        was_lost: whether it failed and may have ended before it was lent, so that another one may not fail.
        since: when it was opened, by the monotonic clock.
    """

    def __init__(self, connection: AsyncConnection, driver: Any, *, was_pooled: bool) -> None:
        self.connection = connection
        self.driver = driver
        self.was_pooled = was_pooled
        self.uses = 0
        self.was_lost = False
        self.since = time.monotonic()


class Readers:
    """The connections that all lookups of a database share.

    Each is replaced after a minute, and once an error of another connection discards those of the pool.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._slots = asyncio.Semaphore(MOST_READERS)
        self._idle: list[Reader] = []
        self._open: set[AsyncConnection] = set()
        self._discarded_at = 0.0
        event.listen(engine.sync_engine, "handle_error", self._discard)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Reader]:
        """Lend a connection; after an exception it is discarded."""
        async with self._slots:
            reader = await self._usable()
            reader.uses += 1
            try:
                yield reader
            except BaseException:  # a cancelled one too: its connection is in the middle of something
                # of the pool's there may be many, which a slow statement must not go through
                reader.was_lost = reader.uses > 1 or (reader.was_pooled and reader.driver.is_closed())
                if (terminate := getattr(reader.driver, "terminate", None)) is not None:
                    terminate()  # asyncpg would wait for a server that may have vanished
                await self._end(reader)
                raise
            self._idle.append(reader)

    async def close(self) -> None:
        """Close all of them; another one is opened when it is needed."""
        self._idle.clear()
        while self._open:
            await self._open.pop().close()

    async def _usable(self) -> Reader:
        oldest = max(self._discarded_at, time.monotonic() - READER_SECONDS)
        while self._idle:
            reader = self._idle.pop()
            if reader.since > oldest:
                return reader
            await self._end(reader)
        return await self._opened()

    async def _end(self, reader: Reader) -> None:
        self._open.discard(reader.connection)
        await reader.connection.invalidate()
        await reader.connection.close()

    def _discard(self, context: Any) -> None:
        """Open new connections from now on, if an error is about all there are."""
        if context.is_disconnect and context.invalidate_pool_on_disconnect:
            self._discarded_at = time.monotonic()

    async def _opened(self) -> Reader:
        connection = await self._engine.connect()
        self._open.add(connection)
        pooled = await connection.get_raw_connection()
        return Reader(connection, pooled.driver_connection, was_pooled=was_used(pooled))
