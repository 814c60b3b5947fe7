"""The database of a project of ``contract new --db sqlalchemy`` goes away while it serves."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

import contract_first.cli.tree

pytestmark = pytest.mark.programs

SERVICES = Path(__file__).parents[1] / "services"
CONTRACT = Path(__file__).parents[2] / "examples" / "petstore" / "openapi.yaml"
postgresql = runpy.run_path(str(SERVICES / "postgresql.py"))["postgresql"]
stalling_postgresql = runpy.run_path(str(SERVICES / "stalling.py"))["stalling_postgresql"]
SERVE = ["serve", "--app", "pet_shop.app:create_app", "--port=0", "--log-format=json"]
free_port = runpy.run_path(str(SERVICES / "valkey.py"))["free_port"]
STAGES = ("pool", "database", "handler")
HANDLER = '''

async def list_pets(kind: str | None, limit: int, session: AsyncSession) -> list[object]:
    """Ask the database for nothing."""
    await session.execute(text("SELECT 1"))
    return []
'''


@pytest.fixture
def project(tmp_path):
    """The folder of a project with a handler that uses the database."""
    folder = tmp_path / "pet-shop"
    arguments = ["contract", "new", str(CONTRACT), "--into", str(folder), "--db", "sqlalchemy"]
    assert CliRunner().invoke(contract_first.cli.tree.app, arguments).exit_code == 0
    operations = folder / "src/pet_shop/operations/pets.py"
    imports = "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
    operations.write_text(f"{imports}{operations.read_text()}{HANDLER}")
    return folder


def test_it_responds_while_its_database_is_away(project, postgresql):
    """Away, it is a 503 with Retry-After; where it hangs, the project says so, and ends at SIGTERM."""
    with stalling_postgresql(postgresql, "localhost") as (proxy, url):
        port = free_port()
        process = subprocess.Popen(  # noqa: S603 -- our own command
            [sys.executable, "-m", "contract_first", *SERVE, f"--metrics-port={port}"],
            cwd=project,
            env={**os.environ, "PET_SHOP_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            line = next(line for line in process.stdout if " on http" in line)
            base = line.partition(" on ")[2].split()[0]
            with httpx2.Client(base_url=base, timeout=20) as client:
                assert client.get("/pets").status_code == 200
                request = next(members for members in map(json.loads, process.stdout) if "status" in members)
                assert all(request[f"{stage}_milliseconds"] >= 0 for stage in STAGES)
                counts = client.get(f"http://127.0.0.1:{port}/metrics").text
                assert all(f'_stage_seconds_count{{stage="{stage}"}} 1.0' in counts for stage in STAGES)
                assert client.get("/readyz").status_code == 200
                proxy.refuse()
                response = client.get("/pets")
                assert response.status_code == 503, response.text
                assert response.headers["Retry-After"] == "1"
                proxy.accept()
                assert client.get("/pets").status_code == 200
                proxy.stall()
                time.sleep(1)  # for which a state is not asked for again
                assert client.get("/readyz").json()["database"] == "unreachable"
                assert client.get("/pets", timeout=10).status_code == 503
            process.send_signal(signal.SIGTERM)
            log, _ = process.communicate(timeout=30)
            assert process.returncode == 0, log
        finally:
            process.kill()
            process.wait()
