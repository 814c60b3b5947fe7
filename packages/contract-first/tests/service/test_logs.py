"""What a server logs, as text and as JSON: records, and a line for each request."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.service import Exposure, InternalError, Observability, ServiceUnavailable, create_app
from contract_first.service.http.capped_log import CappedLog
from contract_first.service.observe.logs import Log, LogOptions, cause_of, logging_to_stderr
from contract_first.service.observe.observation import Observation
from contract_first.service.observe.request_log import RequestLog

TEXT = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}}
PATHS = {"/open/{name}": [], "/closed": [{"key": []}], "/away": [], "/bug": [], "/broken": [], "/wrong": []}
NAME = {"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        path: {
            "get": {
                "operationId": path.split("/")[1],
                "security": security,
                "responses": TEXT,
                **({"parameters": [NAME]} if "{" in path else {}),
            }
        }
        for path, security in PATHS.items()
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class DriverError(Exception):
    """An error that has the message of a database in it, as SQLAlchemy's has."""

    def __init__(self, orig):
        self.orig = orig
        super().__init__("(sqlite3.OperationalError) database is locked [SQL: SELECT secret]")


def away():
    """Be away, since the database is locked."""
    raise ServiceUnavailable("The database does not respond.") from DriverError(
        OSError("database is locked\nand more")
    )


def bug():
    """Fail."""
    raise LookupError("no \x1b[2J such thing")


def broken():
    """Fail, and say so."""
    raise InternalError("broken") from ValueError("the cause")


HANDLERS = {
    "open": lambda name: name,
    "closed": lambda: "x",
    "away": away,
    "bug": bug,
    "broken": broken,
    "wrong": lambda: 1,
}


def unready():
    """Fail as a health check."""
    raise OSError


@pytest.fixture
def ask():
    """Return what sends requests to an app with a request log, and returns its lines."""

    def asking(*requests, form="json", level="info", **more):
        stream = io.StringIO()
        log = Log(form, stream)
        options = LogOptions(level, form, describe=lambda caller: {"credential": caller})

        async def run():
            app = create_app(
                Contract(CONTRACT, "pets"),
                HANDLERS,
                authenticate={"key": lambda credential, _: f"key:{len(credential)}"},
                observability=Observability(request_log=RequestLog(log, options)),
                **more,
            )
            transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://pets") as client:
                for method, path, headers in requests:
                    await client.request(method, path, headers=headers)
            await asyncio.sleep(0)

        asyncio.run(run())
        lines = stream.getvalue().splitlines()
        return [json.loads(line) for line in lines] if form == "json" else lines

    return asking


def test_a_request_has_a_line(ask):
    """Time, level, method, path, operation, status, duration, request id, caller and trace."""
    headers = {"X-Key": "secret", "X-Request-ID": "mine", "traceparent": TRACEPARENT}
    (line,) = ask(("GET", "/closed?token=secret", headers))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line.pop("milliseconds") >= line.pop("handler_milliseconds") >= 0
    assert line == {
        "level": "info",
        "logger": "requests",
        "method": "GET",
        "path": "/closed",
        "operation": "closed",
        "status": 200,
        "request_id": "mine",
        "credential": "key:6",
        "trace_id": TRACE,
    }


def test_the_same_as_text(ask):
    """What is not known or not reached is left out, or a hyphen; what could end a line is escaped."""
    lines = ask(
        ("GET", "/closed", {"X-Key": "secret", "X-Request-ID": "mine"}),
        ("GET", "/none%0a", {"X-Request-ID": "mine"}),
        ("GET", "/" + "x" * 1000, {"X-Request-ID": "mine"}),
        form="text",
    )
    shown = [re.sub(r"^\S+Z|[\d.]+ ms|(?<=seconds=)[\d.]+", "_", line) for line in lines]
    assert shown == [
        "_ INFO    GET /closed closed 200 _ handler_milliseconds=_ request_id=mine credential=key:6",
        "_ INFO    GET /none%0a - 404 _ request_id=mine",
        f"_ INFO    GET /{'x' * 299}... - 404 _ request_id=mine",
    ]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_5xx_says_its_cause(ask, form):
    """In the words of the database, without its statement, and of an error that nobody expected."""
    away_line, bug_line = ask(("GET", "/away", {}), ("GET", "/bug", {}), form=form)
    if form == "json":
        assert away_line["cause"] == "The database does not respond. < OSError: database is locked"
        assert bug_line["cause"] == "no \x1b[2J such thing"
        assert {away_line["level"], bug_line["level"]} == {"error"}
    else:
        assert 'cause="The database does not respond. < OSError: database is locked"' in away_line
        assert r'cause="no \x1b[2J such thing"' in bug_line
        assert " ERROR " in away_line


async def test_causes_are_logged_without_a_request_log(caplog):
    """Where requests have no lines, a 5xx has one, and a 4xx none; a violation has the one that names it."""
    app = create_app(Contract(CONTRACT, "pets"), HANDLERS, authenticate={"key": lambda *_: None})
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://pets") as client:
        for path in ("/away", "/closed", "/broken", "/wrong"):
            await client.get(path, headers={"X-Request-ID": "mine"})
    cause = "The database does not respond. < OSError: database is locked"
    away_line, broken_line, wrong_line = [
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR
    ]
    assert away_line == f"503: {cause} (request mine)"
    assert broken_line == "500: broken < ValueError: the cause (request mine)"
    assert wrong_line.startswith("wrong violated the contract")


@pytest.mark.parametrize(
    ("level", "statuses"),
    [("debug", [200, 200, 404, 503]), ("info", [200, 404, 503]), ("warning", [503]), ("error", [503])],
)
def test_the_level_is_honoured(ask, level, statuses):
    """Health checks are for debugging, requests that fail are errors, others are information."""
    asked = [("GET", path, {}) for path in ("/healthz", "/open/rex", "/none", "/away")]
    assert [line["status"] for line in ask(*asked, level=level)] == statuses


def test_health_checks_that_fail_are_no_errors(ask):
    """One that is not ready is about to end, or waits for what the log says by itself."""
    (line,) = ask(("GET", "/readyz", {}), level="debug", exposure=Exposure(checks={"part": unready}))
    assert (line["status"], line["level"]) == (503, "info")
    assert ask(("GET", "/readyz", {}), level="info", exposure=Exposure(checks={"part": unready})) == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_banner_has_the_format_of_the_log(form, capsys):
    """As JSON it has the members of other lines."""
    Log(form).announce("Pets on http://x")
    printed = capsys.readouterr().out
    members = json.loads(printed) if form == "json" else {"message": printed.rstrip()}
    assert members["message"] == "Pets on http://x"
    assert (set(members) == {"time", "level", "logger", "message"}) is (form == "json")


def test_preflights_and_clients_that_go_away(ask):
    """Neither has a request, or a status; both have a line."""
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    (line,) = ask(("OPTIONS", "/open/rex", preflight), exposure=Exposure(cors_origins=["https://a.example"]))
    assert (line["method"], line["status"], line["operation"]) == ("OPTIONS", 200, None)
    assert "request_id" not in line
    stream = io.StringIO()
    for form in ("json", "text"):
        log = Log(form, stream)
        left = Observation({"method": "GET", "path": "/\ud800"})

        async def write(log=log, left=left):
            RequestLog(log, LogOptions()).observe(left)

        asyncio.run(write())
        log.flush()
    as_json, as_text = stream.getvalue().splitlines()
    assert json.loads(as_json)["status"] is None
    assert r"GET /\ud800 - --- 0.0 ms" in as_text


def test_lines_are_written_at_once():
    """Each line of a request is one write, and they keep their order among records."""
    written = []

    class Stream(io.StringIO):
        def write(self, text):
            written.append(text)
            return len(text)

    log = Log("text", Stream())
    lines = [f"{number:03} {letter * 90}" for number in range(100) for letter in "x\u00e9"]
    for line in lines:
        log.write(line)
    assert written == [f"{line}\n" for line in lines]
    log.write("before")
    log.handle(logging.makeLogRecord({"name": "a", "msg": "behind", "levelno": 20, "levelname": "INFO"}))
    assert [text.split()[-1] for text in written[-2:]] == ["before", "behind"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_records_are_lines(form, capsys):
    """Of our own loggers from the level on, of others warnings; with tracebacks, and one line a message."""
    with logging_to_stderr(LogOptions("info", form, loggers=("own",))):
        logging.getLogger("own").debug("left out")
        logging.getLogger("own.part").info("two\nlines")
        logging.getLogger("others").info("left out")
        logging.getLogger("others").warning("of %s", "others")
        try:
            bug()
        except LookupError:
            logging.getLogger("own").exception("failed")
    logging.getLogger("own").warning("later")
    shown = capsys.readouterr().err
    assert "left out" not in shown
    assert "later" not in shown or form not in shown
    if form == "json":
        first, second, third = map(json.loads, shown.splitlines()[:3])
        assert (first["level"], first["logger"], first["message"]) == (
            "info",
            "own.part",
            "two\nlines",
        )
        assert (second["level"], second["message"]) == ("warning", "of others")
        assert "Traceback" in third["exception"]
    else:
        first, second, third, *traceback = shown.splitlines()
        assert first.endswith(r"Z INFO    own.part two\nlines")
        assert second.endswith("Z WARNING others of others")
        assert third.endswith("Z ERROR   own failed")
        assert traceback[0].startswith("Traceback")


def record(message="x", *arguments, error=None):
    """Return a record of an error."""
    exc_info = error and (type(error), error, error.__traceback__)
    return logging.LogRecord("a", logging.ERROR, "", 0, message, arguments, exc_info)


def test_a_wrong_call_does_not_fail(capsys):
    """Arguments that do not fit the message are reported, and their caller goes on."""
    stream = io.StringIO()
    Log("text", stream).handle(record("%d items", "x"))
    assert stream.getvalue() == ""
    assert "'%d items'" in capsys.readouterr().err


def test_exceptions_forge_no_lines():
    """Whatever an exception says, its lines are indented, and move no cursor."""
    stream = io.StringIO()
    forged = "2026-01-01T00:00:00.000Z ERROR   own forged"
    Log("text", stream).handle(record(error=ValueError(f"x\n{forged}\r{forged}\x1b[2J")))
    assert stream.getvalue().splitlines()[1:] == ["ValueError: x", rf"  {forged}\r{forged}\x1b[2J"]


def test_a_bug_hides_no_other():
    """Exceptions of one class are of one kind where one line raises them."""

    def other():
        raise LookupError("another")

    stream = io.StringIO()
    log = Log("text", stream)
    for failing in [bug] * 20 + [other]:
        try:
            failing()
        except LookupError as error:
            log.handle(record("Unhandled", error=error))
    assert stream.getvalue().count("LookupError: no ") == 10
    assert stream.getvalue().count("LookupError: another") == 1


def test_outages_are_folded():
    """Ten warnings of a kind a minute; the next minute's first says how many more there were."""
    now = [0.0]
    stream = io.StringIO()
    log = Log("json", stream)
    log.filters = [CappedLog(ticks=lambda: now[0])]
    outage = logging.getLogger("outage")
    outage.propagate = False
    outage.addHandler(log)
    outage.setLevel(logging.DEBUG)
    try:
        for number in range(500):
            outage.warning("No response: %d", number)
            outage.info("Still working")
        outage.error("Another")
        now[0] += 61
        outage.info("Working")
    finally:
        outage.removeHandler(log)
    messages = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert sum(message.startswith("No response") for message in messages) == 10
    assert messages.count("Still working") == 500
    assert messages[-3:] == ["Another", "490 more of the last minute left out: No response: 10", "Working"]


def test_what_cannot_be_written_is_left():
    """A log that nobody reads, or that is closed, ends no request."""
    stream = io.StringIO()
    log = Log("text", stream)
    stream.close()
    assert log.handle(logging.makeLogRecord({"name": "a", "msg": "x", "levelno": 40, "levelname": "ERROR"}))


def test_causes_are_bounded():
    """A chain of errors has three sentences at most, and a long one is cut."""
    error = ValueError()
    error.__cause__ = OSError("x" * 2000)
    assert cause_of(error).startswith("ValueError < OSError: xxx")
    assert len(cause_of(error)) == 500
    error.__cause__ = error
    assert cause_of(error) == "ValueError < ValueError < ValueError"


def test_a_cause_stands_once():
    """The error of the driver is a cause of SQLAlchemy's as well."""
    error = DriverError(OSError("database is locked"))
    error.__cause__ = error.orig
    error.orig.__cause__ = ValueError("a driver's own")
    assert cause_of(error) == "OSError: database is locked < ValueError: a driver's own"
