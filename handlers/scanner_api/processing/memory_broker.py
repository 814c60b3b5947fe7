"""Jobs that are done in this process, each by the function of its kind."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

from contract_first.service.messages.traces import continued

from .queue import MAX_WAITING, Job, slots_of

Do = Callable[[str], Coroutine[Any, Any, None]]
Tracing = Callable[[str, Mapping[str, str]], AbstractContextManager[None]]

GRACE_SECONDS: Final = 2.0

logger = logging.getLogger(__name__)


class Tasks(NamedTuple):
    """The function of each kind of job.

    Attributes:
        do: what to do with an id, by the name of the task; cancelled, it has to release the job.
        close: releases what the tasks needed.
        tracing: context manager around a task of this name, with the header fields of a trace.
    """

    do: Mapping[str, Do]
    close: Callable[[], None]
    tracing: Tracing = continued


class MemoryBroker:
    """Does a number of jobs of each kind at once; the others wait in the queue."""

    def __init__(self, tasks: Tasks, at_once: int) -> None:
        self._tasks = tasks
        self._at_once = at_once
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._closing = False

    async def start(self) -> None:
        """Do nothing: there is nothing to connect to."""

    async def send(self, job: Job) -> asyncio.Task[None] | None:
        """Start a job as soon as a slot of its kind is free, and return its run; none once this is closed."""
        slots = self._slots.setdefault(job.task, asyncio.Semaphore(slots_of(job.task, self._at_once)))
        await slots.acquire()
        if self._closing:
            return None
        running = asyncio.create_task(self._do(job))
        self._running.add(running)  # a task that nobody holds may be collected
        running.add_done_callback(self._ended)
        running.add_done_callback(lambda _: slots.release())
        return running

    async def room(self) -> int:
        """Return how many more jobs may wait here: the queue's own bound is the only one."""
        return MAX_WAITING

    async def close(self) -> None:
        """Start no more jobs; wait a little for those that run, and cancel those that take longer."""
        self._closing = True
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=GRACE_SECONDS)
            for running in late:
                running.cancel()
            if late:
                await asyncio.wait(late)
        self._tasks.close()

    async def _do(self, job: Job) -> None:
        """Do a job in the trace of the request that left it."""
        with self._tasks.tracing(job.task, job.trace):
            await self._tasks.do[job.task](job.id)

    def _ended(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        if not running.cancelled() and (error := running.exception()):
            logger.error("A job ended unexpectedly", exc_info=error)
