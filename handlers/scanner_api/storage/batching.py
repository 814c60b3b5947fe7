"""Many asks, few answers: what is asked for while one read runs goes together in the next."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

Key = TypeVar("Key")
Value = TypeVar("Value")


class Batching(Generic[Key, Value]):
    """Gathers concurrent asks for single values into reads of many.

    One read runs at a time. Nothing waits for company: an ask with no read running starts one at once. An
    ask is answered by a read that began after it, so it sees what was written before it.

    Args:
        load: reads the values of distinct keys; a key that is unknown it leaves out. What it raises
            reaches everyone who waits.
        limit: most keys in a read.
    """

    def __init__(
        self, load: Callable[[list[Key]], Awaitable[Mapping[Key, Value]]], *, limit: int = 500
    ) -> None:
        self._load = load
        self._limit = limit
        self._asks: deque[tuple[Key, asyncio.Future[Value | None]]] = deque()
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Value | None:
        """Return the value of a key, or None if it is unknown."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Value | None] = loop.create_future()
        self._asks.append((key, answer))
        if self._reading is None:
            self._reading = loop.create_task(self._read())
        return await answer

    async def _read(self) -> None:
        """Answer until no one asks."""
        try:
            while self._asks:
                await self._answer([self._asks.popleft() for _ in range(min(self._limit, len(self._asks)))])
        finally:
            self._reading = None

    async def _answer(self, asks: list[tuple[Key, asyncio.Future[Any]]]) -> None:
        try:
            values = await self._load(list({key: None for key, answer in asks if not answer.done()}))
        except Exception as error:  # noqa: BLE001 -- whatever it is, those who wait must learn of it
            # those who queued up meanwhile too: read by read, the last of them might wait for minutes
            for _, answer in (*asks, *self._asks):
                if not answer.done():  # whoever was cancelled waits no more
                    answer.set_exception(error)
            self._asks.clear()
        else:
            for key, answer in asks:
                if not answer.done():
                    answer.set_result(values.get(key))
        finally:
            for _, answer in asks:
                answer.cancel()  # only where the reading itself was cancelled is anyone left
