"""Serve one contract by four frameworks, each as its own docs advise, and measure six of its ten operations.

    python bench/frameworks.py             the table, and bench/frameworks.json
    python bench/frameworks.py --smoke     few requests to ours alone: does the script run at all?

Needs wrk and Linux as `compare.py` does. A framework that is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
from compare import WIDTH, machine
from loads import TICK, cpu_seconds, limit_responses, peak_memory
from rich import box
from rich.console import Console
from rich.table import Table
from servers import PEERS, UVICORN, Running, Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
OURS = "ours, typed"
FRAMEWORKS = {
    OURS: ("contract_first", "orders_ours"),
    "FastAPI + pydantic": ("fastapi", "orders_fastapi"),
    "Litestar + msgspec": ("litestar", "orders_litestar"),
    "Connexion 3": ("connexion", "orders_connexion"),
}
ADDRESS = {"street": "1 Main Street", "city": "Springfield", "zip": "12345", "country": "US"}
LINE = {"sku": "sku-1", "quantity": 1, "price": 9.99, "note": "a note"}
ORDER = {
    "id": 1,
    "status": "new",
    "made_at": "2026-04-09T10:00:00Z",
    "customer": "Ann Example",
    "email": "ann@shop.example",
    "billing": ADDRESS,
    "shipping": ADDRESS,
    "lines": [LINE] * 4,
    "tags": ["a", "b"],
}
CARD = {"kind": "card", "number": "4111111111111111"}
BOUNDARY = "bench"
WRK = ("--timeout", "30s")  # stock Connexion takes a while for lists
FORM = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
    f"Content-Type: image/jpeg\r\n\r\n{'x' * 20_000}\r\n--{BOUNDARY}--\r\n"
)


class Call(NamedTuple):
    """A request that is measured."""

    method: str
    target: str
    media_type: str = ""
    body: str = ""


CALLS = {
    "get": Call("GET", "/orders/7"),
    "list of 20 x 10": Call("GET", "/orders?status=new&since=2026-01-31&limit=20"),
    "create, 30 members": Call("POST", "/orders", "application/json", json.dumps(ORDER)),
    "union": Call("POST", "/payments", "application/json", json.dumps(CARD)),
    "upload of 20 KB": Call("PUT", "/orders/7/photo", f"multipart/form-data; boundary={BOUNDARY}", FORM),
    "stream": Call("GET", "/export"),
}
WRONG = [
    Call("GET", "/orders?limit=1000"),
    Call("POST", "/orders", "application/json", json.dumps({**ORDER, "lines": [{**LINE, "quantity": 0}]})),
    Call("POST", "/payments", "application/json", '{"kind": "card", "number": "1"}'),
]
"""Requests that violate the contract, which all refuse."""


class OrdersServer(Server):
    """A server of the orders."""

    @property
    def target(self) -> str:
        """What is asked for until it responds."""
        return "/version"


@dataclass(frozen=True)
class Figure:
    """What one load on one framework saw."""

    framework: str
    call: str
    connections: int
    requests_per_second: float
    cpu_microseconds: float
    p50: float


def main() -> None:
    """Measure all that are installed, print the table and write the numbers."""
    options = arguments()
    if options.smoke:
        limit_responses()
    connections, seconds, rounds = (
        ((1,), 1, 1) if options.smoke else ((1, 32), options.seconds, options.rounds)
    )
    servers = list(installed())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for server in () if options.smoke else servers:  # so that the starts that count are warm
            with running(server):
                pass
        started = [(server, stack.enter_context(running(server))) for server in servers]
        for server, now in started:
            require_right(server, now)
        loaded = started[:1] if options.smoke else started
        figures = [
            figure
            for name, call in CALLS.items()
            for count in connections
            for figure in measured(loaded, name, script(call, folder), count, seconds, rounds)
        ]
        memory = {server.name: (peak_memory(now.pid), now.start_up) for server, now in started}
    Console(width=WIDTH, highlight=False).print(machine(), table(figures), costs(memory))
    document = {"loads": [vars(figure) for figure in figures], "memory and start": memory}
    options.json.write_text(json.dumps(document, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line, and end at once if there is no wrk."""
    parser = argparse.ArgumentParser(description="Measure one contract served by four frameworks.")
    parser.add_argument("--seconds", type=int, default=2, help="length of each load (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts (default 3)")
    parser.add_argument("--smoke", action="store_true", help="few requests to ours alone")
    parser.add_argument("--json", type=Path, default=HERE / "frameworks.json", help="where the numbers go")
    if shutil.which("wrk") is None:
        parser.error("needs wrk on the PATH (on Debian: apt-get install wrk)")
    return parser.parse_args()


def installed() -> Iterator[OrdersServer]:
    """Yield the servers of the frameworks that there are, under one event loop and HTTP parser."""
    uvicorn = (sys.executable, "-W", "ignore", "-m", "uvicorn", "--app-dir", str(PEERS), *UVICORN.split())
    for name, (package, module) in FRAMEWORKS.items():
        if importlib.util.find_spec(package) is not None:
            yield OrdersServer(name, (*uvicorn, f"{module}:app", "--port"), {})
        else:
            sys.stderr.write(f"{name} is not installed\n")


def require_right(server: Server, now: Running) -> None:
    """End the run unless a server serves all that is measured, and refuses what violates the contract."""
    for call, is_right in [*((call, True) for call in CALLS.values()), *((call, False) for call in WRONG)]:
        headers = {"content-type": call.media_type} if call.media_type else {}
        response = httpx2.request(call.method, now.url + call.target, content=call.body, headers=headers)
        if response.is_success != is_right:
            sys.exit(f"{server.name}: {call.method} {call.target} is a {response.status_code}")


def script(call: Call, folder: Path) -> tuple[Path, str]:
    """Write what makes wrk send a request, and return it with the target."""
    path = folder / "request.lua"
    lines = [f'dofile("{HERE / "report.lua"}")', f'wrk.method = "{call.method}"']
    if call.body:
        (folder / "body").write_bytes(call.body.encode())
        lines.append(f'wrk.body = io.open("{folder / "body"}", "rb"):read("*a")')
        lines.append(f'wrk.headers["Content-Type"] = "{call.media_type}"')
    path.write_text("\n".join(lines))
    return path, call.target


def measured(
    started: list[tuple[OrdersServer, Running]],
    name: str,
    request: tuple[Path, str],
    connections: int,
    seconds: int,
    rounds: int,
) -> Iterator[Figure]:
    """Yield the median load on each server, asked one after the other in each round."""
    seen: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        for server, now in started:
            load = load_on(now, request, connections, seconds)
            seen.setdefault(server.name, []).append(load)
    for framework, loads in seen.items():
        rate, cost, p50 = (median(values) for values in zip(*loads, strict=True))
        yield Figure(framework, name, connections, rate, cost, p50)


def load_on(
    now: Running, request: tuple[Path, str], connections: int, seconds: int
) -> tuple[float, float, float]:
    """Return requests a second, CPU in microseconds a request and the median latency in milliseconds."""
    path, target = request
    before = cpu_seconds(now.pid)
    command = ("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *WRK, "-s", str(path), now.url + target)
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    counted: dict[str, int] = json.loads(printed.splitlines()[-1])
    if counted["failed"]:
        sys.exit(f"{now.url}{target}: {counted['failed']} of {counted['requests']} responses failed")
    spent = max(cpu_seconds(now.pid) - before, 1 / TICK)
    rate = counted["requests"] / counted["duration"] * 1e6
    return rate, spent / counted["requests"] * 1e6, counted["p50"] / 1e3


def table(figures: list[Figure]) -> Table:
    """Lay the loads out, with the processor time of each as a multiple of ours."""
    columns = ("request", "at once", "framework", "req/s", "CPU us", "p50 ms", "CPU x ours")
    shown = Table(*columns, box=box.MARKDOWN)
    ours = {(row.call, row.connections): row.cpu_microseconds for row in figures if row.framework == OURS}
    for row in figures:
        times = row.cpu_microseconds / ours[row.call, row.connections]
        speed = (f"{row.requests_per_second:,.0f}", f"{row.cpu_microseconds:,.0f}", f"{row.p50:.2f}")
        shown.add_row(row.call, str(row.connections), row.framework, *speed, f"{times:.2f}")
    return shown


def costs(memory: dict[str, Any]) -> Table:
    """Lay out what a process takes, and how long it takes to start."""
    shown = Table("framework", "peak MB", "start s", box=box.MARKDOWN)
    for name, (peak, start) in memory.items():
        shown.add_row(name, f"{peak:.0f}", f"{start:.2f}")
    return shown


if __name__ == "__main__":
    main()
