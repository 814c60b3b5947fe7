"""Measure the presigned upload against its peers: one run, one process each, one after the other.

    tox -e bench                       the table, and bench/results.json
    tox -e bench -- --seconds 20       longer loads
    tox -e bench -- --smoke            one second, one connection: does the script run at all?

Needs wrk, which Debian packages, and Linux, whose /proc knows the peak of a process's memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from servers import mocked, ours, peers, running

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servers import Server

HERE = Path(__file__).parent
WIDTH = 120
WARM_STARTS = 5
COLUMNS = (
    "server",
    "at once",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "peak MB",
    "start s",
    "x (a)",
    "x (b)",
    "x (c)",
)


@dataclass(frozen=True)
class Load:
    """What wrk saw with so many connections: requests a second, latencies in milliseconds."""

    connections: int
    requests_per_second: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Result:
    """One server measured: median start-up in seconds (to the first response), peak memory in MB."""

    server: str
    start_up: float
    memory: float
    loads: list[Load]


def main() -> None:
    """Measure everyone, print the table and write the numbers."""
    options = arguments()
    connections = (1,) if options.smoke else (1, 32)
    seconds, starts = (1, 1) if options.smoke else (options.seconds, WARM_STARTS)
    with tempfile.TemporaryDirectory() as folder:
        results = [
            measure(server, connections, seconds, starts)
            for server in (*peers(), ours(Path(folder)), mocked())
        ]
    console = Console(width=WIDTH, highlight=False)
    console.print(machine(), table(results))
    options.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line, and end at once if there is no wrk."""
    parser = argparse.ArgumentParser(description="Measure the presigned upload against its peers.")
    parser.add_argument("--seconds", type=int, default=8, help="length of each load (default 8)")
    parser.add_argument("--smoke", action="store_true", help="one second, one connection")
    parser.add_argument("--json", type=Path, default=HERE / "results.json", help="where the numbers go")
    if shutil.which("wrk") is None:
        parser.error("needs wrk on the PATH (on Debian: apt-get install wrk)")
    return parser.parse_args()


def measure(server: Server, connections: Iterable[int], seconds: int, starts: int) -> Result:
    """Start a server once, and so many times warm; put each load on the last one."""
    start_ups = []
    for _ in range(starts):
        with running(server) as now:
            start_ups.append(now.start_up)
    with running(server) as now:
        start_up = statistics.median([*start_ups[1:], now.start_up])
        load(server, now.url, 1, 1)  # warms it up
        loads = [load(server, now.url, count, seconds) for count in connections]
        return Result(server.name, start_up, peak_memory(now.pid), loads)


def load(server: Server, url: str, connections: int, seconds: int) -> Load:
    """Let wrk ask for so many seconds; a single failed response ends the run."""
    headers = [part for name, value in server.headers.items() for part in ("-H", f"{name}: {value}")]
    wrk = ("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "report.lua"), *headers)
    several = () if server.requests is None else ("--", str(server.requests))
    command = (*wrk, url + server.target, *several)
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seen = json.loads(printed.splitlines()[-1])
    if seen["failed"]:
        sys.exit(f"{server.name}: {seen['failed']} of {seen['requests']} responses failed")
    return Load(connections, seen["requests"] / seen["duration"] * 1e6, seen["p50"] / 1e3, seen["p99"] / 1e3)


def peak_memory(pid: int) -> float:
    """Return the most that a process had in memory so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1000


def table(results: list[Result]) -> Table:
    """Lay the numbers out, one row for each server and load, with the speed as a multiple of each peer's."""
    shown = Table(*COLUMNS, box=box.MARKDOWN)
    for result in results:
        for index, seen in enumerate(result.loads):
            ratios = (
                seen.requests_per_second / peer.loads[index].requests_per_second for peer in results[:3]
            )
            shown.add_row(
                result.server,
                str(seen.connections),
                f"{seen.requests_per_second:,.0f}",
                f"{seen.p50:.2f}",
                f"{seen.p99:.2f}",
                f"{result.memory:.0f}",
                f"{result.start_up:.2f}",
                *(f"{ratio:.2f}" for ratio in ratios),
            )
    return shown


def machine() -> str:
    """Name the machine, as the numbers are nothing without it."""
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    model = models[0] if models else platform.machine()
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    kind = "with PGO" if optimized else "without PGO"
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()} {kind}"


if __name__ == "__main__":
    main()
