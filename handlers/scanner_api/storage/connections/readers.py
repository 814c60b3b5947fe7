"""Connections for lookups, which read outside transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from .async_engine import AsyncConnection, AsyncEngine

MOST_READERS: Final = 2


class Reader:
    """A connection that is kept until it fails.

    Attributes:
        driver: the driver's own connection.
        uses: how often it was used, this time included.
    """

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self.connection = connection
        self.driver = driver
        self.uses = 0


class Readers:
    """The connections that all lookups of a database share."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._slots = asyncio.Semaphore(MOST_READERS)
        self._idle: list[Reader] = []
        self._open: set[AsyncConnection] = set()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Reader]:
        """Lend a connection; after an exception it is discarded."""
        async with self._slots:
            reader = self._idle.pop() if self._idle else await self._opened()
            reader.uses += 1
            try:
                yield reader
            except BaseException:  # a cancelled one too: its connection is in the middle of something
                self._open.discard(reader.connection)
                await reader.connection.invalidate()
                await reader.connection.close()
                raise
            self._idle.append(reader)

    async def close(self) -> None:
        """Close all of them; another one is opened when it is needed."""
        self._idle.clear()
        while self._open:
            await self._open.pop().close()

    async def _opened(self) -> Reader:
        connection = await self._engine.connect()
        self._open.add(connection)
        return Reader(connection, (await connection.get_raw_connection()).driver_connection)
