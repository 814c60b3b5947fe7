import asyncio
import logging

import pytest

from contract_first.service.messages.traces import CURRENT, Trace, trace_headers
from scanner_api.processing.queue import Job, Queue


class Recorder:
    """A broker that writes down what it is sent, once it may."""

    def __init__(self, *, room=1000, failures=0):
        self.jobs = []
        self.may_send = asyncio.Event()
        self.may_send.set()
        self._room = room
        self._failures = failures
        self.closed = False

    async def start(self):
        """Be ready."""

    async def send(self, job):
        """Write a job down."""
        await self.may_send.wait()
        if self._failures:
            self._failures -= 1
            raise ConnectionError
        self.jobs.append(job)

    async def room(self):
        """Return what was set."""
        return self._room

    async def close(self):
        """Note it."""
        self.closed = True


def handing_over(broker, scenario, **options):
    """Run a scenario with a queue that hands its jobs to a broker."""

    async def run():
        queue = Queue(lambda: broker, **options)
        await queue.start()
        try:
            return await scenario(queue)
        finally:
            await queue.stop()

    return asyncio.run(run())


def test_jobs_are_handed_over_in_order(until):
    """Each job arrives with the name of its task and its id, in the order in which they came."""
    broker = Recorder()

    async def scenario(queue):
        await queue.process_capture("a")
        await queue.extract_session("b")
        await queue.process_capture("c")
        await until(lambda: len(broker.jobs) == 3)

    handing_over(broker, scenario)
    assert broker.jobs == [
        Job("process_capture", "a"),
        Job("extract_session", "b"),
        Job("process_capture", "c"),
    ]


def test_a_job_that_waits_already_is_not_queued_twice(until):
    """A job that comes again while it waits goes once; after it was handed over it goes again."""
    broker = Recorder()
    broker.may_send.clear()

    async def scenario(queue):
        for _ in range(3):
            await queue.process_capture("a")
        broker.may_send.set()
        await until(lambda: broker.jobs)
        await until(lambda: not queue._waiting)
        await queue.process_capture("a")
        await until(lambda: len(broker.jobs) == 2)

    handing_over(broker, scenario)
    assert broker.jobs == [Job("process_capture", "a")] * 2


def test_the_queue_is_bounded(until):
    """What does not fit is not kept, and the room that is left is reported."""
    broker = Recorder(room=1)
    broker.may_send.clear()

    async def scenario(queue):
        rooms = [await queue.room()]
        for number in range(5):
            await queue.process_capture(str(number))
        await until(lambda: queue._broker)
        rooms.append(await queue.room())
        broker.may_send.set()
        await until(lambda: len(broker.jobs) == 2)
        await until(lambda: not queue._waiting)
        return [*rooms, await queue.room()]

    assert handing_over(broker, scenario, most=2) == [2, 0, 1]
    assert [job.id for job in broker.jobs] == ["0", "1"]


def test_handing_over_does_not_wait():
    """A job is taken at once while the broker takes none."""
    broker = Recorder()
    broker.may_send.clear()

    async def scenario(queue):
        handed_over = asyncio.ensure_future(queue.process_capture("a"))
        await asyncio.sleep(0)
        return handed_over.done()

    assert handing_over(broker, scenario)


def test_a_broker_that_fails_is_not_the_end(caplog, until):
    """A job that cannot be sent is left to the sweep and logged; the next one is sent."""
    broker = Recorder(failures=1)

    async def scenario(queue):
        await queue.process_capture("a")
        await queue.process_capture("b")
        await until(lambda: broker.jobs)

    with caplog.at_level(logging.WARNING):
        handing_over(broker, scenario)
    assert broker.jobs == [Job("process_capture", "b")]
    assert "process_capture a is left to the sweep: ConnectionError" in caplog.text


async def test_a_broker_that_cannot_be_made_is_tried_again(until):
    """After an opening that failed the next job opens the broker."""
    broker = Recorder()
    responses = [OSError(), broker]

    def open_broker():
        response = responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    queue = Queue(open_broker)
    await queue.start()
    await queue.process_capture("a")
    await queue.process_capture("b")
    await until(lambda: broker.jobs)
    await queue.stop()
    assert broker.jobs == [Job("process_capture", "b")]
    assert broker.closed


async def test_the_broker_is_made_for_the_first_job():
    """Without a job there is no broker, and nothing to close."""

    def open_broker():
        pytest.fail("no job came")

    queue = Queue(open_broker)
    await queue.start()
    assert await queue.room() == 1000
    await queue.stop()


def test_a_stopped_queue_leaves_its_jobs(until):
    """Stopping does not wait for jobs that no one takes."""
    broker = Recorder()
    broker.may_send.clear()

    async def scenario(queue):
        await queue.process_capture("a")
        await until(lambda: queue._broker)

    handing_over(broker, scenario)
    assert (broker.jobs, broker.closed) == ([], True)


def test_organizations_take_turns(until):
    """However many jobs one organization has, another one's goes next, and so on in turns."""
    broker = Recorder()
    broker.may_send.clear()

    async def scenario(queue):
        for number in range(500):
            await queue.process_capture(f"flood {number}", "first")
        await until(lambda: queue._broker)
        for organization in ("second", "third"):
            for number in range(2):
                await queue.process_capture(f"{organization} {number}", organization)
        broker.may_send.set()
        await until(lambda: len(broker.jobs) == 504)

    handing_over(broker, scenario)
    assert [job.organization_id for job in broker.jobs[:8]] == [
        *("first", "first", "second", "third", "first", "second", "third", "first")
    ]


def test_each_kind_of_job_has_a_lane(until):
    """Captures whose URL has to be followed, and sessions, delay no others while the broker takes none."""
    held = asyncio.Event()

    class Slow(Recorder):
        async def send(self, job):
            if job.task != "process_capture":
                await held.wait()
            await super().send(job)

    broker = Slow()

    async def scenario(queue):
        for number in range(500):
            await queue.process_capture(f"url {number}", "first", follows=True)
        await queue.extract_session("session", "first")
        await queue.process_capture("barcode", "second")
        await until(lambda: broker.jobs)

    handing_over(broker, scenario)
    assert broker.jobs == [Job("process_capture", "barcode", "second")]


def test_an_organization_has_a_share_of_what_runs(until):
    """Its jobs beyond the share wait until one has ended; those of others are started at once."""
    ends = []

    class Runs(Recorder):
        async def send(self, job):
            await super().send(job)
            ends.append(asyncio.Event())
            return asyncio.create_task(ends[-1].wait())

    broker = Runs()

    async def scenario(queue):
        for number in range(4):
            await queue.process_capture(str(number), "first", follows=True)
        await until(lambda: len(broker.jobs) == 2)
        await queue.process_capture("other", "second", follows=True)
        await until(lambda: len(broker.jobs) == 3)
        ends[0].set()
        await until(lambda: len(broker.jobs) == 4)
        for end in ends:
            end.set()
        await until(lambda: len(broker.jobs) == 5)

    handing_over(broker, scenario, share=2)
    assert [job.id for job in broker.jobs] == ["0", "1", "other", "2", "3"]


def test_where_the_queue_is_full_the_longest_gives_way(until):
    """The newest jobs of the organization with the most are left to the sweep for those of others."""
    broker = Recorder()
    broker.may_send.clear()

    async def scenario(queue):
        for number in range(10):
            await queue.process_capture(str(number), "first")
        for organization in ("second", "third", "second", "second"):
            await queue.process_capture(f"of {organization}", organization)
            await queue.extract_session(f"of {organization}", organization)
        broker.may_send.set()
        await until(lambda: not queue._waiting)

    handing_over(broker, scenario, most=6)
    assert sorted(job.id for job in broker.jobs) == sorted(["0", "1", *["of second", "of third"] * 2])


def test_jobs_are_part_of_no_trace(until):
    """A lane begins with the first request's job, and goes on for those of all organizations."""
    traces = []

    class Tracing(Recorder):
        async def send(self, job):
            """Write down the trace that a job would be done in."""
            traces.append(trace_headers())
            await super().send(job)

    broker = Tracing()

    async def scenario(queue):
        CURRENT.set(Trace("4bf92f3577b34da6a3ce929d0e0e4736", "01", ""))
        await queue.process_capture("a")
        await until(lambda: broker.jobs)

    handing_over(broker, scenario)
    assert traces == [{}]
