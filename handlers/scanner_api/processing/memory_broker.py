"""Jobs that are done in this process."""

import asyncio

from .queue import MAX_WAITING, Job, slots_of
from .tasks import Tasks


class MemoryBroker:
    """Does a number of jobs of each kind at once; the others wait in the queue."""

    def __init__(self, tasks: Tasks, at_once: int) -> None:
        self._tasks = tasks
        self._at_once = at_once
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Do nothing: there is nothing to connect to."""

    async def send(self, job: Job) -> asyncio.Task[None]:
        """Start a job as soon as a slot of its kind is free, and return its run."""
        slots = self._slots.setdefault(job.task, asyncio.Semaphore(slots_of(job.task, self._at_once)))
        await slots.acquire()
        running = asyncio.create_task(self._tasks.run(job))
        self._running.add(running)  # a task that nobody holds may be collected
        running.add_done_callback(self._running.discard)
        running.add_done_callback(lambda _: slots.release())
        return running

    async def room(self) -> int:
        """Return how many more jobs may wait here: the queue's own bound is the only one."""
        return MAX_WAITING

    async def close(self) -> None:
        """End the jobs that are running."""
        await self._tasks.close()
        if self._running:
            await asyncio.wait(self._running)
