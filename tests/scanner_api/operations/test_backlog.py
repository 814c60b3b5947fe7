"""What may wait to be processed, over HTTP; nothing is processed here."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from scanner_api.app import create_app
from scanner_api.processing.queue import Queue
from scanner_api.settings import Settings
from scanner_api.storage.photo_bucket.bucket import PhotoBucket
from scanner_api.storage.photo_bucket.presigning import UploadRules
from scanner_mocks import seeds
from scanner_mocks.bucket.aws_session import aws_session
from scanner_mocks.seeding import seed_database


@pytest.fixture
def jobs():
    """Return the jobs that are put into the queue."""
    return []


@pytest.fixture
def ask(stopped_clock, monkeypatch, jobs):
    """Run a coroutine function on a client of a service in which nothing is ever processed."""
    monkeypatch.setattr(Queue, "put", lambda _, job: jobs.append(job))

    async def run(scenario):
        clock = stopped_clock()
        bucket = PhotoBucket(
            seeds.BUCKET,
            seeds.REGION,
            UploadRules(max_bytes=1000, expires_seconds=60),
            clock,
            session=aws_session(),
        )
        settings = Settings(
            database_url="sqlite+aiosqlite://",
            queued_per_key=3,
            queued_per_organization=5,
            sweep_seconds=1000,
        )
        app = create_app(settings, clock=clock, bucket=bucket)
        await app.start()
        try:
            await seed_database(app.database, clock)
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://api.example/scanner/api/v1"
            ) as client:
                return await scenario(client)
        finally:
            await app.stop()

    return lambda scenario: asyncio.run(run(scenario))


async def opened(client, key):
    """Open a session; return its id and the header of its key."""
    headers = {"X-API-Key": key}
    session = await client.post("/sessions", json={}, headers=headers)
    return session.json()["id"], headers


def scan(session_id):
    """Return a scan of a session."""
    return {"session_short_id": session_id, "capture_type": "BARCODE", "raw_value": "4006381333931"}


def test_scans_beyond_what_may_wait_are_refused(ask):
    """A publishable key, and then its organization, get a 429 with Retry-After; another goes on."""

    async def scenario(client):
        statuses = {}
        for key in (seeds.PUBLISHABLE_KEY, seeds.ACTIVE_KEY, seeds.OTHER_ORGANIZATION_KEY):
            session_id, headers = await opened(client, key)
            responses = [
                await client.post("/captures", json=scan(session_id), headers=headers) for _ in range(4)
            ]
            statuses[key] = [response.status_code for response in responses]
            if key == seeds.PUBLISHABLE_KEY:
                submitted = await client.post(f"/sessions/{session_id}/submit", headers=headers)
                problem = responses[-1]
        return statuses, problem, submitted

    statuses, problem, submitted = ask(scenario)
    assert list(statuses.values()) == [[201, 201, 201, 429], [201, 201, 429, 429], [201, 201, 201, 429]]
    assert (problem.headers["Retry-After"], problem.json()["retry_after_seconds"]) == ("10", 10)
    assert "waiting to be processed" in problem.json()["detail"]
    assert submitted.status_code == 429


def test_of_scans_in_bulk_the_first_are_stored(ask):
    """Each scan gets what it would have got alone: those that may wait are stored, the rest are 429s."""

    async def scenario(client):
        session_id, headers = await opened(client, seeds.ACTIVE_KEY)
        scans = [scan(session_id), {"raw_value": ""}, *[scan(session_id)] * 3]
        response = await client.post("/captures/bulk", json={"scans": scans}, headers=headers)
        stored = await client.get(f"/sessions/{session_id}/captures", headers=headers)
        return response.json(), stored.json()["pagination"]["total_count"]

    results, stored = ask(scenario)
    assert [result["status"] for result in results] == [201, 422, 201, 201, 429]
    assert results[-1]["problem"]["retry_after_seconds"] == 10
    assert stored == 3


def test_scans_are_queued_in_the_lane_of_their_value(ask, jobs):
    """A URL is queued to be followed, alone and in bulk, for the organization whose turn it takes."""

    async def scenario(client):
        session_id, headers = await opened(client, seeds.ACTIVE_KEY)
        url = {**scan(session_id), "raw_value": "https://a.example"}
        await client.post("/captures", json=url, headers=headers)
        await client.post("/captures/bulk", json={"scans": [scan(session_id), url]}, headers=headers)

    ask(scenario)
    assert [job.task for job in jobs] == ["follow_capture", "process_capture", "follow_capture"]
    assert {job.organization_id for job in jobs} == {seeds.ORGANIZATION}
