"""Requests and responses, a turn of the event loop together."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any

Running = Coroutine[Any, Any, None]


class Turns:
    """Starts all requests that came in a turn of the event loop, then sends what there is of responses.

    A system call throws what a processor has learned of Python out of its caches, so that what is computed
    between two of them takes longer, under load by a third. What does not have to wait is done without
    the loop: a task is handed to it where it waits first (as of Python 3.12).

    Args:
        tasks: those that wait, for the server to see.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, tasks: set[asyncio.Task[None]]) -> None:
        self._loop = loop
        self._tasks = tasks
        self._context = copy_context()  # that of no request
        self._requests: list[Running] = []
        self._flushes: list[Callable[[], None]] = []
        self._has_turn = False

    def start(self, request: Running) -> None:
        """Serve a request at the end of this turn."""
        self._requests.append(request)
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
        requests, self._requests = self._requests, []
        for request in requests:
            task = _started(request, self._loop)
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
            if self._requests or self._flushes:
                self._take_turn()


if sys.version_info >= (3, 12):

    def _started(request: Running, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        return asyncio.Task(request, loop=loop, eager_start=True)

else:

    def _started(request: Running, loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        return loop.create_task(request)
