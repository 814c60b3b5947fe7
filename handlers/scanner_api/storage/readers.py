"""Connections for lookups, which read outside transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from .async_engine import AsyncConnection

MOST_READERS: Final = 2


class Connections(Protocol):
    """Opens connections that are kept, and discards them; a `Database` is one."""

    async def keep(self) -> AsyncConnection:
        """Open a connection."""
        ...

    async def discard(self, connection: AsyncConnection) -> None:
        """Discard a connection that failed."""
        ...


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

    def __init__(self, database: Connections) -> None:
        self._database = database
        self._turns = asyncio.Semaphore(MOST_READERS)
        self._idle: list[Reader] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Reader]:
        """Lend a connection; after an exception it is discarded."""
        async with self._turns:
            reader = self._idle.pop() if self._idle else await self._opened()
            reader.uses += 1
            try:
                yield reader
            except BaseException:  # a cancelled one too: its connection is in the middle of something
                await self._database.discard(reader.connection)
                raise
            self._idle.append(reader)

    def forget(self) -> None:
        """Forget those that are closed."""
        self._idle.clear()

    async def _opened(self) -> Reader:
        connection = await self._database.keep()
        return Reader(connection, (await connection.get_raw_connection()).driver_connection)
