"""The queue of background jobs, by id.

The database is the truth. The sweep enqueues a job again that is lost because the queue is full, Redis is
down or the process dies; one that is enqueued twice is claimed once.

Each kind of job has a lane of its own: what calls others (``follow_capture``, ``extract_session``) delays
nothing that does not. In a lane the organizations take turns, and each has a share of what runs at once.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Final, Protocol

from contract_first.service.messages.traces import trace_headers

MAX_WAITING: Final = 1000

logger = logging.getLogger(__name__)


class QueueError(Exception):
    """The queue cannot be used at start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Job:
    """The name of a task, the id of its capture or session, and whose turn it takes.

    Attributes:
        trace: header fields of the trace of the request that left it; it is the same job without them.
    """

    task: str
    id: str
    organization_id: str = ""
    trace: Mapping[str, str] = field(default_factory=dict, compare=False)


def slots_of(task: str, at_once: int) -> int:
    """Return how many jobs of a kind run where ``at_once`` do: of captures without a URL twice as many.

    These wait for the database most of the time, and those that wait together share its transactions.
    """
    return 2 * at_once if task == "process_capture" else at_once


class Broker(Protocol):
    """Delivers jobs to where they run."""

    async def start(self) -> None:
        """Connect, or raise QueueError."""

    async def send(self, job: Job) -> asyncio.Task[None] | None:
        """Deliver a job, and return its run if that is here; waits while too many of its kind run."""

    async def room(self) -> int:
        """Return how many more jobs may wait."""

    async def ping(self) -> None:
        """Raise whatever it is that keeps jobs from being sent."""

    async def close(self) -> None:
        """Take no more jobs, end those that run, and close connections."""


class Lane:
    """The waiting jobs of one kind.

    Args:
        share: maximum number of an organization's jobs that run at the same time.
    """

    def __init__(self, share: int) -> None:
        self._share = share
        self._running: Counter[str] = Counter()
        self._changed = asyncio.Event()
        self.queues: dict[str, deque[Job]] = {}

    def put(self, job: Job) -> None:
        """Append a job to those of its organization."""
        self.queues.setdefault(job.organization_id, deque()).append(job)
        self._changed.set()

    async def get(self) -> Job:
        """Remove and return the first job of the organization whose turn it is."""
        while (turn := self._turn()) is None:
            self._changed.clear()
            await self._changed.wait()
        queue = self.queues.pop(turn)
        job = queue.popleft()
        if queue:
            self.queues[turn] = queue  # the last one now
        return job

    def runs(self, job: Job, run: asyncio.Task[None]) -> None:
        """Count a run in the share of its organization until it ends."""
        self._running[job.organization_id] += 1
        run.add_done_callback(lambda _: self._ended(job.organization_id))

    def _turn(self) -> str | None:
        return next((queue for queue in self.queues if self._running[queue] < self._share), None)

    def _ended(self, organization_id: str) -> None:
        self._running[organization_id] -= 1
        if not self._running[organization_id]:
            del self._running[organization_id]
        self._changed.set()


@dataclass(eq=False, repr=False)
class Queue:
    """The jobs that this process enqueues, each once.

    Enqueueing never waits: not for a broker that is slow, busy, or not imported yet. Where the queue is full,
    the organization with the most jobs gives way.

    Args:
        open_broker: makes the broker, in a thread, for the first job: it is slow to import.
        most: maximum number of waiting jobs; more are left to the sweep.
        share: maximum number of jobs of a kind that run here for one organization; see :func:`slots_of`.
        after_commit: calls something once what was written for a job is committed.

    Attributes:
        overflowed: whether jobs were left to the sweep since it looked.
    """

    overflowed = False

    open_broker: Callable[[], Broker]
    _: KW_ONLY
    most: int = MAX_WAITING
    share: int = MAX_WAITING
    after_commit: Callable[[Callable[[], None]], None] = lambda call: call()

    def __post_init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._waiting: set[Job] = set()
        self._opening = asyncio.Lock()
        self._broker: Broker | None = None
        self._sending: list[asyncio.Task[None]] = []
        self._started = False

    async def process_capture(
        self, capture_id: str, organization_id: str = "", *, follows: bool = False
    ) -> None:
        """Enqueue the processing of a stored capture; ``follows`` tells that its value is a URL."""
        self._enqueue("follow_capture" if follows else "process_capture", capture_id, organization_id)

    async def extract_session(self, session_id: str, organization_id: str = "") -> None:
        """Enqueue the extraction of a submitted session."""
        self._enqueue("extract_session", session_id, organization_id)

    async def room(self) -> int:
        """Return how many more jobs may wait."""
        room = self.most - len(self._waiting)
        return room if self._broker is None else min(room, await self._broker.room())

    async def ping(self) -> None:
        """Check that the broker takes jobs; raises whatever it raises."""
        await (await self.connect()).ping()

    async def start(self) -> None:
        self._started = True
        for lane in self._lanes.values():
            self._deliver(lane)

    async def connect(self) -> Broker:
        """Return the broker, opened on the first call; raise QueueError if it does not respond."""
        async with self._opening:
            if self._broker is None:
                broker = await asyncio.to_thread(self.open_broker)
                await broker.start()
                self._broker = broker
            return self._broker

    async def stop(self) -> set[Job]:
        """Stop, end the jobs that run, and return those that wait; the sweep of the next start finds them."""
        self._started = False
        for sending in self._sending:
            sending.cancel()
        if self._sending:
            await asyncio.wait(self._sending)
        if self._broker is not None:
            await self._broker.close()
        return self._waiting

    def _enqueue(self, task: str, id_: str, organization_id: str) -> None:
        self.after_commit(partial(self.put, Job(task, id_, organization_id, trace_headers())))

    def put(self, job: Job) -> None:
        """Enqueue a job, unless it waits already or there is no room for it."""
        if job in self._waiting:
            return
        if job.task not in self._lanes:
            self._lanes[job.task] = Lane(slots_of(job.task, self.share))
            if self._started:
                self._deliver(self._lanes[job.task])
        lane = self._lanes[job.task]
        if len(self._waiting) < self.most or self._give_way(lane, job.organization_id):
            self._waiting.add(job)
            lane.put(job)
        else:
            self.overflowed = True

    def _give_way(self, lane: Lane, organization_id: str) -> bool:
        """Leave the newest job of the longest queue to the sweep, if it is longer than the organization's."""
        queues = [queue for lane in self._lanes.values() for queue in lane.queues.values()]
        longest: deque[Job] = max(queues, key=len, default=deque())
        if len(longest) <= len(lane.queues.get(organization_id, ())) + 1:
            return False
        self._waiting.discard(longest.pop())
        self.overflowed = True
        return True

    def _deliver(self, lane: Lane) -> None:
        context = Context()  # not that of the request whose job comes first, which has a trace
        self._sending.append(asyncio.create_task(self._send_all(lane), context=context))

    async def _send_all(self, lane: Lane) -> None:
        while True:
            job = await lane.get()
            try:
                run = await (await self.connect()).send(job)
                if run is not None:
                    lane.runs(job, run)
            except Exception as error:  # noqa: BLE001 -- brokers raise many errors, and the sweep repairs all
                logger.warning("%s %s is left to the sweep: %s", job.task, job.id, type(error).__name__)
            self._waiting.discard(job)
            await asyncio.sleep(0)  # to the other lanes
