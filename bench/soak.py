"""A server under 70 % of its load, for a while: no error, and no growth of memory and open files.

    python bench/soak.py                   a minute
    python bench/soak.py --seconds 600     ten

wrk sends requests by a schedule, however long responses take: 70 % of what the server could do before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from compare import machine
from fleet import CONNECTIONS, served
from loads import cpu_seconds, wrk
from seeding import seed
from servers import running

SHARE = 0.7
MOST_GROWTH = 1.05
POOL_FILES = 16
"""The pool's eight connections to SQLite have two files each, and are opened when they are first needed."""


def main() -> None:
    """Run the load, print the table, and exit with 1 if something grew or failed."""
    parser = argparse.ArgumentParser(description="Put 70 % of its load on a server, and watch it.")
    parser.add_argument("--seconds", type=int, default=60, help="length of the load (default 60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url, requests = f"sqlite+aiosqlite:///{folder}/scanner.db", Path(folder) / "requests"
        seed(url, requests)
        asked = served("serve", {"DATABASE_URL": url}, requests)
        with running(asked) as server:
            most = wrk(asked, server.url, CONNECTIONS, 5)
            seconds_each = most["duration"] / 1e6 / most["requests"]
            watch = Watch(server.pid)
            before = cpu_seconds(server.pid)
            with watch:
                seen = wrk(asked, server.url, CONNECTIONS, options.seconds, seconds_each / SHARE * 1e3)
            busy = (cpu_seconds(server.pid) - before) / options.seconds
    early, late = watch.thirds()
    rows = {
        "requests a second": f"{seen['requests'] / seen['duration'] * 1e6:,.0f} of {1 / seconds_each:,.0f}",
        "processor": f"{busy:.0%} of a core",
        "failed": str(seen["failed"]),
        "p99 ms": f"{seen['p99'] / 1e3:.1f}",
        "memory, first and last third, MB": f"{early[0]:.1f}, {late[0]:.1f}",
        "open files, first and last third": f"{early[1]:.0f}, {late[1]:.0f}",
    }
    lines = [f"{machine()}, {options.seconds} s", "", "| what | seen |", "| --- | --- |"]
    sys.stdout.write("\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows.items())]) + "\n")
    if seen["failed"] or late[0] > early[0] * MOST_GROWTH or late[1] > early[1] + POOL_FILES:
        sys.exit("It grew, or failed.")


class Watch:
    """Notes a process's resident memory in MB and its open files every second, while it is entered."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._note)
        self._noted: list[tuple[float, int]] = []

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def thirds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the greatest of each in the first and in the last third."""
        third = max(1, len(self._noted) // 3)
        first, last = self._noted[:third], self._noted[-third:]
        return _greatest(first), _greatest(last)

    def _note(self) -> None:
        process = Path(f"/proc/{self._pid}")
        time.sleep(2)  # until all connections are there
        while not self._ended.wait(1):
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            files = sum(1 for _ in (process / "fd").iterdir())
            self._noted.append((int(status["VmRSS"].split()[0]) / 1000, files))


def _greatest(noted: list[tuple[float, int]]) -> tuple[float, float]:
    return max(memory for memory, _ in noted), max(files for _, files in noted)


if __name__ == "__main__":
    main()
