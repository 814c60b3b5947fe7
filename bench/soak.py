"""Servers under a steady load, for a while: no error, and memory and open files that stop growing.

    python bench/soak.py                            `serve` at 70 % of its load, for a minute
    python bench/soak.py --minutes 10               for ten
    python bench/soak.py mocks --minutes 60         three mocks at once, with 60 requests a second each
    python bench/soak.py mocks --rate 600           with ten times as many
    python bench/soak.py mocks --file soak.csv      and writes down what it saw each 15 s

wrk sends requests to `serve` by a schedule, however long responses take: 70 % of what the server could do
before. Mocks are asked for what no two requests have in common (`mixes.py`), over eight connections each. A
mock's memory is that of its process (RSS, and PSS, which counts shared pages in part), and of those below it.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from compare import machine
from fleet import CONNECTIONS, served
from loads import cpu_seconds, wrk
from mixes import Mix, orders, scanner
from rich import box
from rich.console import Console
from rich.table import Table
from seeding import seed
from servers import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE = 0.7
MOST_GROWTH = 1.05
POOL_FILES = 16
"""The pool's eight connections to SQLite have two files each, and are opened when they are first needed."""
HERE = Path(__file__).parent
SAMPLE_SECONDS, ROW_SECONDS = 15, 300
CLIENTS = 8


def main() -> None:
    """Run the load, print the table, and exit with 1 if something grew or failed."""
    parser = argparse.ArgumentParser(description="Put a steady load on servers, and watch them.")
    parser.add_argument("of", nargs="?", choices=("serve", "mocks"), default="serve")
    parser.add_argument("--minutes", type=float, default=1, help="length of the load (default 1)")
    parser.add_argument("--rate", type=float, default=60, help="requests a second to each mock (default 60)")
    parser.add_argument("--file", type=Path, help="CSV file of what was seen of mocks each 15 s")
    options = parser.parse_args()
    seconds = round(options.minutes * 60)
    sys.exit(serve(seconds) if options.of == "serve" else mocks(seconds, options.rate, options.file))


def serve(seconds: int) -> str | None:
    """Put 70 % of its load on `serve`; return what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        url, requests = f"sqlite+aiosqlite:///{folder}/scanner.db", Path(folder) / "requests"
        seed(url, requests)
        asked = served("serve", {"DATABASE_URL": url}, requests)
        with running(asked) as server:
            most = wrk(asked, server.url, CONNECTIONS, 5)
            seconds_each = most["duration"] / 1e6 / most["requests"]
            watch = Watch({asked.name: server.pid}, 1)
            before = cpu_seconds(server.pid)
            with watch:
                seen = wrk(asked, server.url, CONNECTIONS, seconds, seconds_each / SHARE * 1e3)
            busy = (cpu_seconds(server.pid) - before) / seconds
    early, late = watch.thirds(asked.name)
    rows = {
        "requests a second": f"{seen['requests'] / seen['duration'] * 1e6:,.0f} of {1 / seconds_each:,.0f}",
        "processor": f"{busy:.0%} of a core",
        "failed": str(seen["failed"]),
        "p99 ms": f"{seen['p99'] / 1e3:.1f}",
        "memory, first and last third, MB": f"{early.rss:.1f}, {late.rss:.1f}",
        "open files, first and last third": f"{early.files:.0f}, {late.files:.0f}",
    }
    lines = [f"{machine()}, {seconds} s", "", "| what | seen |", "| --- | --- |"]
    sys.stdout.write("\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows.items())]) + "\n")
    grew = late.rss > early.rss * MOST_GROWTH or late.files > early.files + POOL_FILES
    return "It grew, or failed." if seen["failed"] or grew else None


def mocks(seconds: int, rate: float, file: Path | None) -> str | None:
    """Ask three mocks for so long, so often; return what went wrong."""
    scripts = Path(sys.executable).parent
    api = (str(scripts / "scanner-api"), "mock", "--s3-port", "0", "--port")
    other = (str(scripts / "contract-first"), "mock", str(HERE / "orders.yaml"), "--stateful", "--port")
    asked = (
        (Server("scanner-api mock", api), scanner(creates=False)),
        (Server("the same, with sessions created", api), scanner(creates=True)),
        (Server("contract-first mock --stateful", other), orders()),
    )
    with ExitStack() as stack:
        loads, pids = {}, {}
        for server, mix in asked:
            now = stack.enter_context(running(server))
            loads[server.name], pids[server.name] = Load(now.url, mix, rate), now.pid
        watch = Watch(pids, SAMPLE_SECONDS)
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        with watch:
            for each in loads.values():
                stack.enter_context(each)
            time.sleep(seconds)
        busy = {name: (cpu_seconds(pid) - before[name]) / seconds for name, pid in pids.items()}
    if file is not None:
        watch.write(file)
    shown = Table("minutes", *(f"{name}, MB" for name in pids), box=box.MARKDOWN)
    for row in watch.rows(ROW_SECONDS):
        shown.add_row(*row)
    console = Console(width=160, highlight=False)
    console.print(f"{machine()}, {seconds} s", shown)
    for name, each in loads.items():
        console.print(f"{name}: {each.requests:,} requests, {busy[name]:.1%} of a core {each.failure}")
    return "A response was not as expected." if any(each.failure for each in loads.values()) else None


class Load:
    """Asks a mock so often, by a schedule, while it is entered; a response with another status ends it.

    Attributes:
        failure: what ended it, if anything did.
    """

    def __init__(self, url: str, mix: Mix, rate: float) -> None:
        self._clients = [http.client.HTTPConnection(urlsplit(url).netloc) for _ in range(CLIENTS)]
        self._mix, self._rate = mix, rate
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.requests, self.failure = 0, ""

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        began, sent = time.monotonic(), next(self._mix)
        while not self._ended.wait(max(0, began + self.requests / self._rate - time.monotonic())):
            client = self._clients[self.requests % CLIENTS]
            client.request(sent.method, sent.target, sent.content, sent.headers)
            response = client.getresponse()
            content = response.read()
            self.requests += 1
            if response.status != sent.status:
                self.failure = f"{sent.method} {sent.target}: {response.status} {content.decode()}"
                return
            sent = self._mix.send(json.loads(content) if content else None)


class Sample(NamedTuple):
    """What a process took at a time: MB of its own, and with those below it; open files and threads."""

    seconds: float
    rss: float
    pss: float
    all_rss: float
    all_pss: float
    files: int
    threads: int


class Watch:
    """Notes what processes take each so many seconds, while it is entered."""

    def __init__(self, pids: dict[str, int], seconds: float) -> None:
        self._pids, self._seconds = pids, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._note)
        self._noted: dict[str, list[Sample]] = {name: [] for name in pids}

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def thirds(self, name: str) -> tuple[Sample, Sample]:
        """Return the greatest of each in the first and in the last third."""
        noted = self._noted[name]
        third = max(1, len(noted) // 3)
        return _greatest(noted[:third]), _greatest(noted[-third:])

    def rows(self, seconds: float) -> Iterator[list[str]]:
        """Yield, for each so many seconds, the minutes and what each process and those below it took."""
        step = max(1, round(seconds / self._seconds))
        for samples in list(zip(*self._noted.values(), strict=True))[::step]:
            yield [f"{samples[0].seconds / 60:.0f}", *(f"{each.all_rss:.1f}" for each in samples)]

    def write(self, file: Path) -> None:
        """Write all that was noted as CSV."""
        with file.open("w", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(("server", *Sample._fields))
            writer.writerows((name, *each) for name, noted in self._noted.items() for each in noted)

    def _note(self) -> None:
        time.sleep(2)  # until all connections are there
        began = time.monotonic()
        while True:
            for name, pid in self._pids.items():
                self._noted[name].append(_sample(pid, time.monotonic() - began))
            if self._ended.wait(self._seconds):
                return


def _sample(pid: int, seconds: float) -> Sample:
    processes = _with_children(pid)
    memory = [_memory(each) for each in processes]
    process = Path(f"/proc/{pid}")
    files, threads = (sum(1 for _ in (process / name).iterdir()) for name in ("fd", "task"))
    return Sample(seconds, *memory[0], *map(sum, zip(*memory, strict=True)), files, threads)


def _with_children(pid: int) -> list[int]:
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in below for each in _with_children(int(child)))]


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return kilobytes["Rss"] / 1000, kilobytes["Pss"] / 1000


def _greatest(noted: list[Sample]) -> Sample:
    return Sample(*map(max, zip(*noted, strict=True)))


if __name__ == "__main__":
    main()
