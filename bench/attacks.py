"""What clients without a credential, or with one of `serve`, can do to a server: memory, and others' waits.

Each attack is bounded in bytes, connections and seconds, and goes to loopback alone.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from servers import AWS, PEERS, UVICORN, Server, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Address = tuple[str, int]

MEBIBYTE = 1024 * 1024
GOAL_MEBIBYTES = 64
GOAL_MILLISECONDS = 100
PROBE_SECONDS = 0.005
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
CREDENTIAL = "AKIDATTACKS:not-a-secret"
OBJECT_BYTES = 16 * MEBIBYTE


class Requests(NamedTuple):
    """What attacks send to a server: a request with a large response, and the fields of one with a body.

    Attributes:
        keyed: the fields of one with a body and, of `serve`, a credential.
    """

    large: bytes = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    body: bytes = (
        b"POST /scanner/api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )
    keyed: bytes = body


def send(address: Address, beginning: bytes, piece: bytes, most_bytes: int, until: float) -> None:
    """Send a beginning, then a piece again and again, reading nothing; reconnect when cut off."""
    sent = 0
    while sent < most_bytes and time.monotonic() < until:
        with contextlib.suppress(ConnectionError), socket.create_connection(address, timeout=1) as connection:
            connection.sendall(beginning)
            while sent < most_bytes and time.monotonic() < until:
                sent += len(piece)
                try:
                    connection.sendall(piece)
                except TimeoutError:  # the server has stopped reading
                    time.sleep(max(0, until - time.monotonic()))
            connection.recv(1)


def hold(address: Address, count: int, beginning: bytes, piece: bytes, until: float) -> None:
    """Hold connections, and send a piece on each now and then."""
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(count):
            with contextlib.suppress(OSError):
                connection = stack.enter_context(socket.create_connection(address, timeout=1))
                connection.sendall(beginning)
                connections.append(connection)
        while time.monotonic() < until:
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.sendall(piece)
            time.sleep(0.5)


def _request(head: bytes, body: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


ATTACKS: dict[str, Callable[[Address, Requests, float], None]] = {
    "none": lambda _address, _requests, until: time.sleep(max(0, until - time.monotonic())),
    "150 MiB of short header fields": lambda address, _requests, until: send(
        address, HEAD, b"a: b\r\n" * 10_000, 150 * MEBIBYTE, until
    ),
    "one endless header field": lambda address, _requests, until: send(
        address, HEAD + b"a: ", b"b" * 65_536, 150 * MEBIBYTE, until
    ),
    "18 MiB of pipelined requests, unread": lambda address, _requests, until: send(
        address, b"", (HEAD + b"\r\n") * 1000, 18 * MEBIBYTE, until
    ),
    "1,200 idle connections": lambda address, _requests, until: hold(address, 1200, b"", b"", until),
    "200 slow heads": lambda address, _requests, until: hold(address, 200, HEAD, b"a: b\r\n", until),
    "200 slow bodies": lambda address, requests, until: hold(
        address, 200, requests.body + b"Content-Length: 100000\r\n\r\n", b" ", until
    ),
    "120 bodies of 4 MiB, withheld": lambda address, requests, until: hold(
        address,
        120,
        requests.keyed + b"Content-Length: 4194304\r\n\r\n" + bytes(4 * MEBIBYTE - 1000),
        b"",
        until,
    ),
    "JSON of 1,300,000 arrays": lambda address, requests, until: send(
        address, b"", _request(requests.keyed, b"[" + b"[]," * 1_300_000 + b"0]"), 100 * MEBIBYTE, until
    ),
    "JSON of a number of 3,900,000 digits": lambda address, requests, until: send(
        address, b"", _request(requests.keyed, b"0." + b"1" * 3_900_000), 100 * MEBIBYTE, until
    ),
    "200 that read no response": lambda address, requests, until: hold(
        address, 200, requests.large * 100, b"", until
    ),
}


def prepared(server: Server, url: str) -> Requests:
    """Return what attacks send to a server; S3 gets an object to be read, and forms."""
    if server.name == "serve":
        made = (server.command[0], "keys", "create", "--quiet", "--new-organization", url)
        environment = os.environ | server.environment
        key = subprocess.run(made, env=environment, capture_output=True, check=True).stdout
        return Requests(keyed=Requests().body + b"X-API-Key: " + key.strip() + b"\r\n")
    if server.name != "s3":
        return Requests()
    access_key, _, secret_key = CREDENTIAL.partition(":")
    client: Any = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-west-2",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    place = {"Bucket": "uploads", "Key": "large"}
    client.put_object(**place, Body=bytes(OBJECT_BYTES))
    large = urlsplit(client.generate_presigned_url("get_object", place))
    host = f"Host: {large.netloc}\r\n"
    form = "Content-Type: multipart/form-data; boundary=x\r\n"
    return Requests(
        f"GET {large.path}?{large.query} HTTP/1.1\r\n{host}\r\n".encode(),
        f"POST /uploads HTTP/1.1\r\n{host}{form}".encode(),
    )


def memory(pid: int, name: str) -> float:
    """Return a size of a process from /proc, in MiB: VmRSS now, VmHWM at most."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    match = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


def waits(address: Address, attacking: Callable[[], bool]) -> Iterator[float]:
    """Yield how long a new client waits for /healthz, in seconds, as long as an attack goes on."""
    while attacking():
        began = time.perf_counter()
        connection = http.client.HTTPConnection(*address, timeout=10)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            yield float("inf")
        else:
            yield time.perf_counter() - began
        finally:
            connection.close()
        time.sleep(PROBE_SECONDS)


def attacked(name: str, server: Server, seconds: float) -> tuple[float, float, float]:
    """Return MiB above idle at the peak, and p50 and p99 of others in milliseconds."""
    with running(server) as served:
        url = urlsplit(served.url)
        address = url.hostname or "", url.port or 0
        requests = prepared(server, served.url)
        for _ in itertools.islice(waits(address, lambda: True), 50):
            pass
        idle = memory(served.pid, "VmRSS")
        Path(f"/proc/{served.pid}/clear_refs").write_text("5", encoding="ascii")
        until = time.monotonic() + seconds
        attack = multiprocessing.get_context("fork").Process(
            target=ATTACKS[name], args=(address, requests, until), daemon=True
        )
        attack.start()
        waited = sorted(waits(address, lambda: time.monotonic() < until))
        peak = memory(served.pid, "VmHWM")
        attack.join(timeout=5)
        attack.kill()
    return peak - idle, statistics.median(waited) * 1000, waited[int(len(waited) * 0.99)] * 1000


@contextlib.contextmanager
def attacked_server(name: str) -> Iterator[Server]:
    """Yield what is attacked; the proxy's upstream runs meanwhile."""
    command = str(Path(sys.executable).parent / "scanner-api")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        if name == "serve":
            environment = AWS | {"SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/scanner.db"}
            yield Server(name, (command, "serve", "--port"), environment)
        elif name == "s3":
            yield Server(
                name,
                (
                    command,
                    "s3",
                    "--bucket",
                    "uploads",
                    "--credential",
                    CREDENTIAL,
                    "--control-port",
                    "0",
                    "--port",
                ),
                {},
            )
        elif name == "mock":
            yield Server(name, (command, "mock", "--quiet", "--s3-port", "0", "--port"), {})
        else:
            uvicorn = (sys.executable, "-m", "uvicorn", "--app-dir", str(PEERS), *UVICORN.split())
            upstream = stack.enter_context(running(Server("upstream", (*uvicorn, "bare:app", "--port"))))
            yield Server(name, (command, "proxy", "--upstream", upstream.url, "--port"), {})


def main() -> None:
    """Print a row for each attack; exit with 1 if one is over a goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", choices=("serve", "mock", "proxy", "s3"), nargs="?", default="serve")
    parser.add_argument("--seconds", type=float, default=8, help="of each attack")
    options = parser.parse_args()
    missed = False
    sys.stdout.write("| attack | MiB above idle | p50 ms | p99 ms |\n| --- | --- | --- | --- |\n")
    with attacked_server(options.server) as server:
        for name in ATTACKS:
            mebibytes, p50, p99 = attacked(name, server, options.seconds)
            missed = missed or mebibytes > GOAL_MEBIBYTES or p99 > GOAL_MILLISECONDS
            sys.stdout.write(f"| {name} | {mebibytes:.0f} | {p50:.1f} | {p99:.1f} |\n")
            sys.stdout.flush()
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
