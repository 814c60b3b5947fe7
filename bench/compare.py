"""Measure the presigned upload against its peers: one run, one process each, asked in turns.

    tox -e bench                       the table, and bench/results.json
    tox -e bench -- --rounds 9         more loads of each server; the median counts
    tox -e bench -- --smoke            one start, few requests: does the script run at all?

Needs wrk, which Debian packages, and Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import sysconfig
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from loads import limit_responses, load, median_of, peak_memory, rounds_of
from rich import box
from rich.console import Console
from rich.table import Table
from servers import mocked, ours, peers, running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loads import Load
    from servers import Server

HERE = Path(__file__).parent
WIDTH = 128
WARM_STARTS = 5
COLUMNS = (
    "server",
    "at once",
    "requests/s",
    "CPU us",
    "p50 ms",
    "p99 ms",
    "peak MB",
    "start s",
    "x (a)",
    "x (b)",
    "x (c)",
)


@dataclass(frozen=True)
class Result:
    """One server measured: median start-up in seconds (to the first response), peak memory in MB, loads."""

    server: str
    start_up: float
    memory: float
    loads: list[Load]
    rounds: list[list[Load]]


def main() -> None:
    """Measure everyone, print the table and write the numbers."""
    options = arguments()
    if options.smoke:
        limit_responses()
    connections = (1,) if options.smoke else (1, 32)
    seconds, rounds, starts = (1, 1, 0) if options.smoke else (options.seconds, options.rounds, WARM_STARTS)
    with tempfile.TemporaryDirectory() as folder:
        own = ours(Path(folder), 40) if options.smoke else ours(Path(folder))
        servers = (*peers(), own, *mocked(Path(folder)))
        results = measure(servers, connections, seconds=seconds, rounds=rounds, starts=starts)
    console = Console(width=WIDTH, highlight=False)
    console.print(machine(), table(results))
    options.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line, and end at once if there is no wrk."""
    parser = argparse.ArgumentParser(description="Measure the presigned upload against its peers.")
    parser.add_argument("--seconds", type=int, default=2, help="length of each load (default 2)")
    parser.add_argument("--rounds", type=int, default=5, help="loads of each server (default 5)")
    parser.add_argument("--smoke", action="store_true", help="one start, few requests")
    parser.add_argument("--json", type=Path, default=HERE / "results.json", help="where the numbers go")
    if shutil.which("wrk") is None:
        parser.error("needs wrk on the PATH (on Debian: apt-get install wrk)")
    return parser.parse_args()


def measure(
    servers: Sequence[Server], connections: Sequence[int], *, seconds: int, rounds: int, starts: int
) -> list[Result]:
    """Start each server once, and so many times warm, in turns; then put the loads on all of them.

    Without warm starts, the only one counts.
    """
    start_ups = [[start_up(server) for server in servers] for _ in range(starts and 1 + starts)][1:]
    with ExitStack() as stack:
        started = [(server, stack.enter_context(running(server))) for server in servers]
        start_ups = start_ups or [[now.start_up for _, now in started]]
        for each in started if starts else ():
            load(*each, 1, 1)  # warms it up
        by_connections = [rounds_of(started, count, seconds, rounds) for count in connections]
        return [
            Result(
                server.name,
                median(each[index] for each in start_ups),
                peak_memory(now.pid),
                [median_of(seen[index]) for seen in by_connections],
                [seen[index] for seen in by_connections],
            )
            for index, (server, now) in enumerate(started)
        ]


def start_up(server: Server) -> float:
    """Return how many seconds a server takes from its start to its first response."""
    with running(server) as now:
        return now.start_up


def table(results: list[Result]) -> Table:
    """Lay the medians out, one row for each server and load, with the speed as a multiple of each peer's."""
    shown = Table(*COLUMNS, box=box.MARKDOWN)
    for result in results:
        for index, seen in enumerate(result.loads):
            ratios = (speed(result.rounds[index], peer.rounds[index]) for peer in results[:3])
            shown.add_row(
                result.server,
                str(seen.connections),
                f"{seen.requests_per_second:,.0f}",
                f"{seen.cpu_microseconds:.0f}",
                f"{seen.p50:.2f}",
                f"{seen.p99:.2f}",
                f"{result.memory:.0f}",
                f"{result.start_up:.2f}",
                *(f"{ratio:.2f}" for ratio in ratios),
            )
    return shown


def speed(own: Sequence[Load], peer: Sequence[Load]) -> float:
    """Return how many times as fast as a peer a server is, the median of the rounds."""
    pairs = zip(own, peer, strict=True)
    return median(one.requests_per_second / other.requests_per_second for one, other in pairs)


def machine() -> str:
    """Name the machine, as the numbers are nothing without it."""
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    model = models[0] if models else platform.machine()
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    # Debian's sysconfig is that of its libpython; the executable, without that, is another build with PGO
    is_debian = "deb_system" in sysconfig.get_scheme_names()
    kind = "with PGO" if optimized or is_debian else "without PGO"
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()} {kind}"


if __name__ == "__main__":
    main()
