"""Coalescing of reads and writes by key: keys requested while one runs share the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Batching(Generic[Key, Value]):
    """Coalesces concurrent requests for single values into reads of many, and writes into transactions.

    One read runs at a time; a request with no read running starts one at once. Every request is served by a
    read that started after it, so it sees what was written before it.

    Args:
        load: reads the values of distinct keys, without those that are unknown, or writes each. What it
            raises reaches everyone who waits, whether or not their turn had come.
        limit: maximum number of keys in a read.
    """

    def __init__(
        self, load: Callable[[list[Key]], Awaitable[Mapping[Key, Value]]], *, limit: int = 500
    ) -> None:
        self._load = load
        self._limit = limit
        self._requests: deque[tuple[Key, asyncio.Future[Value | None]]] = deque()
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Value | None:
        """Return the value of a key, or None if it is unknown."""
        loop = asyncio.get_running_loop()
        value: asyncio.Future[Value | None] = loop.create_future()
        self._requests.append((key, value))
        if self._reading is None:
            self._reading = loop.create_task(self._read())
        return await value

    async def ended(self) -> None:
        """Wait until no request is left."""
        while self._reading is not None:
            await asyncio.wait([self._reading])

    async def _read(self) -> None:
        """Read until no request is left."""
        try:
            while self._requests:
                await self._serve(
                    [self._requests.popleft() for _ in range(min(self._limit, len(self._requests)))]
                )
        finally:
            self._reading = None

    async def _serve(self, requests: list[tuple[Key, asyncio.Future[Any]]]) -> None:
        try:
            values = await self._load(list({key: None for key, value in requests if not value.done()}))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the waiting callers get it
            # those queued meanwhile too: read by read, the last of them might wait for minutes
            for _, value in (*requests, *self._requests):
                if not value.done():  # not cancelled
                    value.set_exception(error)
            self._requests.clear()
        else:
            for key, value in requests:
                if not value.done():
                    value.set_result(values.get(key))
        finally:
            for _, value in requests:
                value.cancel()  # still pending only where the read itself was cancelled
