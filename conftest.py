"""What the tests of all packages share: Hypothesis, ASGI apps called in-process, documents in files.

A package is tested where nothing else is installed: a fixture that needs another imports it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import runpy
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

YOUNG_OBJECTS = 10_000
"""New objects between two looks of the garbage collector, as servers have it."""

# a deadline is a timing assertion: it fails on a busy machine, and says nothing of the code; examples that
# differ from run to run would fail in one that changed something else
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

LoggedSecrets = runpy.run_path(str(Path(__file__).parent / "tests" / "services" / "logged_secrets.py"))[
    "LoggedSecrets"
]


def pytest_configure(config):
    """Fail every test that logs a secret."""
    config.pluginmanager.register(LoggedSecrets())


def pytest_addoption(parser):
    """Offer a slice of the tests that is done before each commit."""
    parser.addoption(
        "--quick", action="store_true", help="run the first test of each file, but none of whole programs"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Keep the first test of each file if a slice is asked for, once those of whole programs are marked."""
    if not config.getoption("quick"):
        return
    inner = [item for item in items if item.get_closest_marker("programs") is None]
    first = {item.path: item for item in reversed(inner)}
    config.hook.pytest_deselected(items=[item for item in items if first.get(item.path) is not item])
    items[:] = [item for item in inner if first[item.path] is item]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Return one worker more than processors may be used: many a test waits for a program that it started."""
    return processors() + 1


def processors():
    """Return how many processors this process may use, by its affinity and the quota of its cgroup."""
    usable = getattr(os, "sched_getaffinity", None)  # not on macOS
    number = len(usable(0)) if usable else os.cpu_count()
    quota = Path("/sys/fs/cgroup/cpu.max")  # of a container: "200000 100000", or "max 100000"
    allowed, _, period = quota.read_text().partition(" ") if quota.is_file() else ("max", "", "")
    return number if allowed == "max" else max(1, min(number, int(allowed) // int(period)))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep the collector of garbage from walking through thousands of tests, which are there to stay."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    gc.enable()
    return collected


MINIMAL = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "2.3.4"},
    "paths": {"/pets": {"get": {"operationId": "list_pets", "responses": {"200": {"description": "OK"}}}}},
}


@dataclass
class Response:
    """What the app sent."""

    status: int
    raw_headers: list
    body: bytes

    @property
    def headers(self):
        """The header fields by lower-case name."""
        return {name.decode(): value.decode("latin-1") for name, value in self.raw_headers}

    @property
    def json(self):
        """The body's JSON value."""
        return json.loads(self.body)

    @property
    def errors(self):
        """The violations of a 422: where, what and which rule."""
        return [
            (each["in"], each.get("name", each.get("pointer")), each["rule"]) for each in self.json["errors"]
        ]

    @property
    def source(self):
        """Who responded in a mock: ``handler``, ``example`` or ``generated``."""
        return self.headers.get("x-mock-answer")


def call(app, method, target, headers, events):
    """Send one request as a server would, and return the Response, None if there was no response.

    Args:
        app: the ASGI app.
        method: upper case.
        target: bytes as they stand on the wire.
        headers: pairs of bytes.
        events: the ASGI messages of the body.
    """
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http",
        "method": method,
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    }
    return asyncio.run(_exchange(app, scope, events))


async def _exchange(app, scope, events):
    waiting, sent = list(events), []

    async def receive():
        return waiting.pop(0) if waiting else await asyncio.get_running_loop().create_future()

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        return None
    start, *content = sent
    return Response(start["status"], start["headers"], b"".join(each["body"] for each in content))


@pytest.fixture(scope="session")
def stopped_clock():
    """Return the class of clocks that stand at a time, noon by default, until they are advanced."""
    from contract_first.service.clock import Clock  # noqa: PLC0415 -- not installed beside every package

    class StoppedClock(Clock):
        def __init__(self, start=datetime(2026, 3, 31, 12, tzinfo=UTC)):
            self.time = start

        def now(self):
            """Return the time at which it stands."""
            return self.time

        def advance(self, seconds):
            """Move on."""
            self.time += timedelta(seconds=seconds)

    return StoppedClock


@pytest.fixture(scope="session")
def call_asgi():
    """Return what sends a request to an ASGI app; see `call`."""
    return call


@pytest.fixture
def minimal():
    """A valid document with one operation."""
    return deepcopy(MINIMAL)


@pytest.fixture
def write(tmp_path):
    """Writes a document as JSON (or text as it is) to a file in the test's folder, and returns its path."""

    def write_file(content, name="pets.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory):
    """The cache of mypy for all tests: to read the standard library is most of its time."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture(scope="session")
def anyio_backend():
    """Run `async def` tests on asyncio, as the servers do."""
    return "asyncio"
