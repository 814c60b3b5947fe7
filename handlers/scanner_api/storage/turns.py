"""Turns by key: what would wait for the same row anyway waits here, without a connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Lets one at a time have a key.

    Args:
        seconds: how long to wait for a turn; None for as long as it takes.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, keys: tuple[str, ...]) -> AsyncIterator[None]:
        """Hold all of these keys; several have to be in the same order everywhere.

        Raises:
            TimeoutError: someone else has held one for too long.
        """
        async with AsyncExitStack() as having:
            async with asyncio.timeout(self._seconds):
                for key in keys:
                    lock = self._locks.setdefault(key, asyncio.Lock())
                    await having.enter_async_context(lock)
            yield
