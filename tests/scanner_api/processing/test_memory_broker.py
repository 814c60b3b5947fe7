import asyncio
import logging

import pytest

from scanner_api.processing import memory_broker
from scanner_api.processing.memory_broker import MemoryBroker, Tasks
from scanner_api.processing.queue import Job


class Work:
    """Work that ends when it is asked to, and remembers how much of it went on at once."""

    def __init__(self):
        self.may_end = asyncio.Event()
        self.going_on = 0
        self.most = 0
        self.done = []
        self.given_back = []

    async def do(self, id_):
        """Do something about an id."""
        self.going_on += 1
        self.most = max(self.most, self.going_on)
        try:
            await self.may_end.wait()
            if id_ == "bad":
                raise LookupError(id_)
            self.done.append(id_)
        except asyncio.CancelledError:
            self.given_back.append(id_)
            raise
        finally:
            self.going_on -= 1


def working(scenario, at_once=2):
    """Run a scenario with some work and a broker that has it done; return the work."""

    async def run():
        work = Work()
        closed = []
        broker = MemoryBroker(Tasks({"work": work.do}, lambda: closed.append(True)), at_once)
        await broker.start()
        try:
            await scenario(work, broker)
        finally:
            await broker.close()
        assert closed == [True]
        return work

    return asyncio.run(run())


def test_jobs_are_done_so_many_at_once(until):
    """No more jobs than are allowed go on at once, and all are done."""

    async def scenario(work, broker):
        sending = asyncio.ensure_future(send(broker, range(6)))
        await until(lambda: work.going_on == 2)
        assert not sending.done()
        work.may_end.set()
        await sending
        await until(lambda: len(work.done) == 6)

    async def send(broker, numbers):
        for number in numbers:
            await broker.send(Job("work", str(number)))

    work = working(scenario)
    assert (work.most, sorted(work.done)) == (2, list("012345"))


def test_a_job_that_fails_gives_its_turn_back(caplog, until):
    """Work that raises is logged with its cause, and the turn is another's."""

    async def scenario(work, broker):
        work.may_end.set()
        await broker.send(Job("work", "bad"))
        await broker.send(Job("work", "good"))
        await until(lambda: work.done)

    with caplog.at_level(logging.ERROR):
        work = working(scenario, at_once=1)
    assert work.done == ["good"]
    assert [record.exc_info[0] for record in caplog.records] == [LookupError]


def test_closing_waits_for_work_that_ends_soon(until):
    """Work that ends within the grace is done."""

    async def scenario(work, broker):
        await broker.send(Job("work", "a"))
        await until(lambda: work.going_on)
        asyncio.get_running_loop().call_later(0.05, work.may_end.set)

    assert working(scenario).done == ["a"]


@pytest.mark.filterwarnings("error")
def test_closing_has_late_work_given_back(monkeypatch, caplog, until):
    """Work that outlasts the grace is cancelled, so that it can give its job back, and that is no error."""
    monkeypatch.setattr(memory_broker, "GRACE_SECONDS", 0.01)

    async def scenario(work, broker):
        await broker.send(Job("work", "a"))
        await until(lambda: work.going_on)

    with caplog.at_level(logging.INFO):
        work = working(scenario)
    assert (work.done, work.given_back) == ([], ["a"])
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_closing_broker_begins_nothing():
    """A job that comes once the broker is closing is not started."""
    work = Work()
    work.may_end.set()
    broker = MemoryBroker(Tasks({"work": work.do}, lambda: None), 1)
    await broker.start()
    await broker.close()
    await broker.send(Job("work", "late"))
    assert work.done == []
