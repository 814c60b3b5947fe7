"""The queue of background jobs, by id.

The database is the truth. The sweep enqueues a job again that is lost because the queue is full, Redis is
down or the process dies; one that is enqueued twice is claimed once.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_WAITING: Final = 1000

logger = logging.getLogger(__name__)


class QueueError(Exception):
    """The queue cannot be used at start; the message says what to do."""


class Job(NamedTuple):
    """The name of a task, and the id of its capture or session."""

    task: str
    id: str


class Broker(Protocol):
    """Delivers jobs to where they run."""

    async def start(self) -> None:
        """Connect, or raise QueueError."""
        ...

    async def send(self, job: Job) -> None:
        """Deliver a job; waits while too many run."""
        ...

    async def room(self) -> int:
        """Return how many more jobs may wait."""
        ...

    async def close(self) -> None:
        """Take no more jobs, end those that run, and close connections."""
        ...


class Queue:
    """The jobs that this process enqueues, in order, each once.

    Enqueueing never waits: not for a broker that is slow, busy, or not imported yet.

    Args:
        open_broker: makes the broker, in a thread, for the first job: it is slow to import.
        most: maximum number of waiting jobs; more are left to the sweep.
    """

    def __init__(self, open_broker: Callable[[], Broker], *, most: int = MAX_WAITING) -> None:
        self._open_broker = open_broker
        self._most = most
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._waiting: set[Job] = set()
        self._opening = asyncio.Lock()
        self._broker: Broker | None = None
        self._sending: asyncio.Task[None] | None = None

    async def process_capture(self, capture_id: str) -> None:
        """Enqueue the processing of a stored capture."""
        self._put(Job("process_capture", capture_id))

    async def extract_session(self, session_id: str) -> None:
        """Enqueue the extraction of a submitted session."""
        self._put(Job("extract_session", session_id))

    async def room(self) -> int:
        """Return how many more jobs may wait."""
        own = self._most - len(self._waiting)
        return own if self._broker is None else min(own, await self._broker.room())

    async def ping(self) -> None:
        """Check that the broker responds; raises whatever it raises."""
        await (await self.connect()).room()

    async def start(self) -> None:
        """Start to deliver jobs."""
        self._sending = asyncio.create_task(self._send_all())

    async def connect(self) -> Broker:
        """Return the broker, opened on the first call.

        Raises:
            QueueError: it does not respond.
        """
        async with self._opening:
            if self._broker is None:
                broker = await asyncio.to_thread(self._open_broker)
                await broker.start()
                self._broker = broker
            return self._broker

    async def stop(self) -> None:
        """Leave waiting jobs to the sweep of the next start, and end those that run."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
        if self._broker is not None:
            await self._broker.close()

    def _put(self, job: Job) -> None:
        if job not in self._waiting and len(self._waiting) < self._most:
            self._waiting.add(job)
            self._jobs.put_nowait(job)

    async def _send_all(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await (await self.connect()).send(job)
            except Exception as error:  # noqa: BLE001 -- brokers raise many errors, and the sweep repairs all
                logger.warning("%s %s is left to the sweep: %s", job.task, job.id, type(error).__name__)
            finally:
                self._waiting.discard(job)
