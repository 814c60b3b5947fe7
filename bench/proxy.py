"""Measure what the proxy adds to a call: the same response of 1 KiB, straight and through it, in turn.

    python bench/proxy.py                  p50 and p99 of both, and what the proxy adds
    python bench/proxy.py --calls 20000    more of them

Upstream, proxy and this client are processes of their own, with one connection each that is kept alive; every
exchange is validated. What matters is the difference of the two p50s in one run; a machine doing other work
else at the same time tells nothing.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from statistics import quantiles

from compare import machine
from servers import PEERS, UVICORN, Server, running

CONTRACT = PEERS / "notes.json"
LENGTH = 1024
WARM_UP = 300


@dataclass(frozen=True)
class Notes(Server):
    """A server of notes, or what stands in front of it."""

    @property
    def target(self) -> str:
        """An exchange that conforms to the contract."""
        return "/boxes/7/notes?sort=new"


def main() -> None:
    """Measure both ways and print what they take."""
    options = arguments()
    uvicorn = (sys.executable, "-W", "ignore", "-m", "uvicorn", "--app-dir", str(PEERS), *UVICORN.split())
    notes = Notes("straight", (*uvicorn, "notes:app", "--port"))
    with running(notes) as upstream:
        command = str(Path(sys.executable).parent / "scanner-api")
        options_of_proxy = ("--upstream", upstream.url, "--contract", str(CONTRACT), "--port")
        with running(Notes("through the proxy", (command, "proxy", *options_of_proxy))) as proxy:
            show(measured(upstream.url, proxy.url, notes.target, options.calls))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure what the proxy adds to a call.")
    parser.add_argument("--calls", type=int, default=5000, help="how many each way (default 5000)")
    return parser.parse_args()


def measured(straight: str, through: str, target: str, calls: int) -> list[list[float]]:
    """Return the seconds that each call took, straight and through the proxy."""
    connections = [http.client.HTTPConnection(url.removeprefix("http://")) for url in (straight, through)]
    for connection in connections:
        for _ in repeat(None, min(WARM_UP, calls)):
            call(connection, target)
    taken: list[list[float]] = [[], []]
    for _ in repeat(None, calls):
        for connection, seconds in zip(connections, taken, strict=True):
            seconds.append(call(connection, target))
    return taken


def call(connection: http.client.HTTPConnection, target: str) -> float:
    """Return the seconds that one call takes; a response that is not as it should be ends the run."""
    began = time.perf_counter()
    connection.request("GET", target)
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - began
    if answer.status != 200 or len(body) != LENGTH or answer.getheader("X-Contract-Violations"):  # noqa: PLR2004 -- OK
        sys.exit(f"got {answer.status} with {len(body)} bytes and {answer.getheaders()}")
    return seconds


def show(taken: list[list[float]]) -> None:
    """Print p50 and p99 in milliseconds."""
    print(machine())  # noqa: T201 -- it is what the script is for
    shown = [percentiles(seconds) for seconds in taken]
    added = [after - before for before, after in zip(*shown, strict=True)]
    for name, (p50, p99) in zip(("straight", "proxied", "added"), (*shown, added), strict=True):
        print(f"{name:10} p50 {p50:6.3f} ms   p99 {p99:6.3f} ms")  # noqa: T201 -- the same


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    cuts = quantiles(seconds, n=100)
    return cuts[49] * 1e3, cuts[98] * 1e3


if __name__ == "__main__":
    main()
