"""Jobs in a Redis stream, by taskiq-redis (extra ``redis``); imported for the first job."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from taskiq import BrokerMessage, Context, TaskiqDepends
from taskiq.exceptions import SendTaskError
from taskiq.kicker import AsyncKicker
from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker

from contract_first.service.messages.traces import TRACE_FIELDS
from contract_first.service.observe.logs import cause_of
from scanner_api.redis_pools import name_in, pool_of
from scanner_api.redis_urls import parse
from scanner_api.waiting import has_ended

from .memory_broker import GRACE_SECONDS, MemoryBroker, Tasks
from .queue import MAX_WAITING, Job, Queue, QueueError

Receive = Callable[..., Coroutine[Any, Any, None]]

_LONGEST_STREAM: Final = 10 * MAX_WAITING
_READ_SECONDS: Final = 1
_RESPONSE_SECONDS: Final = 5
_PAUSE_SECONDS: Final = 1
_IDLE_SECONDS: Final = 60
_FORGET_SECONDS: Final = 60
"""How often workers that died are looked for."""

_OUTAGES: Final = (RedisError, OSError, SendTaskError)

Received = Annotated[Context, TaskiqDepends()]

logger = logging.getLogger(__name__)


class RedisBroker:
    """Adds jobs to the stream; with tasks it also reads them, as one consumer of the group of all workers.

    The stream is bounded: where no worker reads it, the oldest jobs are evicted and left to the sweep. A
    worker reads on while its jobs run, into a queue of its own: so organizations take turns, however much
    one has put into the stream. What waits there when it stops goes back to the stream; what it loses when
    it dies is left to the sweep.

    Args:
        url: of the Redis.
        tasks: those of this process, None if it only sends.
        at_once: maximum number of jobs of a kind that run at the same time for one organization; twice as
            many run for all.
    """

    def __init__(self, url: str, tasks: Tasks | None, at_once: int) -> None:
        self._jobs: Queue | None = None
        self._at_once = at_once
        self._away_until = 0.0
        self._finish = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []
        self._stream = name_in(url)
        self._broker = _StreamBroker(
            parse(url).server,
            queue_name=self._stream,
            consumer_group_name=self._stream,
            consumer_id="0",
            maxlen=_LONGEST_STREAM,
            xread_block=_READ_SECONDS * 1000,
            xread_count=4 * at_once,
            idle_timeout=_IDLE_SECONDS * 1000,
            unacknowledged_lock_timeout=_IDLE_SECONDS,
        )
        self._broker.connection_pool = pool_of(
            url,
            max_connections=at_once + 4,
            # with a timeout redis-py sends through wait_for, which may swallow a cancellation until Python
            # 3.12: the reader would not end; TCP's keepalive finds out who is gone
            socket_timeout=None,
            socket_connect_timeout=_RESPONSE_SECONDS,
        )
        self._broker.client = self._client = Redis(connection_pool=self._broker.connection_pool)
        if tasks is not None:
            self._jobs = Queue(lambda: MemoryBroker(tasks, 2 * at_once), share=at_once)
            for name in tasks.do:
                self._broker.register_task(_receiving(name, self._jobs), name)

    async def start(self) -> None:
        """Connect, or raise QueueError, and start to read if this process has tasks."""
        try:
            async with asyncio.timeout(_RESPONSE_SECONDS):
                await self._broker.startup()
        except (RedisError, OSError) as error:
            raise QueueError("The Redis of the queue (queue_url) does not respond.") from error
        if self._jobs is not None:
            await self._remove_dead_workers()
            await self._jobs.start()
            await self._jobs.connect()
            self._running = [asyncio.create_task(task()) for task in (self._listen, self._watch_workers)]

    async def send(self, job: Job) -> None:
        """Add a job to the stream; what Redis does not take a worker does itself."""
        kicker = AsyncKicker[Any, Any](broker=self._broker, task_name=job.task, labels=dict(job.trace))
        try:
            async with self._redis():
                await kicker.kiq(job.id, job.organization_id)
        except _OUTAGES:
            if self._jobs is None:
                raise
            self._jobs.put(job)

    async def room(self) -> int:
        """Return how many more jobs may wait: none while Redis cannot count them, as after many evictions."""
        local_room = MAX_WAITING if self._jobs is None else await self._jobs.room()
        try:
            async with self._redis() as redis:
                groups: Any = await redis.xinfo_groups(self._stream)
        except _OUTAGES:
            if self._jobs is None:
                raise
            return local_room
        waiting = [group["lag"] for group in groups]
        room = 0 if None in waiting else max(MAX_WAITING - sum(waiting), 0)
        return min(room, local_room)

    async def ping(self) -> None:
        """Raise unless Redis takes jobs: one that is full, or a replica, responds all the same."""
        async with self._redis() as redis:
            await redis.set(f"{self._stream}:queue", "", px=1000)

    @asynccontextmanager
    async def _redis(self) -> AsyncIterator[Redis]:
        """Lend the client for a call; for a second after one that failed there is none."""
        if time.monotonic() < self._away_until:
            raise ConnectionError("Redis did not respond, or refused, a moment ago.")
        try:
            async with asyncio.timeout(_RESPONSE_SECONDS):
                yield self._client
        except _OUTAGES:
            self._away_until = time.monotonic() + _PAUSE_SECONDS
            raise

    async def close(self) -> None:
        """Stop reading, and end the jobs that run."""
        self._finish.set()
        for running in self._running:
            await running
        if self._jobs is not None:
            waiting = await self._jobs.stop()
            with suppress(*_OUTAGES):  # what cannot be sent back is left to the sweep
                async with asyncio.timeout(_RESPONSE_SECONDS):
                    for job in waiting:
                        await self.send(job)
            with suppress(RedisError, OSError):
                await self._leave()
        await self._broker.shutdown()

    async def _leave(self) -> None:
        """Put back what was read and not received, and leave the group."""
        name = self._broker.consumer_name
        async with self._redis() as redis:
            read: Any = await redis.xreadgroup(self._stream, name, {self._stream: "0"})
            for _, messages in read:
                for _, fields in messages:
                    await redis.xadd(self._stream, fields, maxlen=_LONGEST_STREAM)
            await redis.xgroup_delconsumer(self._stream, self._stream, name)

    async def _remove_dead_workers(self) -> None:
        """Remove workers from the group that have not read for a minute; one that lives joins again."""
        async with self._redis() as redis:
            consumers: Any = await redis.xinfo_consumers(self._stream, self._stream)
            for consumer in consumers:
                is_other = consumer["name"] != self._broker.consumer_name.encode()
                if is_other and consumer["idle"] > _IDLE_SECONDS * 1000:
                    await redis.xgroup_delconsumer(self._stream, self._stream, consumer["name"])

    async def _watch_workers(self) -> None:
        """Remove dead workers every minute until the end, and again after an outage of Redis."""
        while not await has_ended(self._finish, _FORGET_SECONDS):
            with suppress(RedisError, OSError):
                await self._remove_dead_workers()

    async def _listen(self) -> None:
        """Read until the end; again after an outage of Redis, with a new group if that was lost."""
        while not self._finish.is_set():
            receiver = _Receiver(
                self._broker, max_async_tasks=self._at_once, wait_tasks_timeout=GRACE_SECONDS
            )
            try:
                await receiver.listen(self._finish)
            except Exception as error:  # noqa: BLE001 -- an outage raises many, in groups
                logger.warning("The queue cannot be read from Redis: %s", _root(error))
                await has_ended(self._finish, _PAUSE_SECONDS)


class _StreamBroker(RedisStreamBroker):
    """Sends through one client: to make one, as taskiq-redis does for each job, costs more than to send."""

    client: Redis

    async def kick(self, message: BrokerMessage) -> None:
        """Add a job to the stream."""
        await self.client.xadd(self.queue_name, {b"data": message.message}, maxlen=self.maxlen)


class _Receiver(Receiver):
    """Reads jobs; one that cannot be acknowledged, since Redis is away, is delivered again."""

    async def callback(self, *args: Any, **options: Any) -> None:
        """Receive a job; an outage of Redis is reported by the next read."""
        with suppress(RedisError, OSError):
            await super().callback(*args, **options)


def _receiving(name: str, queue: Queue) -> Receive:
    async def receive(id_: str, organization_id: str = "", *, context: Received) -> None:
        trace = {key: value for key, value in context.message.labels.items() if key in TRACE_FIELDS}
        queue.put(Job(name, id_, organization_id, trace))

    return receive


def _root(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {cause_of(error)}"
