"""The examples of load balancers, in front of servers that are restarted."""

import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import httpx2
import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
CONTRACT = """
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    get: {operationId: list_pets, responses: {'204': {description: OK}}}
    post: {operationId: add_pet, responses: {'204': {description: OK}}}
"""
PAUSE_SECONDS = 0.005
"""Between two requests of a client, which is not to take the processor from what it tests."""
HANDLERS = "def list_pets() -> None: ...\n\n\ndef add_pet() -> None: ...\n"
COMMANDS = {
    "nginx.conf": ["nginx", "-p", ".", "-e", "error.log", "-g", "daemon off; pid nginx.pid;", "-c"],
    "haproxy.cfg": ["haproxy", "-q", "-f"],
}


@contextmanager
def ending(*command, cwd):
    """Run a program for the length of a ``with`` block."""
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- of this file
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def server(port, folder):
    """Return the context of a server, which responds."""
    command = [
        sys.executable,
        "-m",
        "contract_first",
        "serve",
        "--contract",
        "pets.yaml",
        "--handlers",
        "pets",
    ]
    options = ["--port", port, "--no-request-log", "--lame-duck-seconds", "3"]
    return ending(*command, *options, cwd=folder)


@pytest.mark.programs
@pytest.mark.parametrize("name", COMMANDS)
def test_no_request_is_lost_while_servers_are_restarted(name, tmp_path):
    """GET and POST, each over a new connection."""
    if shutil.which(COMMANDS[name][0]) is None:
        pytest.skip(f"{COMMANDS[name][0]} is not installed")
    (tmp_path / "pets.yaml").write_text(CONTRACT)
    (tmp_path / "pets.py").write_text(HANDLERS)
    text = (DEPLOY / name).read_text()
    ports = {}
    for port in ("8001", "8002", "8080" if name == "nginx.conf" else "8081"):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports[port] = str(free.getsockname()[1])
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{ports[port]}")
    (tmp_path / name).write_text(text)
    first, second, front = ports.values()
    statuses, ended = Counter(), Event()

    def ask(method):
        none = httpx2.Limits(max_keepalive_connections=0)
        with httpx2.Client(limits=none, trust_env=False) as client:
            while not ended.wait(PAUSE_SECONDS):
                statuses[client.request(method, f"http://127.0.0.1:{front}/pets").status_code] += 1

    with ExitStack() as stack:
        servers = {}
        for port in (first, second):
            servers[port] = stack.enter_context(server(port, tmp_path))
            assert servers[port].stdout.readline()
        stack.enter_context(ending(*COMMANDS[name], name, cwd=tmp_path))
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=8), trust_env=False) as client:
            assert client.get(f"http://127.0.0.1:{front}/pets").status_code == 204
        with ThreadPoolExecutor() as clients:
            asking = [clients.submit(ask, method) for method in ("GET", "POST")]
            try:
                for port in (first, second):
                    servers[port].send_signal(signal.SIGTERM)
                    assert servers[port].wait(30) == 0
                    servers[port] = stack.enter_context(server(port, tmp_path))
                    assert servers[port].stdout.readline()
            finally:
                ended.set()
            for each in asking:
                each.result()
    assert set(statuses) == {204}
