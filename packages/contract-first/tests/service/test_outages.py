"""What a service needs does not respond: requests are 503, and health says so in time."""

from __future__ import annotations

import asyncio
import runpy
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from contract_first.service import Exposure, Limits, pages

petstore = runpy.run_path(str(Path(__file__).with_name("petstore.py")))
served, ask, HANDLERS, PETSTORE = (petstore[name] for name in ("served", "ask", "HANDLERS", "PETSTORE"))
SEVERAL = "Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed"


class DriverError(Exception):
    """An error as PostgreSQL's drivers raise it."""

    def __init__(self, sqlstate):
        super().__init__("a secret of the driver")
        self.sqlstate = sqlstate


async def test_health_responds_whatever_hangs(monkeypatch):
    """A check that does not come back, even when it is cancelled, is not waited for."""
    monkeypatch.setattr(pages, "FIRST_PROBE_SECONDS", 0.01)
    ending = asyncio.Event()

    async def hangs():
        try:
            await asyncio.Event().wait()
        finally:
            await ending.wait()

    app = served(exposure=Exposure(checks={"database": hangs}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://x") as client:
        async with asyncio.timeout(10):
            response = await client.get("/readyz")
        ending.set()
    assert (response.status_code, response.json()["database"]) == (503, "unreachable")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), 503),
        (TimeoutError(), 503),
        (OSError(SEVERAL), 503),
        (OSError(28, "No space left on device"), 500),
        (DriverError("08006"), 503),
        (DriverError("57P03"), 503),
        (DriverError("42P01"), 500),
        (ValueError("a bug"), 500),
    ],
    ids=repr,
)
def test_an_outage_of_what_a_handler_calls(error, status):
    """It is a 503 that says when to try again, and nothing of what is away; a bug stays a 500."""

    def list_pets(**_):
        raise error

    response = ask(served(handlers={**HANDLERS, "list_pets": list_pets}), "GET", "/pets")
    assert response.status_code == status
    assert response.headers.get("Retry-After") == {503: "1"}.get(status)
    assert str(error) == "" or str(error) not in response.text


def test_sqlite_that_is_locked(tmp_path):
    """Another process that writes is an outage; a table that is not there is none."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as writer:
        writer.execute("BEGIN EXCLUSIVE")

        def status_of(file):
            def list_pets(**_):
                with closing(sqlite3.connect(file, timeout=0)) as connection:
                    connection.execute("SELECT * FROM pets")

            return ask(served(handlers={**HANDLERS, "list_pets": list_pets}), "GET", "/pets").status_code

        assert status_of(tmp_path / "a.db") == 503
        assert status_of(tmp_path / "b.db") == 500


async def _body_after(seconds):
    await asyncio.sleep(seconds)
    yield b'{"name": "Rex"}'


@pytest.mark.parametrize(
    ("admission", "body", "handler", "status"),
    [(0, 1.1, 0, 201), (60, 0, 0, 503), (0, 0, 60, 503), (0.7, 0, 0.7, 503)],
    ids=["slow client", "admission", "handler", "both together"],
)
async def test_a_request_waits_for_all_together(admission, body, handler, status):
    """What admission and handler wait for adds up; the time in which the body arrives does not count."""

    async def authenticated(_credential, _request):
        await asyncio.sleep(admission)
        return "Ann"

    async def create(body):
        await asyncio.sleep(handler)
        return body

    key = {"type": "apiKey", "in": "header", "name": "X-Key"}
    contract = {**PETSTORE, "security": [{"key": []}]}
    contract["components"] = {**PETSTORE["components"], "securitySchemes": {"key": key}}
    handlers, limits = {**HANDLERS, "createPet": create}, Limits(response_seconds=1)
    app = served(contract, handlers, authenticate={"key": authenticated}, limits=limits)
    headers = {"X-Key": "a", "Content-Type": "application/json"}
    transport = httpx2.ASGITransport(app)
    async with asyncio.timeout(30), httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        response = await client.post("/pets", content=_body_after(body), headers=headers)
    assert (response.status_code, response.headers.get("Retry-After")) == (
        status,
        {503: "1"}.get(status),
    )
