"""Requests that are sent again to real servers, since they were killed or their responses were lost."""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from scanner_api.cli import app
from scanner_api.storage.accounts.idempotency import LEASE
from scanner_api.storage.database import Database
from scanner_api.storage.schema.tables import captures

COMMAND = Path(sys.executable).with_name("scanner-api")
DEADLY = Path(__file__).with_name("deadly_serve.py")
API = "/scanner/api/v1"
NUMBER = 20
postgresql = runpy.run_path(str(Path(__file__).parents[2] / "services" / "postgresql.py"))["postgresql"]
pytestmark = pytest.mark.programs


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request, tmp_path):
    """Return the settings of servers that share a database, which has an organization's key."""
    url = f"sqlite+aiosqlite:///{tmp_path}/scanner.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")
    settings = {"SCANNER_PORT": "0", "SCANNER_DATABASE_URL": url}
    options = ["--quiet", "--new-organization", uuid.uuid4().hex]
    created = CliRunner().invoke(app, ["keys", "create", *options], env=settings)
    aws = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    return {**os.environ, **aws, **settings, "KEY": created.stdout.strip()}


@contextmanager
def serving(environment, *command):
    """Serve as a process until the block ends, or the process does; yield both the process and a client."""
    with subprocess.Popen(  # noqa: S603 -- our own command
        command or [COMMAND, "serve"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            url = process.stdout.readline().split(" on ")[1].split()[0]
            headers = {"X-API-Key": environment["KEY"]}
            with httpx2.Client(base_url=url + API, headers=headers, timeout=60, trust_env=False) as client:
                yield process, client
        finally:
            process.kill()


def run(environment, statement):
    """Execute a statement on the database, and return its first value."""

    async def executed():
        database = Database(environment["SCANNER_DATABASE_URL"])
        try:
            async with database.transaction() as connection:
                result = await connection.execute(statement)
                return result.scalar() if result.returns_rows else None
        finally:
            await database.close()

    return asyncio.run(executed())


def scan_in(client):
    """Return the body of a scan in a new session."""
    session_id = client.post("/sessions", json={}).raise_for_status().json()["id"]
    return {"session_short_id": session_id, "capture_type": "BARCODE", "raw_value": "4006381333931"}


def stored(environment, scan):
    """Return how many captures the session of a scan has."""
    counting = select(func.count()).where(captures.c.session_id == scan["session_short_id"])
    return run(environment, counting)


def cut(client, scan, key):
    """Send a scan, and close the connection before its response can be read."""
    request = client.build_request("POST", "/captures", json=scan, headers={"Idempotency-Key": key})
    lines = [f"POST {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    with socket.create_connection((request.url.host, request.url.port)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + request.content)


def post(client, scan, key):
    """Return the response to a scan."""
    return client.post("/captures", json=scan, headers={"Idempotency-Key": key})


def retried(client, scan, key):
    """Return the response to a scan that may be under way."""
    while (response := post(client, scan, key)).status_code == 409:
        time.sleep(0.05)
    return response


def test_a_request_has_one_effect_in_all_processes(environment):
    """Of twenty scans whose connection was cut each is stored once, as is one that both get at once."""
    with ExitStack() as stack:
        one, other = clients = [stack.enter_context(serving(environment))[1] for _ in range(2)]
        scan, keys = scan_in(one), [str(number) for number in range(NUMBER)]
        for key in keys:
            cut(one, scan, key)
        responses = [retried(other, scan, key) for key in keys]
        again = [post(one, scan, key) for key in keys]
        with ThreadPoolExecutor(8) as threads:
            at_once = list(threads.map(lambda each: post(each, scan, "one"), clients * 10))
    assert {each.status_code for each in responses} == {201}
    assert [each.content for each in again] == [each.content for each in responses]
    assert len({each.json()["id"] for each in responses}) == NUMBER
    assert {each.status_code for each in at_once} <= {201, 409}
    assert {each.headers["Retry-After"] for each in at_once if each.status_code == 409} <= {"1"}
    assert len({each.content for each in at_once if each.status_code == 201}) == 1
    assert stored(environment, scan) == NUMBER + 1


def test_a_server_that_is_killed_stores_effect_and_response_together(environment):
    """Killed at the commit of a scan: neither is there, or both are, and a retry leaves one scan."""
    scan, killed = None, []
    for moment in ("before", "after"):
        with serving(environment, sys.executable, DEADLY, moment) as (process, client):
            scan = scan or scan_in(client)
            with pytest.raises(httpx2.TransportError):
                post(client, scan, moment)
            assert process.wait(60) == -signal.SIGKILL
        killed.append(stored(environment, scan))
    with serving(environment) as (_, client):
        start = time.monotonic()
        retried(client, scan, "before")
        assert time.monotonic() - start < LEASE.total_seconds() + 30
        responses = [post(client, scan, key) for key in ("before", "after") * 2]
        found = client.get(f"/sessions/{scan['session_short_id']}/captures").json()["data"]
    assert killed == [0, 1]
    assert {each.status_code for each in responses} == {201}
    assert [each.content for each in responses[2:]] == [each.content for each in responses[:2]]
    assert {each["id"] for each in found} == {each.json()["id"] for each in responses}
    assert len(found) == 2
