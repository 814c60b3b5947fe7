"""taskiq's brokers, in memory and on Redis Streams; imported in a thread when the first job comes."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from taskiq import InMemoryBroker
from taskiq.kicker import AsyncKicker
from taskiq.receiver import Receiver

from .queue import MOST_WAITING

if TYPE_CHECKING:
    from taskiq import AsyncBroker

    from .queue import Broker, Job
    from .tasks import Tasks

GRACE_SECONDS: Final = 2.0

_STREAM: Final = "scanner-api"
_LONGEST_STREAM: Final = 10 * MOST_WAITING
_READ_SECONDS: Final = 1
_SOCKET_SECONDS: Final = 5
_PAUSE_SECONDS: Final = 1
_IDLE_SECONDS: Final = 60

_log = logging.getLogger(__name__)


def open_broker(url: str, tasks: Tasks | None, at_once: int) -> Broker:
    """Return the broker at ``memory://``, ``redis://...`` or ``rediss://...``.

    Args:
        url: where jobs wait.
        tasks: what this process does; None on Redis if it only sends.
        at_once: jobs that are done at the same time.
    """
    if url.startswith("memory:") and tasks is not None:
        return MemoryBroker(tasks, at_once)
    return RedisBroker(url, tasks, at_once)


async def _kick(broker: AsyncBroker, job: Job) -> None:
    await AsyncKicker[Any, Any](broker=broker, task_name=job.task, labels={}).kiq(job.id)


class MemoryBroker:
    """Does jobs in this process, so many at once; the others wait in the queue."""

    def __init__(self, tasks: Tasks, at_once: int) -> None:
        self._broker = InMemoryBroker(await_inplace=True, max_stored_results=1)
        self._tasks = tasks
        self._turns = asyncio.Semaphore(at_once)
        self._doing: set[asyncio.Task[None]] = set()
        tasks.register(self._broker)

    async def start(self) -> None:
        """Be ready."""
        await self._broker.startup()

    async def send(self, job: Job) -> None:
        """Begin with a job as soon as there is a turn."""
        await self._turns.acquire()
        doing = asyncio.create_task(_kick(self._broker, job))
        self._doing.add(doing)  # a task that nobody holds may be collected
        doing.add_done_callback(self._done)

    async def room(self) -> int:
        """Return how many more jobs may wait: the queue's own bound is the only one."""
        return MOST_WAITING

    async def close(self) -> None:
        """End the jobs that are being done."""
        await self._tasks.close(GRACE_SECONDS)
        if self._doing:
            await asyncio.wait(self._doing)
        await self._broker.shutdown()

    def _done(self, doing: asyncio.Task[None]) -> None:
        self._doing.discard(doing)
        self._turns.release()


class RedisBroker:
    """Jobs in a Redis stream: whoever has tasks reads from it, as one consumer of a group.

    A job that a worker took and did not end is not read again soon: the sweep finds it sooner.
    """

    def __init__(self, url: str, tasks: Tasks | None, at_once: int) -> None:
        from taskiq_redis import RedisStreamBroker  # noqa: PLC0415 -- an extra

        self._tasks = tasks
        self._at_once = at_once
        self._finish = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._broker = RedisStreamBroker(
            url,
            queue_name=_STREAM,
            consumer_group_name=_STREAM,
            consumer_id="0",
            max_connection_pool_size=at_once + 4,
            maxlen=_LONGEST_STREAM,
            xread_block=_READ_SECONDS * 1000,
            xread_count=at_once,
            idle_timeout=_IDLE_SECONDS * 1000,
            unacknowledged_lock_timeout=_IDLE_SECONDS,
            socket_timeout=_SOCKET_SECONDS,
            socket_connect_timeout=_SOCKET_SECONDS,
        )
        if tasks is not None:
            tasks.register(self._broker)

    async def start(self) -> None:
        """Connect, and begin to read if this process has tasks."""
        await self._broker.startup()
        if self._tasks is not None:
            self._listening = asyncio.create_task(self._listen())

    async def send(self, job: Job) -> None:
        """Add a job to the stream."""
        await _kick(self._broker, job)

    async def room(self) -> int:
        """Return how many more jobs may wait; none while Redis cannot count them, which are many then."""
        from redis.asyncio import Redis  # noqa: PLC0415 -- an extra

        redis: Any = Redis(connection_pool=self._broker.connection_pool)
        groups = await redis.xinfo_groups(_STREAM)
        waiting = [group["lag"] for group in groups]
        return 0 if None in waiting else max(MOST_WAITING - sum(waiting), 0)

    async def close(self) -> None:
        """Read no more, and end the jobs that are being done."""
        self._finish.set()
        if self._tasks is not None:
            await self._tasks.close(GRACE_SECONDS)
        if self._listening is not None:
            await self._listening
        await self._broker.shutdown()

    async def _listen(self) -> None:
        while not self._finish.is_set():
            receiver = Receiver(self._broker, max_async_tasks=self._at_once, wait_tasks_timeout=GRACE_SECONDS)
            try:
                await receiver.listen(self._finish)
            except Exception as error:  # noqa: BLE001 -- an outage has many, and comes in groups
                _log.warning("the queue does not answer: %s", _root(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._finish.wait(), _PAUSE_SECONDS)


def _root(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
