"""``scanner-api serve`` while it is deployed: it drains, and its processes are watched."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from scanner_api.cli import app

COMMAND = Path(sys.executable).with_name("scanner-api")
POST = b"POST /scanner/api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-API-Key: "
pytestmark = pytest.mark.programs


@pytest.fixture
def serve(tmp_path):
    """Return what serves as a process, on SQLite, until the block ends."""
    aws = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
    own = {"SCANNER_PORT": "0", "SCANNER_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/scanner.db"}

    @contextmanager
    def serving(**more):
        environment = {**os.environ, **aws, **own, **more}
        with subprocess.Popen(  # noqa: S603 -- our own command
            [COMMAND, "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                banner = process.stdout.readline()
                assert banner.startswith("{") is (more.get("SCANNER_LOG_FORMAT") == "json")
                yield process, banner.split(" on ")[1].split()[0]
            finally:
                process.kill()

    return serving


def connect(url, sent):
    """Send the beginning of a request, and return once the server has it."""
    connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30)
    connection.sendall(sent)
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    return connection


def response(connection):
    """Return status, headers and JSON of the one response of a connection that is then closed."""
    with connection, connection.makefile("rb") as stream:
        head, _, body = stream.read().partition(b"\r\n\r\n")
    lines = head.decode().splitlines()
    return int(lines[0].split()[1]), dict(line.lower().split(": ") for line in lines[1:]), json.loads(body)


def until(condition, seconds=30):
    """Wait until a condition holds, and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value


def refuses(url):
    """Tell whether nothing listens there."""
    try:
        httpx2.get(f"{url}/healthz")
    except httpx2.TransportError:
        return True
    return False


def children(process):
    """Return the ids of a process's children."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return set(map(int, path.read_text().split()))


def sockets(pid, state):
    """Return the inodes of a process's TCP sockets in a state: ``01`` is established, ``0A`` listening."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    links = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()}
    return {row[9] for row in rows if row[3] == state and f"socket:[{row[9]}]" in links}


@pytest.fixture
def key(tmp_path):
    """Return a key of the database."""
    options = ["--quiet", "--new-organization", "grocer"]
    url = f"sqlite+aiosqlite:///{tmp_path}/scanner.db"
    created = CliRunner().invoke(app, ["keys", "create", *options], env={"SCANNER_DATABASE_URL": url})
    return created.stdout.strip().encode()


def test_sigterm_drains(serve, key):
    """Not ready at once; requests are taken until a second signal, those under way end, late ones get 503."""
    head = POST + key + b"\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    settings = {"SCANNER_LAME_DUCK_SECONDS": "60", "SCANNER_SHUTDOWN_SECONDS": "3"}
    with serve(**settings, SCANNER_LOG_FORMAT="json", SCANNER_METRICS_PORT="0") as (process, url):
        under_way, late = connect(url, head), connect(url, head)
        process.send_signal(signal.SIGTERM)
        ready = until(lambda: (asked := httpx2.get(f"{url}/readyz")).is_error and asked)
        new = httpx2.get(f"{url}/scanner/api/v1/sessions/x")
        process.send_signal(signal.SIGTERM)
        until(lambda: refuses(url))
        under_way.sendall(b"{}")
        ended, refused = response(under_way), response(late)
        _, logged = process.communicate(timeout=30)
    assert (ready.status_code, ready.json()["status"]) == (503, "shutting down")
    assert (new.status_code, new.headers["connection"]) == (401, "close")
    assert (ended[0], ended[1]["connection"]) == (201, "close")
    assert (refused[0], refused[1]["retry-after"], refused[2]["status"]) == (503, "1", 503)
    assert refused[1]["content-type"] == "application/problem+json"
    assert process.returncode == 0
    lines = [json.loads(line) for line in logged.splitlines()]
    assert not [line for line in lines if line["level"] == "error"]
    own = ("contract_first", "uvicorn")
    assert [each["message"] for each in lines if each["logger"].startswith(own)] == [
        f"Process {process.pid} started",
        "SIGTERM: shutting down in 60 s",
        "SIGTERM: shutting down in 0 s",
        f"Process {process.pid} ended",
    ]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_process_that_dies_is_replaced(serve):
    """Of two processes one is killed: the port is served all the time, and there are two again."""
    with serve(SCANNER_WORKERS="2", SCANNER_LAME_DUCK_SECONDS="0.1") as (process, url):
        first = until(lambda: len(now := children(process)) == 2 and now)
        until(lambda: all(sockets(each, "0A") for each in first))
        killed = first.pop()
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(now := children(process) - {killed}) == 2 and now)
        responses = {httpx2.get(f"{url}/healthz", timeout=30).status_code for _ in range(5)}
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=30)
    assert responses == {200}
    assert (process.returncode, f"Process {killed} ended with -9" in logged) == (0, True)
    assert refuses(url)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_processes_share_connections(serve):
    """A process that is late has its part of those that came meanwhile, drawn by the system."""
    with serve(SCANNER_WORKERS="2", SCANNER_LAME_DUCK_SECONDS="0") as (process, url), ExitStack() as opened:
        late, other = until(lambda: len(now := children(process)) == 2 and now)
        until(lambda: sockets(late, "0A") and sockets(other, "0A"))
        os.kill(late, signal.SIGSTOP)
        address = "127.0.0.1", int(url.rstrip(",").rpartition(":")[2])
        clients = [opened.enter_context(socket.create_connection(address, timeout=30)) for _ in range(64)]
        until(lambda: sockets(other, "01"))
        os.kill(late, signal.SIGCONT)
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        shares = [len(sockets(pid, "01")) for pid in (late, other)]
    assert sum(shares) == 64
    assert min(shares) > 8, shares


def test_processes_close_their_port_while_requests_go_on(serve, key):
    """A connection that none of them would accept is refused, as it is by a single process."""
    head = POST + key + b"\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"

    def is_closed():
        try:
            connect(url, head).close()
        except ConnectionRefusedError:
            return True
        return False

    with serve(SCANNER_WORKERS="2", SCANNER_LAME_DUCK_SECONDS="0.1") as (process, url):
        under_way = connect(url, head)
        process.send_signal(signal.SIGTERM)
        until(is_closed)
        under_way.sendall(b"{}")
        assert response(under_way)[0] == 201
        _, logged = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in logged) == (0, False), logged


def test_processes_end_with_the_one_that_watches_them(serve):
    """Nothing goes on to listen when the supervisor is killed."""
    with serve(SCANNER_WORKERS="2", SCANNER_LAME_DUCK_SECONDS="0") as (process, url):
        process.kill()
        until(lambda: refuses(url))


def test_processes_that_cannot_start_end_the_command(serve, tmp_path):
    """What keeps all from starting is said, and is the exit code."""
    missing = f"sqlite+aiosqlite:///{tmp_path}/missing/scanner.db"
    with pytest.raises(IndexError), serve(SCANNER_WORKERS="2", SCANNER_DATABASE_URL=missing) as (_, _):
        pass  # it prints no line
