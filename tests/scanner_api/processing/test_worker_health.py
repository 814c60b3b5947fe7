"""What a worker says of itself, and how old the work is that waits for one."""

from __future__ import annotations

from datetime import timedelta

import httpx
from msgspec.structs import replace

from openapi_service.problems import ServiceUnavailable
from scanner_api.processing.stores import oldest_waiting
from scanner_api.scanning.captures import CaptureStatus
from scanner_api.settings import Settings
from scanner_api.worker import Worker


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
        transport = httpx.ASGITransport(worker)
        async with httpx.AsyncClient(transport=transport, base_url="http://worker") as client:
            alive, ready, missing = [await client.get(path) for path in ("/healthz", "/readyz", "/x")]
            worker.drain()
            ending = await client.get("/readyz")
    finally:
        await worker.stop()
    assert (alive.status_code, missing.status_code) == (200, 404)
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ready", "database": "ready", "queue": "ready", "bucket": "degraded", "work": "ready"},
    )
    assert (ending.status_code, ending.json()["status"]) == (503, "shutting down")


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
