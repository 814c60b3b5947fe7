"""Requests and responses, a turn of the event loop together, and large bodies, a piece of one in each."""

import asyncio
import math
import sys
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, TypeVar

from contract_first.service.messages.problems import ServiceUnavailable

Running = Coroutine[Any, Any, None]
Item = TypeVar("Item")
MOST_AT_ONCE = 64
"""Requests that start in a turn of the event loop; the next ones start once it has looked for others."""
EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
SHORT_TURN_SECONDS = 0.001
MOST_BODIES_BYTES = 16 * 1024 * 1024
"""Of bodies that wait for the app; beyond it requests are refused."""
FULL_BODIES_BYTES = 8 * 1024 * 1024
"""From which on no more is read of bodies, until the app has taken some."""


class Rotation(Generic[Item]):
    """Items that wait, of which each owner's first is taken in turn: many of one keep no other waiting."""

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, deque[Item]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, owner: Hashable, item: Item) -> None:
        self._count += 1
        self._queues.setdefault(owner, deque()).append(item)

    def take(self) -> Item:
        """Return the item whose turn it is."""
        self._count -= 1
        owner, queue = self._queues.popitem(last=False)
        item = queue.popleft()
        if queue:
            self._queues[owner] = queue
        return item

    def drop(self) -> Item:
        """Return the last item of the owner who has most, instead of ever taking it."""
        self._count -= 1
        owner, queue = max(self._queues.items(), key=lambda waiting: len(waiting[1]))
        item = queue.pop()
        if not queue:
            del self._queues[owner]
        return item


class Pace:
    """How much to begin in a turn of the event loop: less where turns take long, while there is more.

    The clock is a system call, and read only in turns that leave some for the next.

    Args:
        clock: of what this thread computes; other processes may have the processor meanwhile.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.thread_time) -> None:
        self._most = self._at_once = most
        self._clock = clock
        self._turn_at = math.inf

    def at_once(self, waiting: int, *, is_behind: bool) -> int:
        """Return how many of those that wait to begin now.

        Args:
            is_behind: whether the last turn left some for this one.
        """
        if not is_behind and waiting <= self._at_once:
            self._turn_at = math.inf
            return waiting
        now = self._clock()
        if is_behind and self._turn_at < math.inf:  # else the last turn began without a look at the clock
            is_short = now - self._turn_at <= SHORT_TURN_SECONDS
            self._at_once = min(2 * self._at_once, self._most) if is_short else max(1, self._at_once // 2)
        self._turn_at = now
        return min(waiting, self._at_once)


class Alternation:
    """Work that is done one after the other, of each owner in turn."""

    def __init__(self) -> None:
        self._waiting: Rotation[asyncio.Future[None]] = Rotation()
        self._is_busy = False

    @asynccontextmanager
    async def turn(self, owner: Hashable) -> AsyncIterator[None]:
        """Wait for this owner's turn, and have it for the length of the block."""
        if self._is_busy:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.add(owner, turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._end()
                raise
        self._is_busy = True
        try:
            yield
        finally:
            self._end()

    def _end(self) -> None:
        while self._waiting:
            turn = self._waiting.take()
            if not turn.done():
                turn.set_result(None)
                return
        self._is_busy = False


class Turns:
    """Starts requests that came in a turn of the event loop, then sends what there is of responses.

    A system call throws what a processor has learned of Python out of its caches, so that what is computed
    between two of them takes longer, under load by a third. What does not have to wait is done without
    the loop: a task is handed to it where it waits first (as of Python 3.12). Where many requests have come,
    some start in each turn, fewer where they take long, one of each client before the second of any.

    Args:
        tasks: those that wait, for the server to see.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, tasks: set[asyncio.Task[None]], pace: Pace | None = None
    ) -> None:
        self._loop = loop
        self._tasks = tasks
        self._context = copy_context()  # that of no request
        self._requests: Rotation[Running] = Rotation()
        self._flushes: list[Callable[[], None]] = []
        self._has_turn = self._is_behind = False
        self._pace = pace or Pace(MOST_AT_ONCE)

    def start(self, owner: Hashable, request: Running) -> None:
        """Serve a request of a client at the end of this turn, or of one soon."""
        self._requests.add(owner, request)
        self._take_turn()

    def flush(self, flush: Callable[[], None]) -> None:
        """Call this once the requests of this turn are served, as far as they go without waiting."""
        self._flushes.append(flush)
        self._take_turn()

    def _take_turn(self) -> None:
        if not self._has_turn:
            self._has_turn = True
            self._loop.call_soon(self._turn, context=self._context)

    def _turn(self) -> None:
        for _ in range(self._pace.at_once(len(self._requests), is_behind=self._is_behind)):
            task = started(self._requests.take(), self._loop)
            if not task.done():
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        flushes, self._flushes = iter(self._flushes), []
        try:
            for flush in flushes:
                flush()
        finally:  # should one of them raise, the others are served
            self._flushes[:0] = flushes
            self._has_turn = False
            self._is_behind = bool(self._requests)
            if self._is_behind or self._flushes:
                self._take_turn()


def started(work: Running, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    """Return a task that has run to where it waits first; with Python 3.11 it starts in the next turn."""
    return asyncio.Task(work, loop=loop, **EAGER)


class Bodies:
    """The bodies of all connections on their way to the app, which takes them piece by piece.

    In each turn of the event loop one large body is taken or read a piece of, of another client where there
    is one: small requests do not wait for all of them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting_bytes = 0
        self._paused: deque[tuple[Hashable, Callable[[], None]]] = deque()
        self._turns: Rotation[Callable[[], None]] = Rotation()

    def change(self, difference: int) -> None:
        """Note that more bytes wait for the app, or fewer.

        Raises:
            ServiceUnavailable: there is no room for more.
        """
        if difference > 0 and self._waiting_bytes + difference > MOST_BODIES_BYTES:
            raise ServiceUnavailable("Too many bodies are being received; retry in 1 s.")
        self._waiting_bytes += difference
        while self._paused and not self.is_full:
            owner, resume = self._paused.popleft()
            self.take_turn(owner, partial(self.resume, owner, resume))  # others may have filled it until then

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read."""
        return self._waiting_bytes > FULL_BODIES_BYTES

    def resume(self, owner: Hashable, resume: Callable[[], None]) -> None:
        """Call this now, or once there is room for more to be read."""
        if self.is_full:
            self._paused.append((owner, resume))
        else:
            resume()

    def take_turn(self, owner: Hashable, do: Callable[[], None]) -> None:
        """Call this in a turn of the event loop in which nothing else is done for large bodies."""
        self._turns.add(owner, do)
        if len(self._turns) == 1:
            self._loop.call_soon(self._next)

    async def turn(self, owner: Hashable) -> None:
        """Wait for such a turn."""
        turn = asyncio.Event()
        self.take_turn(owner, turn.set)
        await turn.wait()

    def _next(self) -> None:
        do = self._turns.take()
        if self._turns:
            self._loop.call_soon(self._next)
        do()
