"""Measure responses of a contract beside those of other mock servers: one run, one after the other.

    python bench/mocks.py                  the table, and bench/mocks.json
    python bench/mocks.py --packages DIR   with the servers that npm has installed there already
    python bench/mocks.py --smoke          ours alone, one second, one connection: does the script run at all?

Needs wrk and Linux as `compare.py` does, and npm for the others, which it installs into a folder of its own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compare import WIDTH, machine
from loads import limit_responses, load, peak_memory
from rich import box
from rich.console import Console
from rich.table import Table
from servers import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loads import Load

HERE = Path(__file__).parent
CONTRACT = HERE / "mocks.yaml"
PACKAGES = ("@stoplight/prism-cli", "@stdy/cli")
INSTALL_SECONDS = 300
TARGETS = {"example": "/examples/7?page_size=5", "generated": "/generated/7?page_size=5"}
PRISM = "Prism"
COLUMNS = (
    *("server", "response", "at once", "req/s", "per CPU s", "p50 ms", "p99 ms", "peak MB", "start s"),
    *("x Prism", "x per CPU"),
)


@dataclass(frozen=True)
class MockServer(Server):
    """A mock server, and the requests to it."""

    asked: str = TARGETS["example"]

    @property
    def target(self) -> str:
        """The operation that is measured."""
        return self.asked


@dataclass(frozen=True)
class Result:
    """One server measured: start-up in seconds, memory in MB at its peak, counts by kind of response."""

    server: str
    start_up: float
    memory: float
    seen: dict[str, list[Load]]


def main() -> None:
    """Measure everyone, print the table and write the numbers."""
    options = arguments()
    if options.smoke:
        limit_responses()
    connections, seconds = ((1,), 1) if options.smoke else ((1, 32), options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        others = [] if options.smoke else list(peers(options.packages or install(Path(folder))))
        servers = [*others, ours()]
        results = [
            measure(command, name, connections, seconds, is_warm=not options.smoke)
            for name, command in servers
        ]
    Console(width=WIDTH, highlight=False).print(machine(), table(results))
    options.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line, and end at once if there is no wrk."""
    parser = argparse.ArgumentParser(description="Measure responses of a contract beside other mock servers.")
    parser.add_argument("--seconds", type=int, default=8, help="length of each load (default 8)")
    parser.add_argument("--smoke", action="store_true", help="ours alone, few requests")
    parser.add_argument("--packages", type=Path, help="folder with node_modules that has the other servers")
    parser.add_argument("--json", type=Path, default=HERE / "mocks.json", help="where the numbers go")
    if shutil.which("wrk") is None:
        parser.error("needs wrk on the PATH (on Debian: apt-get install wrk)")
    return parser.parse_args()


def install(folder: Path) -> Path:
    """Have npm install the other servers, if it is there."""
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("npm is not there: ours is measured alone\n")
        return folder
    command = (npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), *PACKAGES)
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
    return folder


def peers(folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the other servers that are installed, each with its command but for the port."""
    modules, contract, host = folder / "node_modules", str(CONTRACT), ("--host", "127.0.0.1")
    prism = modules / ".bin" / "prism"
    if prism.exists():
        yield PRISM, (str(prism), "mock", contract, *host, "-v", "error", "-p")
    for steady in modules.glob("@stdy/cli-*/bin/steady"):  # the program that its launcher starts
        yield "Steady", (str(steady), contract, *host, "--quiet", "-p")


def ours() -> tuple[str, tuple[str, ...]]:
    """Return our server."""
    command = str(Path(sys.executable).with_name("scanner-api"))
    return "scanner-api", (command, "mock", "--contract", str(CONTRACT), "--json", "--port")


def measure(
    command: tuple[str, ...], name: str, connections: Iterable[int], seconds: int, *, is_warm: bool
) -> Result:
    """Start a server, for a warm start a second time, and put each load on it."""
    if is_warm:
        with running(MockServer(name, command)):
            pass
    with running(MockServer(name, command)) as now:
        seen = {}
        for kind, target in TARGETS.items():
            server = MockServer(name, command, asked=target)
            if is_warm:
                load(server, now, 1, 1)
            seen[kind] = [load(server, now, count, seconds) for count in connections]
        return Result(name, now.start_up, peak_memory(now.pid), seen)


def table(results: list[Result]) -> Table:
    """Lay the numbers out, with the speed as a multiple of Prism's where that was measured."""
    shown = Table(*COLUMNS, box=box.MARKDOWN)
    prism = next((result for result in results if result.server == PRISM), None)
    for result in results:
        for kind, all_seen in result.seen.items():
            for index, seen in enumerate(all_seen):
                beside = prism.seen[kind][index] if prism else None
                shown.add_row(
                    result.server,
                    kind,
                    str(seen.connections),
                    f"{seen.requests_per_second:,.0f}",
                    f"{1e6 / seen.cpu_microseconds:,.0f}",
                    f"{seen.p50:.2f}",
                    f"{seen.p99:.2f}",
                    f"{result.memory:.0f}",
                    f"{result.start_up:.2f}",
                    *ratios(seen, beside),
                )
    return shown


def ratios(own: Load, beside: Load | None) -> tuple[str, str]:
    """Return how many times faster a server is than another, on this machine and by its processor time."""
    if beside is None:
        return "", ""
    by_time = own.requests_per_second / beside.requests_per_second
    return f"{by_time:.2f}", f"{beside.cpu_microseconds / own.cpu_microseconds:.2f}"


if __name__ == "__main__":
    main()
