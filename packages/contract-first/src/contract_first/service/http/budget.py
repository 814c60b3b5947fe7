"""The memory of a process for what comes in: of all connections together, not of each."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable

from contract_first.service.messages.problems import ServiceUnavailable

FREE_HEAD_BYTES = 4096
"""Heads up to this size need no share: of as many connections as a process has they are few megabytes."""
MOST_HEADS_BYTES = 24 * 1024 * 1024
"""Of longer heads, and of what is sent behind a request before its response."""
MOST_BODIES_BYTES = 16 * 1024 * 1024
"""Of bodies that wait for the app; beyond it requests are refused."""
FULL_BODIES_BYTES = 8 * 1024 * 1024
"""From which on no more is read of bodies, until the app has taken some."""


class Budget:
    """Bytes that may be held at once; an owner, such as an address, has half of them at most.

    Who withholds the rest of many requests leaves room for others.

    Args:
        refusal: the detail of the problem while there is no room.
    """

    def __init__(self, most_bytes: int, refusal: str) -> None:
        self._most_bytes = most_bytes
        self._refusal = refusal
        self._total_bytes = 0
        self._held: Counter[Hashable] = Counter()

    def change(self, owner: Hashable, difference: int) -> None:
        """Hold more bytes for an owner, or fewer; None stands for many owners, who have no half.

        Raises:
            ServiceUnavailable: there is no room for more.
        """
        held, total = self._held[owner] + difference, self._total_bytes + difference
        is_over_half = owner is not None and held > self._most_bytes // 2
        if difference > 0 and (is_over_half or total > self._most_bytes):
            if not self._held[owner]:
                del self._held[owner]
            raise ServiceUnavailable(self._refusal)
        self._total_bytes = total
        self._held[owner] = held
        if not held:
            del self._held[owner]


class Bodies:
    """The bodies of all connections on their way to the app, which takes them piece by piece.

    In each turn of the event loop one large body is taken a piece of, however many come in: small requests
    do not wait for all of them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting_bytes = 0
        self._paused: deque[Callable[[], None]] = deque()
        self._takers: deque[asyncio.Future[None]] = deque()

    def change(self, difference: int) -> None:
        """Note that more bytes wait for the app, or fewer.

        Raises:
            ServiceUnavailable: there is no room for more.
        """
        if difference > 0 and self._waiting_bytes + difference > MOST_BODIES_BYTES:
            raise ServiceUnavailable("Too many bodies are being received; retry in 1 s.")
        self._waiting_bytes += difference
        while self._paused and not self.is_full:
            self._paused.popleft()()

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read."""
        return self._waiting_bytes > FULL_BODIES_BYTES

    def resume(self, resume: Callable[[], None]) -> None:
        """Call this now, or once there is room for more to be read."""
        if self.is_full:
            self._paused.append(resume)
        else:
            resume()

    async def turn(self) -> None:
        """Wait for a turn of the event loop in which no other large body is taken a piece of."""
        taker = self._loop.create_future()
        self._takers.append(taker)
        if len(self._takers) == 1:
            self._loop.call_soon(self._next)
        await taker

    def _next(self) -> None:
        taker = self._takers.popleft()
        if not taker.done():
            taker.set_result(None)
        if self._takers:
            self._loop.call_soon(self._next)
