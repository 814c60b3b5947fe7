"""A run is bounded: by its budget, by a signal, and by what it holds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from io import StringIO
from threading import Event, Timer, current_thread
from typing import ClassVar

import pytest
from rich.console import Console
from schemathesis.openapi.checks import JsonSchemaError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contract_first.check import check_url
from contract_first.check.checks.check import RunCheck
from contract_first.check.excerpts import MOST_ITEMS
from contract_first.check.reports.ci import junit
from contract_first.check.reports.page import page
from contract_first.check.reports.terminal import show
from contract_first.check.run.background import TICK_SECONDS, in_background
from contract_first.check.run.checking import Checking, served
from contract_first.check.run.configuration import MOST_HELD
from contract_first.check.run.large_bodies import LEAST, _parts
from contract_first.check.run.recording import MINIMISING
from contract_first.contract import Contract

pytestmark = pytest.mark.programs

NUMBER = {"name": "number", "in": "query", "required": True, "schema": {"type": "integer"}}
OPERATION = {"operationId": "pick", "parameters": [NUMBER], "responses": {"200": {"description": "OK"}}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Hat", "version": "1"},
    "paths": {"/pick": {"get": OPERATION}},
}
HANGS_SECONDS = 60
"""How long a server takes that hangs, and what waits for its response."""
FUZZ = {"checks": (), "phases": ("fuzzing",), "max_examples": 30, "seed": 1}
MEASURED = """
import atexit, runpy
from pathlib import Path

def print_peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))

atexit.register(print_peak)
runpy.run_module("contract_first", run_name="__main__")
"""
"""The command, which prints its peak of memory in kB, which `ru_maxrss` is not."""


@contextmanager
def hat(respond, document=CONTRACT):
    """Serve an API of one operation, and yield its URL."""

    async def contract(_request):
        return JSONResponse(document)

    routes = [Route("/openapi.json", contract), Route("/pick", respond, methods=["GET", "POST"])]
    with served(Starlette(routes=routes)) as url:
        yield url


async def fail(request):
    """Fail for large numbers."""
    text = request.query_params.get("number", "")
    large = text.lstrip("-").isdecimal() and abs(int(text)) > 100
    return JSONResponse({}, 500 if large else 200)


async def hang(_request):
    """Respond to nothing."""
    await asyncio.sleep(HANGS_SECONDS)


async def linger(_request):
    """Respond after some ticks."""
    await asyncio.sleep(5 * TICK_SECONDS)
    return JSONResponse({})


def test_requests_that_make_others_small_are_counted():
    """The requests of minimising are in the report, at most 200 for a finding, and so is their time."""
    with hat(fail) as url:
        report = check_url(url, **FUZZ)
    [finding] = [finding for finding in report.findings if finding.check == "not_a_server_error"]
    assert "number=" in finding.curl
    kinds = len({finding.identity for finding in report.findings})
    assert 0 < report.operations["GET /pick"].requests[MINIMISING] <= 200 * kinds


def test_time_of_minimising_is_in_the_report():
    """The seconds of a report end when the run does."""
    with hat(fail) as url, Checking(url=url, **FUZZ).started() as run:
        seconds = [run.report.seconds for _ in run.go()]
        assert run.report.seconds >= seconds[-1] > 0
        assert run.report.operations["GET /pick"].requests[MINIMISING]


@pytest.mark.parametrize("budget", [None, 3])
def test_a_server_that_hangs_ends_the_run_in_time(budget):
    """The report comes soon after the budget is spent or the run is stopped, though the server hangs."""
    with hat(hang) as url, Checking(url=url, budget=budget, **FUZZ).started() as run:
        stop = Timer(3, run.stop)
        if budget is None:
            stop.start()
        began = time.monotonic()
        for _ in run.go():
            pass
        stop.cancel()
    assert time.monotonic() - began < HANGS_SECONDS
    assert run.abandoned
    assert run.report.end == ("interrupted" if budget is None else "budget spent")
    assert run.report.exit_code == 2


def test_each_wait_is_ticked():
    """While a response is waited for, progress is reported: the phase and the number of requests."""
    activities = []

    def tick(activity, _requests):
        activities.append(activity)
        if activity == "fuzzing":
            run.stop()

    with hat(linger) as url, Checking(url=url, **FUZZ).started() as run:
        run.on_tick = tick
        for _ in run.go():
            pass
    assert "fuzzing" in activities


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_report_comes_soon_after_a_signal(number):
    """One signal brings the report although a request hangs, with exit code 2."""
    with hat(hang) as url:
        command = [sys.executable, "-m", "contract_first", "check", url, "--seed", "1"]
        running = subprocess.Popen(  # noqa: S603 -- the project's own command
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
        )
        for line in running.stderr:
            if "own checks:" in line:  # what follows hangs
                break
        time.sleep(1)
        running.send_signal(number)
        output, _ = running.communicate(timeout=HANGS_SECONDS)
    assert "Not finished (interrupted)" in output
    assert running.returncode == 2


def test_an_iterator_is_abandoned():
    """Items come until nobody waits any more; an error of the iterator is raised where it is waited for."""

    def items():
        yield 1
        yield 2
        time.sleep(5)
        yield 3

    waiting = in_background(items(), lambda: -1.0, lambda: None)
    assert list(waiting) == [1, 2]

    def failing():
        yield 1
        raise LookupError

    with pytest.raises(LookupError):
        list(in_background(failing(), lambda: 1.0, lambda: None))


def test_a_signal_leaves_the_wait_bounded():
    """An iterator is abandoned in time although the handler of a signal took longer than a tick."""
    abandoned = Event()

    def handle(_number, _frame):
        time.sleep(2 * TICK_SECONDS)
        abandoned.set()

    def items():
        yield 1
        time.sleep(HANGS_SECONDS)
        yield 2

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS / 2)
    try:
        assert list(in_background(items(), lambda: float(not abandoned.is_set()), lambda: None)) == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_the_thread_of_an_abandoned_iterator_ends():
    """What goes on in it would change the recursion limit under the feet of pytest, for one."""
    threads = []

    def items():
        threads.append(current_thread())
        while True:
            time.sleep(0.001)
        yield

    assert list(in_background(items(), lambda: -1.0, lambda: None)) == []
    threads[0].join(timeout=20)
    assert not threads[0].is_alive()


def test_large_bodies_are_not_held():
    """Neither responses nor failures hold more of a body than its beginning, once they are checked."""
    events = []

    async def large(_request):
        return JSONResponse([{"text": "y" * 10}] * 30_000)

    schema = {"type": "array", "maxItems": 2}
    content = {"application/json": {"schema": schema}}
    operation = {**OPERATION, "responses": {"200": {"description": "OK", "content": content}}}
    contract = Contract({**CONTRACT, "paths": {"/pick": {"get": operation}}}, "hat")
    how = {**FUZZ, "contract": contract, "max_examples": 3}
    with hat(large) as url, Checking(url=url, **how).started() as run:
        run.listen(events.append, lambda _: None, lambda *_: None)
        for _ in run.go():
            pass
    recorders = [event.recorder for event in events if hasattr(event, "recorder")]
    bodies = [shown.response.content for one in recorders for shown in one.interactions.values()]
    assert {len(body) for body in bodies} == {MOST_HELD}
    checks = [check for one in recorders for checks in one.checks.values() for check in checks]
    failures = [check.failure_info.failure for check in checks if check.failure_info]
    instances = [failure.instance for failure in failures if isinstance(failure, JsonSchemaError)]
    assert instances
    assert {len(instance) for instance in instances} == {MOST_ITEMS}
    [finding] = [shown for shown in run.report.findings if shown.check == "response_schema_conformance"]
    assert finding.message.partition("\n")[0].endswith("has more than 2 items")


class Heavy(RunCheck):
    """A check that sends and gets what no report has room for."""

    name = "heavy"
    rules: ClassVar = {"light": "bodies are small"}

    def run(self):
        """Send 5 MiB, and repeat the response in the message."""
        response = self.target.client.post("/pick", content=b"x" * 5 * 2**20)
        yield self.failure("light", response.text, "GET /pick", response)


def test_a_report_of_large_bodies_is_small(tmp_path):
    """Neither the 5 MiB of a request nor the 1 MB of a response are in any rendering, nor in the HAR."""

    async def large(request):
        await request.body()
        return JSONResponse({"text": "y" * 1_000_000}, 500)

    har = tmp_path / "run.har"
    with hat(large) as url:
        report = check_url(url, har=har, **{**FUZZ, "checks": (Heavy,), "max_examples": 5})
    [finding] = [finding for finding in report.findings if finding.check == "heavy"]
    assert finding.curl.startswith("python3 -c ")
    assert 'b"x" * 5242880' in finding.curl
    assert finding.response.endswith(" more characters)")
    terminal = Console(file=StringIO(), width=80)
    show(report, terminal)
    renderings = (report.json(), page(report), junit(report), terminal.file.getvalue())
    assert max(map(len, renderings)) < 100_000
    assert max(map(len, har.read_bytes().splitlines())) < 150_000, "an exchange with 64 KiB of each body"


def test_large_wrong_bodies_take_little_memory():
    """Bodies of half a million wrong values take less than 300 MB; the validator makes 1 kB of each."""
    body = b"[" + b'"x",' * 499_999 + b'"x"]'

    async def large(_request):
        return Response(body, media_type="application/json")

    content = {"application/json": {"schema": {"type": "array", "items": {"type": "integer"}}}}
    operation = {**OPERATION, "responses": {"200": {"description": "OK", "content": content}}}
    with hat(large, {**CONTRACT, "paths": {"/pick": {"get": operation}}}) as url:
        command = [sys.executable, "-c", MEASURED, "check", url, "--seed", "1", "--phase", "examples"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- the project's own command
    assert "Response violates schema" in done.stdout
    assert done.returncode == 1
    assert 0 < int(done.stdout.split()[-1]) < 300_000


@pytest.mark.parametrize(
    "value",
    [
        list(range(3_456)),
        {str(number): number for number in range(2_100)},
        {"total": 7, "items": list(range(2_500)), "more": [list(range(1_200)), {}]},
        [],
        7,
    ],
)
def test_the_parts_of_a_value_are_all_of_it(value):
    """Parts of a value have each item and member of it, in as many items as a list may have to have."""

    def leaves(node):
        if isinstance(node, dict | list):
            for part in node.values() if isinstance(node, dict) else node:
                yield from leaves(part)
        else:
            yield node

    parts = list(_parts(value, {"7"}))
    assert {leaf for part in parts for leaf in leaves(part)} == set(leaves(value))
    if isinstance(value, list | dict) and len(value) > LEAST:
        assert {*map(len, parts)} <= {*range(LEAST, 2 * LEAST)}
        assert isinstance(value, list) or all("7" in part for part in parts)
