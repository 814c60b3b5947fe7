"""Parts of transactions: turns of those that lock the same rows, and units of several that end together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from contract_first.service.observe.stages import timed

from .async_engine import AsyncConnection
from .errors import LockedError


class KeyTurns:
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
            LockedError: someone else has held one for too long.
        """
        async with AsyncExitStack() as having:
            try:
                with timed("database"):
                    async with asyncio.timeout(self._seconds):
                        for key in keys:
                            lock = self._locks.setdefault(key, asyncio.Lock())
                            await having.enter_async_context(lock)
            except TimeoutError:
                raise LockedError(f"{key} is locked, for {self._seconds:g} s or more") from None
            yield


class Unit:
    """A transaction that is left open until the unit ends.

    Attributes:
        connection: that of the transaction, None before it begins.
        ending: commits the transaction, or rolls it back.
        after_commit: what is called then.
    """

    def __init__(self) -> None:
        self.connection: AsyncConnection | None = None
        self.ending = AsyncExitStack()
        self.after_commit: list[Callable[[], None]] = []

    @asynccontextmanager
    async def begin(
        self, transaction: AbstractAsyncContextManager[AsyncConnection]
    ) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction, and leave it open; an exception in the block rolls it back at once."""
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(transaction)
            yield connection
            self.connection = connection
            self.ending.push_async_exit(stack.pop_all())
