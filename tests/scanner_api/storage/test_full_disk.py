"""A PostgreSQL whose disk is full says so at `/readyz`."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from scanner_api.app import Application
from scanner_api.settings import Settings

installed = runpy.run_path(str(Path(__file__).parents[2] / "services" / "postgresql.py"))["installed"]


@contextmanager
def on_small_disk():
    """Run a server on a disk of its own; yield its URL, and the folder of the disk."""
    with installed() as servers:
        make, disk = servers._made, servers.folder / "small"

        def made(name):
            data = make(name)
            mounting = ["mount", "-t", "tmpfs", "-o", "size=120m,mode=0777", "small", str(disk)]
            if shutil.which("mount") is None or subprocess.run(mounting, check=False).returncode:  # noqa: S603 -- the system's
                pytest.skip("needs the right to mount a disk")
            return data

        servers._made = made
        try:
            with servers.new("small"):
                yield servers.url("small"), disk
        finally:
            subprocess.run(["umount", str(disk)], check=False)  # noqa: S603, S607 -- the same


async def test_a_full_disk_is_not_ready(monkeypatch):
    """Reads go on, but no client is sent there; once there is room the server is ready again."""
    monkeypatch.setattr("contract_first.service.pages.FRESH_SECONDS", 0)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with on_small_disk() as (url, disk):
        app = Application(Settings(database_url=url, extractor="none", s3_endpoint_url="http://127.0.0.1:9"))
        await app.start()
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://scanner") as client:
            before = await client.get("/readyz")
            full = disk / "full"
            with full.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
            meanwhile = await client.get("/readyz")
            full.unlink()
            after = await client.get("/readyz")
        await app.stop()
    states = [
        (response.status_code, response.json()["database"], response.json()["disk"])
        for response in (before, meanwhile, after)
    ]
    assert states == [(200, "ready", "ready"), (503, "ready", "unreachable"), (200, "ready", "ready")]
