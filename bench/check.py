"""How many wrong apps `check` finds, what its requests cost, what it holds, and how soon it stops.

    python bench/check.py                all four, in five minutes
    python bench/check.py bugs           how many apps that are wrong on purpose are found
    python bench/check.py cost           requests a second, CPU an exchange, beside Schemathesis's command
    python bench/check.py memory         peak memory with responses of 5 MB, right and wrong
    python bench/check.py signal         seconds from SIGINT to the report, while a request hangs

The apps are those of packages/contract-first/tests/check/wrong. Server and command are processes of their
own; CPU is the command's alone.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import uvicorn
from compare import machine
from rich.console import Console
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

WRONG = Path(__file__).parents[1] / "packages" / "contract-first" / "tests" / "check" / "wrong"
sys.path.append(str(WRONG))
CONSOLE = Console(highlight=False, soft_wrap=True)
BEFORE_HANGING = 5
"""Requests before one that hangs: by then the run sends its own."""
SEED, EXAMPLES = "7", "20"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
SCRIPTS = Path(sys.executable).parent
LARGE: dict[str, tuple[dict[str, Any], bytes]] = {
    "100,000 wrong items": (
        {"type": "array", "items": {"properties": {"id": {"type": "integer"}}}},
        json.dumps([{"id": "x" * 20, "text": "y" * 12}] * 100_000).encode(),
    ),
    "a million wrong items": (
        {"type": "array", "items": {"type": "integer"}},
        json.dumps(["a"] * 1_000_000).encode(),
    ),
    "130,000 wrong members": (
        {"additionalProperties": {"properties": {"id": {"type": "integer"}}}},
        json.dumps({f"n{number}": {"id": "x" * 20} for number in range(130_000)}).encode(),
    ),
    "a wrong text": ({"type": "integer"}, json.dumps("y" * 5_000_000).encode()),
    "100,000 right items": (
        {"type": "array", "items": {"properties": {"id": {"type": "integer"}}}},
        json.dumps([{"id": 7, "text": "y" * 32}] * 100_000).encode(),
    ),
}


def main() -> None:
    """Measure what is named, or all."""
    parts = {"bugs": bugs, "cost": cost, "memory": memory, "signal": signals}
    chosen = sys.argv[1:] or list(parts)
    if unknown := [name for name in chosen if name not in parts]:
        sys.exit(f"no part {unknown[0]!r}; expected some of {', '.join(parts)}")
    CONSOLE.print(machine())
    for name in chosen:
        CONSOLE.print(f"\n{name}")
        parts[name]()


def bugs() -> None:
    """Print how many of the apps all checks find, and which they do not."""
    from wrong_apps import UNFOUND, WRONG_APPS, findings, report_of  # noqa: PLC0415 -- as the program begins

    count = 0
    for name, finding, bends in WRONG_APPS:
        names = findings(report_of(bends))
        count += finding in names
        if finding not in names:
            CONSOLE.print(f"  not found: {name}: {finding.removeprefix(UNFOUND)}")
    CONSOLE.print(f"  {count} of {len(WRONG_APPS)} found; in the right app: {len(findings(report_of()))}")


def cost() -> None:
    """Print what an exchange costs, of both commands on the same server, document and seed."""
    from wrong_shop import DOCUMENT, KEY  # noqa: PLC0415 -- as the program begins

    check = ["contract-first", "check", "{url}", "--seed", SEED, "--max-examples", EXAMPLES]
    peer = ["schemathesis", "run", "{file}", "--url", "{url}", "--seed", SEED, "--max-examples", EXAMPLES]
    with tempfile.TemporaryDirectory() as folder, serving("shop") as url:
        file = Path(folder) / "shop.json"
        file.write_text(json.dumps(DOCUMENT), "utf-8")
        for name, command in (
            ("check", [*check, "--contract", "{file}", "--header", f"X-Key: {KEY}"]),
            ("Schemathesis", [*peer, "--header", f"X-Key:{KEY}"]),
        ):
            before = requests_of(url)
            began = time.monotonic()
            usage = ended(start(command, url=url, file=str(file)))
            seconds, count = time.monotonic() - began, requests_of(url) - before
            cpu = (usage.ru_utime + usage.ru_stime) * 1000 / count
            CONSOLE.print(
                f"  {name}: {count} requests, {count / seconds:.0f} a second, {cpu:.1f} ms of CPU each"
            )


def memory() -> None:
    """Print the peak memory of a run against large responses."""
    for name, (_, body) in LARGE.items():
        with serving("large", name) as url:
            usage = ended(
                start(["contract-first", "check", "{url}", "--seed", SEED, "--max-examples", "2"], url=url)
            )
        CONSOLE.print(f"  {name}, {len(body) / 1e6:.1f} MB: {usage.ru_maxrss / 1000:.0f} MB")


def signals() -> None:
    """Print how soon the report is there, three times."""
    for _ in range(3):
        with serving("hang") as url:
            running = start(["contract-first", "check", "{url}", "--seed", SEED], url=url)
            while requests_of(url) <= BEFORE_HANGING:
                time.sleep(0.1)
            time.sleep(1)
            running.send_signal(signal.SIGINT)
            began = time.monotonic()
            ended(running)
            CONSOLE.print(f"  {time.monotonic() - began:.2f} s")


def start(command: list[str], **places: str) -> subprocess.Popen[bytes]:
    """Start a command of this environment, whose output nobody reads."""
    name, *arguments = (part.format(**places) if part.startswith("{") else part for part in command)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([SCRIPTS / name, *arguments], **quiet)


def ended(running: subprocess.Popen[bytes]) -> Any:
    """Return what a process has used, once it is over; it may have found something."""
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode not in (0, 1, 2):
        sys.exit(f"{running.args} ended with {running.returncode}")
    return usage


def requests_of(url: str) -> int:
    """Return how many requests a server has had."""
    return int(httpx2.get(f"{url}/requests").text)


def is_up(url: str) -> bool:
    """Return whether a server takes connections."""
    try:
        return requests_of(url) >= 0
    except httpx2.ConnectError:
        return False


@contextmanager
def serving(*what: str) -> Iterator[str]:
    """Serve the shop, large responses or none in a process, and yield the URL."""
    ports = multiprocessing.SimpleQueue()
    process = multiprocessing.Process(target=serve, args=(ports, *what), daemon=True)
    process.start()
    try:
        url = f"http://127.0.0.1:{ports.get()}"
        while not is_up(url):
            time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.join()


def serve(ports: Any, what: str, name: str = "") -> None:
    """Serve, and say where."""
    from wrong_shop import Shop  # noqa: PLC0415 -- as the program begins

    shop, count = Shop(), 0
    schema, body = LARGE.get(name, ({}, b""))
    response = {"description": "OK", "content": {"application/json": {"schema": schema}}}
    operation = {"operationId": "read", "responses": {"200": response}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": what, "version": "1"},
        "paths": {"/": {"get": operation}},
    }

    async def respond(request: Request) -> Response:
        nonlocal count
        count += 1
        if what == "hang" and count > BEFORE_HANGING:
            await asyncio.sleep(600)
        if what != "shop":
            return Response(body, media_type="application/json")
        content = await request.body()
        target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
        url = httpx2.URL(scheme="http", host="shop.test", raw_path=target)
        asked = httpx2.Request(request.method, url, headers=request.headers.raw, content=content)
        reply = shop.respond(asked)
        return Response(b"".join(reply.stream), reply.status_code, dict(reply.headers))

    routes = [
        Route("/requests", lambda _: JSONResponse(count)),
        *([Route("/openapi.json", lambda _: JSONResponse(document))] if what != "shop" else []),
        Route("/{rest:path}", respond, methods=METHODS),
    ]
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical")
    socket = config.bind_socket()
    ports.put(socket.getsockname()[1])
    uvicorn.Server(config).run(sockets=[socket])


if __name__ == "__main__":
    main()
