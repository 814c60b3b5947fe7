"""The servers that `compare.py` measures, and how one is run."""

from __future__ import annotations

import http.client
import json
import os
import pty
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seeding import seed

from scanner_mocks import seeds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PEERS = Path(__file__).parent / "peers"
SESSIONS = "/scanner/api/v1/sessions"
UVICORN = "--loop uvloop --http httptools --log-level error --no-access-log"
MODULES = {
    "(a) bare ASGI": "bare",
    "(b) hand-written FastAPI": "handwritten",
    "(c) stock Connexion": "stock_connexion",
}
START_TIMEOUT = 60.0
AWS = {"AWS_ACCESS_KEY_ID": "AKIDBENCH", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": "us-west-2"}


@dataclass(frozen=True)
class Server:
    """A server to measure; its command lacks only the port."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: AWS)
    headers: Mapping[str, str] = field(default_factory=dict)
    session_id: str = "vytxeTZskVKR7C7WgdSP3d"
    requests: Path | None = None

    @property
    def target(self) -> str:
        """The same operation with the same parameters for everyone."""
        query = "photo_type=front&original_filename=IMG_0001.HEIC"
        return f"{SESSIONS}/{self.session_id}/presigned-upload-url?{query}"


@dataclass(frozen=True)
class Running:
    """A server that responds: where, how many seconds after its start, and its process id."""

    url: str
    start_up: float
    pid: int


@contextmanager
def running(server: Server) -> Iterator[Running]:
    """Run a server on a free port of loopback until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    command, environment = (*server.command, str(port)), os.environ | server.environment
    with (
        terminal() as errors,
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors) as process,
    ):
        try:
            wait_for_response(url + server.target, process)
            yield Running(url, time.perf_counter() - began, process.pid)
        finally:
            process.terminate()


@contextmanager
def terminal() -> Iterator[int]:
    """Yield a terminal to write to, from which all that is written is read at once, as a real one does."""
    reading, writing = pty.openpty()

    def read() -> None:
        with suppress(OSError):  # the other end is closed
            while os.read(reading, 65536):
                pass

    thread = Thread(target=read)
    thread.start()
    try:
        yield writing
    finally:
        os.close(writing)
        thread.join()
        os.close(reading)


def wait_for_response(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return at the first response, whatever it is."""
    parts, deadline = urlsplit(url), time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection(parts.netloc, timeout=START_TIMEOUT)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.005)
        else:
            return
        finally:
            connection.close()
    sys.exit(f"did not start: {process.args!r}")


def peers() -> list[Server]:
    """Return the servers to compare with, under the HTTP parser and the event loop that ours has."""
    uvicorn = (sys.executable, "-W", "ignore", "-m", "uvicorn", "--app-dir", str(PEERS), *UVICORN.split())
    return [Server(name, (*uvicorn, f"{module}:app", "--port")) for name, module in MODULES.items()]


def ours(folder: Path, sessions: int = 4000) -> Server:
    """Return our server with everything on: keys that no limit stops, so many sessions in SQLite."""
    command = str(Path(sys.executable).parent / "scanner-api")
    environment = AWS | {
        "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/scanner.db",
        "SCANNER_LAME_DUCK_SECONDS": "0",
        "SCANNER_REQUEST_LOG": "false",  # the others have none either
    }
    requests = folder / "requests"
    seed(environment["SCANNER_DATABASE_URL"], requests, sessions=sessions)
    return Server("(d) scanner-api serve", (command, "serve", "--port"), environment, requests=requests)


def mocked(folder: Path) -> list[Server]:
    """Return the mock: journal, faults and the terminal's log on, S3 beside it; and with overrides active.

    These match the operation, each with another value of its query than the one that is asked for.
    """
    return [
        _mock("(e) scanner-api mock"),
        _mock("(f) with 10 overrides", "--overrides", _overrides(folder, 10)),
        _mock("(g) with 1,000 overrides", "--overrides", _overrides(folder, 1000)),
    ]


def _mock(name: str, *options: str) -> Server:
    command = str(Path(sys.executable).parent / "scanner-api")
    headers = {"X-API-Key": seeds.UNLIMITED_KEY}
    start = (command, "mock", "--s3-port", "0", *options, "--port")
    return Server(name, start, AWS, headers, seeds.SESSION)


def _overrides(folder: Path, number: int) -> str:
    file = folder / f"{number}.json"
    rules = [
        {
            "match": {
                "operation": "get_presigned_upload_url",
                "query": {"original_filename": f"{index}.jpg"},
            },
            "effect": {"status": 503},
        }
        for index in range(number)
    ]
    file.write_text(json.dumps(rules))
    return str(file)
