"""Assembles background processing: a queue and, in a process that runs jobs, tasks and the sweep."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import KW_ONLY, dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from contract_first.service.clock import Clock
from contract_first.service.messages.traces import continued
from contract_first.service.randomness import RandomBytes
from scanner_api.distribution import SCANNER_API
from scanner_api.redis_urls import IN_MEMORY, is_redis
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket.bucket import PhotoBucket

from .memory_broker import MemoryBroker, Tasks, Tracing
from .queue import Broker, Queue
from .stores import Resources, Stores
from .sweep import Sweep

if TYPE_CHECKING:
    from scanner_api.scanning.links.redirects import RedirectFollower

    from .captures import PipelineControl


@dataclass(eq=False, repr=False)
class Processing:
    """The background processing of one process.

    With a queue in memory the process runs all jobs itself. With a queue in Redis a server only enqueues
    them, and workers run them.

    Args:
        is_worker: whether to run the jobs of a queue in Redis.
        retain: deletes old sessions, if anything does.
        after_commit: calls something once what was written for a job is committed.
        control: holds captures, and has them fail; see :class:`~.captures.PipelineControl`.
        tracing: context manager around each job, see :class:`~.memory_broker.Tasks`.

    Raises:
        ValueError: the settings of the queue or the extractor cannot be used; the message says what to do.

    Attributes:
        outcomes: how often work of a lane came to which end, in this process.
    """

    settings: Settings
    stores: Stores
    bucket: PhotoBucket
    redirects: RedirectFollower
    clock: Clock
    _: KW_ONLY
    random_bytes: RandomBytes = os.urandom
    is_worker: bool = False
    retain: Callable[[], Awaitable[None]] | None = None
    after_commit: Callable[[Callable[[], None]], None] = lambda call: call()
    tracing: Tracing = continued
    control: PipelineControl | None = None

    def __post_init__(self) -> None:
        check_processing(self.settings, is_worker=self.is_worker)
        self._resources = Resources(self.stores, self.bucket, self.clock, self.settings)
        self._runs_jobs = self.is_worker or self.settings.queue_url == IN_MEMORY
        self._running = AsyncExitStack()
        self.outcomes = self._resources.outcomes
        share = self.settings.worker_concurrency
        self.queue = Queue(self._open_broker, share=share, after_commit=self.after_commit)

    async def start(self) -> None:
        """Start to enqueue jobs, and to run them if this process does.

        Raises:
            QueueError: this is a worker, and Redis does not respond.
        """
        await self.queue.start()
        self._running.push_async_callback(self.queue.stop)
        if self.is_worker:
            await self.queue.connect()
        if self._runs_jobs:
            sweep = Sweep(self.queue, self._resources.stores, self.settings.sweep_seconds, self.retain)
            sweep.start()
            self._running.push_async_callback(sweep.stop)

    async def ping(self) -> None:
        """Raise whatever it is that keeps a Redis from taking jobs."""
        if self.settings.queue_url != IN_MEMORY:
            await self.queue.ping()

    async def stop(self) -> None:
        """End the jobs that run, within two seconds or by releasing them."""
        await self._running.aclose()

    def _open_broker(self) -> Broker:
        # in a thread, when the first job comes: biip takes a quarter of a second to import, taskiq as much
        tasks = self._tasks() if self._runs_jobs else None
        at_once = self.settings.worker_concurrency
        if self.settings.queue_url == IN_MEMORY and tasks is not None:
            return MemoryBroker(tasks, 2 * at_once)
        from .redis_broker import RedisBroker  # noqa: PLC0415 -- the reason above

        return RedisBroker(self.settings.queue_url, tasks, at_once)

    def _tasks(self) -> Tasks:
        from .captures import CaptureProcessor  # noqa: PLC0415 -- the reason above
        from .extraction import SessionExtraction, open_extractor  # noqa: PLC0415 -- the same

        hand_over = partial(self.queue.process_capture, follows=True)
        captures = CaptureProcessor(self._resources, self.redirects, hand_over, self.control)
        sessions = SessionExtraction(self._resources, open_extractor(self.settings), self.random_bytes)
        tasks = {
            "process_capture": captures.process,
            "follow_capture": captures.follow,
            "extract_session": sessions.extract,
        }
        return Tasks(tasks, captures.close, self.tracing)


def check_processing(settings: Settings, *, is_worker: bool = False) -> None:
    """Raise ValueError where settings contradict each other or what is installed; it quotes no URL."""
    in_redis = is_redis(settings.queue_url, "queue_url")
    if in_redis and find_spec("taskiq_redis") is None:
        raise ValueError(f"queue_url is a Redis; {SCANNER_API.how_to_install('redis')}")
    if is_worker and not in_redis:
        raise ValueError(
            "A worker needs a queue in Redis (queue_url): set --queue-url or SCANNER_QUEUE_URL to "
            "redis://HOST[:PORT]/DB, for its servers too; a server with memory:// needs no worker."
        )
    if settings.extractor == "bedrock" and not settings.bedrock_model:
        raise ValueError(
            "The extractor bedrock needs a model or an inference profile (bedrock_model): set "
            "--bedrock-model or SCANNER_BEDROCK_MODEL, or another extractor."
        )
