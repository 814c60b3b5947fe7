"""What becomes of captures whose process is killed, in real processes."""

import asyncio
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import httpx2
import pytest
from typer.testing import CliRunner

from contract_first.service.clock import SystemClock
from scanner_api.cli import app
from scanner_api.scanning.catalogue.products import Product
from scanner_api.storage.catalogue.products import ProductStore
from scanner_api.storage.database import Database

http_server = runpy.run_path(str(Path(__file__).parents[2] / "services" / "http_server.py"))["http_server"]

pytestmark = pytest.mark.programs

CAPTURES = 60
AT_ONCE = 15
"""So that with the 8 that a process does at once most still wait when it is killed."""
GTIN = "09521234000013"
API = "/scanner/api/v1"
FINAL = {"COMPLETED", "NOT_FOUND", "FAILED"}


class Site:
    """A web site that responds to so many requests at once, and holds the others until it is let go."""

    def __init__(self, at_once):
        self._left = at_once
        self.is_holding = Event()
        self.let_go = Event()
        self.asked = Counter()

    def response(self, path):
        """Return when it is time to respond."""
        self.asked[path] += 1
        self._left -= 1
        if self._left < 0:
            self.is_holding.set()
            self.let_go.wait(60)


@contextmanager
def serving(site):
    """Serve a site on loopback; yield its URL."""

    def respond(request):
        site.response(request.path)
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with http_server(respond) as url:
        try:
            yield url
        finally:
            site.let_go.set()


class Deployment:
    """The service's processes, and what they share."""

    def __init__(self, folder, running, **settings):
        self.database_url = f"sqlite+aiosqlite:///{folder / 'scanner.db'}"
        self._running = running
        self._environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "SCANNER_DATABASE_URL": self.database_url,
            "SCANNER_PORT": "0",
            "SCANNER_S3_ENDPOINT_URL": "http://127.0.0.1:9",
            "SCANNER_RATE_LIMIT_PER_MINUTE": "100000",
            "SCANNER_RATE_LIMIT_PER_DAY": "100000",
            "SCANNER_REDIRECT_ALLOWED": json.dumps(["127.0.0.0/8"]),
            "SCANNER_LEASE_SECONDS": "6",
            "SCANNER_SWEEP_SECONDS": "0.2",
            **settings,
        }

    def start(self, command):
        """Start a command, and return the process and the first line that it prints."""
        process = subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-c", "from scanner_api.cli import app; app()", command],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._running.enter_context(process)
        self._running.callback(process.kill)
        return process, process.stdout.readline()

    def serve(self):
        """Start a server; return it and a client of it."""
        process, line = self.start("serve")
        client = httpx2.Client(
            base_url=line.split(" on ")[1].split()[0] + API, headers={"X-API-Key": self.key}, timeout=60
        )
        self._running.enter_context(client)
        return process, client

    def set_up(self):
        """Make a key and a product."""
        made = CliRunner().invoke(
            app,
            [
                "keys",
                "create",
                "--new-organization",
                "Grocer",
                "--quiet",
                "--database-url",
                self.database_url,
            ],
        )
        self.key = made.stdout.strip()

        async def add_product(database):
            products = ProductStore(database, SystemClock())
            await products.upsert_many([Product(gtin=GTIN, name="Whole Milk")])

        self.on_database(add_product)

    def on_database(self, scenario):
        """Run a scenario on the database that all share."""

        async def run():
            database = Database(self.database_url)
            try:
                return await scenario(database)
            finally:
                await database.close()

        return asyncio.run(run())


@pytest.fixture
def deployed(tmp_path):
    """Return what deploys the service with some settings; its processes end with the test."""
    with ExitStack() as running:

        def deploy(**settings):
            deployment = Deployment(tmp_path, running, **settings)
            deployment.set_up()
            return deployment

        yield deploy


def scan(client, url):
    """Open a session and scan many codes of a site at once; return the id of the session."""
    session_id = client.post("/sessions", json={}).json()["id"]
    codes = [
        {
            "session_short_id": session_id,
            "capture_type": "BARCODE",
            "raw_value": f"{url}/01/{GTIN}?{number}",
        }
        for number in range(CAPTURES)
    ]
    results = client.post("/captures/bulk", json={"scans": codes}).json()
    assert {result["status"] for result in results} == {201}
    return session_id


def kill(process):
    """Kill a process as the kernel would that is out of memory."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def ended(client, session_id):
    """Wait until all captures of a session have ended; return the session."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        session = client.get(f"/sessions/{session_id}").json()
        if all(capture["status"] in FINAL for capture in session["captures"]):
            return session
        time.sleep(0.2)
    return pytest.fail("the captures do not end")


def statuses(client, session_id):
    """Count the statuses of a session's captures."""
    captures = client.get(f"/sessions/{session_id}").json()["captures"]
    return Counter(capture["status"] for capture in captures)


def assert_all_ended(session):
    """Every capture has ended well, as if nothing had happened."""
    assert len(session["captures"]) == CAPTURES
    assert {capture["status"] for capture in session["captures"]} == {"COMPLETED"}
    assert {capture["qr_analysis"]["hop_count"] for capture in session["captures"]} == {1}


def test_captures_outlive_the_server_that_is_killed(deployed):
    """Of all captures some are done, some being done and most waiting when the server is killed; all end."""
    deployment = deployed()
    site = Site(AT_ONCE)
    with serving(site) as url:
        server, client = deployment.serve()
        session_id = scan(client, url)
        assert site.is_holding.wait(60)
        kill(server)
        site.let_go.set()
        _, client = deployment.serve()
        before = statuses(client, session_id)
        session = ended(client, session_id)
    assert_all_ended(session)
    assert before["COMPLETED"] < CAPTURES
    assert max(site.asked.values()) == 2


def test_captures_outlive_the_worker_that_is_killed(deployed, redis_url):
    """With jobs in Redis a worker is killed in the middle of many captures; another ends them all."""
    deployment = deployed(SCANNER_QUEUE_URL=redis_url)
    site = Site(AT_ONCE)
    with serving(site) as url:
        _, client = deployment.serve()
        worker, ready = deployment.start("worker")
        assert ready == "The worker takes jobs.\n"
        session_id = scan(client, url)
        assert site.is_holding.wait(60)
        kill(worker)
        before = statuses(client, session_id)
        site.let_go.set()
        deployment.start("worker")
        session = ended(client, session_id)
    assert_all_ended(session)
    assert before["COMPLETED"] < CAPTURES
    assert max(site.asked.values()) == 2


def test_captures_wait_for_a_worker(deployed, redis_url):
    """With jobs in Redis the server does none of them: they wait until a worker is there."""
    deployment = deployed(SCANNER_QUEUE_URL=redis_url, SCANNER_LEASE_SECONDS="60")
    site = Site(CAPTURES)
    with serving(site) as url:
        _, client = deployment.serve()
        session_id = scan(client, url)
        assert statuses(client, session_id) == {"PENDING": CAPTURES}
        worker, _ = deployment.start("worker")
        session = ended(client, session_id)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    assert_all_ended(session)
    assert max(site.asked.values()) == 1


async def test_a_capture_that_kills_its_worker_three_times_is_failed(tmp_path, open_shop, settings):
    """Three processes die of a capture; the fourth gives it up, and ends what else there is."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'scanner.db'}"
    program = [sys.executable, str(Path(__file__).with_name("deadly.py")), url]

    async def scenario():
        async with open_shop(url, SystemClock(), settings) as shop:
            deadly = await shop.scan("", uploaded_image_key="photo.png")
            healthy = await shop.scan()
            codes = [await run(*program, shop.session_id) for _ in range(4)]
            return codes, await shop.capture(deadly), await shop.capture(healthy)

    async def run(*command):
        return await (await asyncio.create_subprocess_exec(*command)).wait()

    codes, deadly, healthy = await scenario()
    assert codes == [-signal.SIGKILL] * 3 + [0]
    assert (deadly.status, deadly.attempts) == ("FAILED", 3)
    assert deadly.error_message == "Processing was started 3 times and did not end."
    assert healthy.status == "COMPLETED"
