"""Jobs that are done in this process, by taskiq's broker in memory; imported when the first job comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from taskiq import InMemoryBroker
from taskiq.kicker import AsyncKicker

from .queue import MOST_WAITING

if TYPE_CHECKING:
    from .queue import Job
    from .tasks import Tasks


class MemoryBroker:
    """Does so many jobs at once; the others wait in the queue."""

    def __init__(self, tasks: Tasks, at_once: int) -> None:
        self._broker = InMemoryBroker(await_inplace=True, max_stored_results=1)
        self._tasks = tasks
        self._turns = asyncio.Semaphore(at_once)
        self._doing: set[asyncio.Task[Any]] = set()
        tasks.register(self._broker)

    async def start(self) -> None:
        """Be ready."""
        await self._broker.startup()

    async def send(self, job: Job) -> None:
        """Begin with a job as soon as there is a turn."""
        await self._turns.acquire()
        kicker = AsyncKicker[Any, Any](broker=self._broker, task_name=job.task, labels={})
        doing = asyncio.create_task(kicker.kiq(job.id))
        self._doing.add(doing)  # a task that nobody holds may be collected
        doing.add_done_callback(self._done)

    async def room(self) -> int:
        """Return how many more jobs may wait here: the queue's own bound is the only one."""
        return MOST_WAITING

    async def close(self) -> None:
        """End the jobs that are being done."""
        await self._tasks.close()
        if self._doing:
            await asyncio.wait(self._doing)
        await self._broker.shutdown()

    def _done(self, doing: asyncio.Task[Any]) -> None:
        self._doing.discard(doing)
        self._turns.release()
