"""Units of work: transactions of one task that are committed together."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from .async_engine import AsyncConnection


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
