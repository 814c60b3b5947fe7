"""Loads by wrk, on servers that all run at once and are asked in turns.

So what else the machine does meanwhile, it does to all of them alike. Needs wrk and Linux, whose /proc
knows a process's CPU time and the peak of its memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from servers import Running, Server

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What wrk and /proc saw of so many connections.

    Attributes:
        requests_per_second: that had a response.
        cpu_microseconds: of the server's own, and of the processes below it, for a request.
        p50: the median latency in milliseconds.
        p99: the latency in milliseconds that 99 % of the responses have at most.
    """

    connections: int
    requests_per_second: float
    cpu_microseconds: float
    p50: float
    p99: float


def limit_responses() -> None:
    """Have each load end after few responses, which shows that the bench works."""
    os.environ["BENCH_RESPONSES"] = "20"


def rounds_of(
    started: Sequence[tuple[Server, Running]], connections: int, seconds: int, rounds: int
) -> list[list[Load]]:
    """Put so many loads on each server, one server after the other in each round; return each one's loads."""
    seen = [[load(*each, connections, seconds) for each in started] for _ in range(rounds)]
    return [list(loads) for loads in zip(*seen, strict=True)]


def median_of(loads: Sequence[Load]) -> Load:
    """Return the median of each figure, the lower one of two."""
    return Load(*map(median_low, zip(*map(astuple, loads), strict=True)))


def load(server: Server, now: Running, connections: int, seconds: int) -> Load:
    """Put a load on a server; a single failed response ends the run."""
    before = cpu_seconds(now.pid)
    seen = wrk(server, now.url, connections, seconds)
    spent = max(cpu_seconds(now.pid) - before, 1 / TICK)
    if seen["failed"]:
        sys.exit(f"{server.name}: {seen['failed']} of {seen['requests']} responses failed")
    requests = seen["requests"]
    return Load(
        connections,
        requests / seen["duration"] * 1e6,
        spent / requests * 1e6,
        seen["p50"] / 1e3,
        seen["p99"] / 1e3,
    )


def wrk(server: Server, url: str, connections: int, seconds: int, gap: float = 0) -> dict[str, int]:
    """Let wrk ask for so many seconds, each request a gap in ms after the last; return what it counted."""
    fields = [part for name, value in server.headers.items() for part in ("-H", f"{name}: {value}")]
    options = ("-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(Path(__file__).with_name("report.lua")))
    several = () if server.requests is None else ("--", str(server.requests), str(gap))
    command = ("wrk", *options, *fields, url + server.target, *several)
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    counted: dict[str, int] = json.loads(printed.splitlines()[-1])
    return counted


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of those below it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / TICK + sum(cpu_seconds(int(each)) for each in below)


def peak_memory(pid: int) -> float:
    """Return the most that a process had in memory so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1000
