"""The tasks of this process: what is done for each kind of job."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from openapi_service.traces import continued

from .queue import Job

Do = Callable[[str], Coroutine[Any, Any, None]]
Tracing = Callable[[str, Mapping[str, str]], AbstractContextManager[None]]

GRACE_SECONDS: Final = 2.0

logger = logging.getLogger(__name__)


class Tasks:
    """Runs jobs by the name of their task, and ends those that run.

    Args:
        tasks: what to do with an id, by name; cancelled, it has to release the job.
        close: releases what the tasks needed.
        tracing: is entered while a task of this name is done, with the header fields of a trace.
    """

    def __init__(
        self, tasks: Mapping[str, Do], close: Callable[[], None], tracing: Tracing = continued
    ) -> None:
        self._tracing = tracing
        self._tasks = tasks
        self._close = close
        self._running: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def names(self) -> Collection[str]:
        """The names of the tasks."""
        return self._tasks.keys()

    async def run(self, job: Job) -> None:
        """Run a job to its end, whatever it raises; none is started once the tasks are closed."""
        if self._closing:
            return
        # a task of its own: a broker would take a cancellation for an error
        running = asyncio.create_task(self._do(job))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        await asyncio.wait([running])
        if not running.cancelled() and (error := running.exception()):
            logger.error("A job ended unexpectedly", exc_info=error)

    async def _do(self, job: Job) -> None:
        """Do a job in the trace of the request that left it."""
        with self._tracing(job.task, job.trace):
            await self._tasks[job.task](job.id)

    async def close(self) -> None:
        """Start no more jobs; wait a little for those that run, and cancel those that take longer."""
        self._closing = True
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=GRACE_SECONDS)
            for running in late:
                running.cancel()
            if late:
                await asyncio.wait(late)
        self._close()
