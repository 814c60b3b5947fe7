"""What one organization can do to another: how long barcodes wait behind slow URLs.

Everything is bounded in count and time, and stays on loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from servers import AWS, Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

API = "/scanner/api/v1"
GOAL_SECONDS = 1.0
SLOW_URLS = 500
PATIENCE_SECONDS = 30
FINAL = {"COMPLETED", "NOT_FOUND", "FAILED"}


@contextmanager
def silent() -> Iterator[int]:
    """Accept connections on a port and never respond; yield the port."""
    held = []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
    for connection in held:
        connection.close()


def new_key(command: str, environment: Mapping[str, str], organization: str, kind: str) -> str:
    """Return a new key of a new organization."""
    create = (command, "keys", "create", "--quiet", "--new-organization", organization, "--kind", kind)
    limits = ("--per-minute", "1000000", "--per-day", "1000000")
    run = subprocess.run((*create, *limits), env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return run.stdout.strip()


def scans(client: httpx2.Client, values: list[str]) -> list[str]:
    """Submit scans in a session of their own, in bulk, and return the ids of those that are stored."""
    session_id = client.post("/sessions", json={}).raise_for_status().json()["id"]
    bodies = [
        {"session_short_id": session_id, "capture_type": "BARCODE", "raw_value": each} for each in values
    ]
    results = client.post("/captures/bulk", json={"scans": bodies}).raise_for_status().json()
    return [each["capture"]["id"] for each in results if each["status"] == httpx2.codes.CREATED]


def wait(client: httpx2.Client) -> float:
    """Return how long a barcode takes from its submission to its end, in seconds."""
    began = time.perf_counter()
    (capture_id,) = scans(client, ["4006381333931"])
    while time.perf_counter() - began < PATIENCE_SECONDS:
        if client.get(f"/captures/{capture_id}").json()["status"] in FINAL:
            return time.perf_counter() - began
        time.sleep(0.01)
    return float("inf")


def waits(url: str, keys: tuple[str, str], port: int, seconds: float) -> Iterator[list[float]]:
    """Yield how long barcodes of one organization take, alone and then behind slow URLs of another."""

    def waited() -> list[float]:
        until, seen = time.perf_counter() + seconds, []
        while time.perf_counter() < until:
            seen.append(wait(other))
        return seen

    with ExitStack() as stack:
        attacker, other = (
            stack.enter_context(httpx2.Client(base_url=url + API, headers={"X-API-Key": key}, timeout=60))
            for key in keys
        )
        wait(other)  # what is imported for the first job is no part of it
        yield waited()
        stored = scans(attacker, [f"http://127.0.0.1:{port}/{number}" for number in range(SLOW_URLS)])
        assert len(stored) == SLOW_URLS  # noqa: S101 -- an attack that is refused measures nothing
        yield waited()


def main() -> None:
    """Print the table; exit with 1 if a barcode waits for longer than the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--command", default=str(Path(sys.executable).parent / "scanner-api"), help="of another version"
    )
    parser.add_argument("--queue-url", default="memory://", help="a Redis, for which a worker is started")
    parser.add_argument("--seconds", type=float, default=15, help="of the attack")
    options = parser.parse_args()
    with ExitStack() as stack:
        port, folder = stack.enter_context(silent()), stack.enter_context(tempfile.TemporaryDirectory())
        settings = AWS | {
            "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/scanner.db",
            "SCANNER_QUEUE_URL": options.queue_url,
            "SCANNER_REDIRECT_ALLOWED": json.dumps(["127.0.0.0/8"]),
        }
        environment = os.environ | settings
        keys = (
            new_key(options.command, environment, "attacker", "cpk"),
            new_key(options.command, environment, "other", "csb"),
        )
        if options.queue_url != "memory://":
            worker = stack.enter_context(subprocess.Popen((options.command, "worker"), env=environment))
            stack.callback(worker.terminate)
        served = stack.enter_context(running(Server("serve", (options.command, "serve", "--port"), settings)))
        alone, behind = waits(served.url, keys, port, options.seconds)
    sys.stdout.write("| barcodes | how many | median s | worst s |\n| --- | --- | --- | --- |\n")
    for name, waited in (("alone", alone), (f"behind {SLOW_URLS} slow URLs", behind)):
        sys.stdout.write(
            f"| {name} | {len(waited)} | {statistics.median(waited):.2f} | {max(waited):.2f} |\n"
        )
    sys.exit(int(max(behind) > GOAL_SECONDS))


if __name__ == "__main__":
    main()
