"""The request log: a line for each exchange, what it violates below it, and never in the way of requests."""

import json
from datetime import UTC, datetime
from threading import Event

import httpx2
import pytest

from contract_first.check.exchange import Message, MessageViolation, RecordedExchange, Validation
from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.request_log import MOST_WAITING, ExchangeLog, JsonLines, TextLines

VIOLATION = MessageViolation(
    part="body", where="/mode", rule="enum", detail="expected one of a, b", pointer="/x"
)
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}}},
    "paths": {
        "/things": {
            "get": {
                "operationId": "shop_list_things",
                "security": [{"key": []}],
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
                ],
                "responses": {"200": {"description": ""}},
            }
        }
    },
}


def exchange(**attributes):
    """Return an exchange."""
    return RecordedExchange(
        **{
            "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "milliseconds": 3.2,
            "method": "POST",
            "url": "http://127.0.0.1/shop/things?page=2",
            "status": 422,
            "request": Message(),
            "response": Message(),
            "operation": "shop_create_thing",
            **attributes,
        }
    )


class Validator:
    """Finds the same violation in each exchange."""

    def __call__(self, _exchange):
        """Return it."""
        return Validation(request=[VIOLATION])


def logged(form, *exchanges, make_validator=Validator):
    """Return what is logged of exchanges."""
    journal, written = Journal(), []
    journal.validate_with(make_validator)
    with ExchangeLog(journal, form, written.append):
        for each in exchanges:
            journal.record(each)
    return "".join(written)


def test_a_line_and_its_violations():
    """A line says who was called, how and with what outcome; each violation has a line with its pointer."""
    head, violation = logged(TextLines(), exchange()).splitlines()
    assert head[9:] == "api POST   422    3 ms /shop/things?page=2 shop_create_thing"
    assert violation.strip() == "request body/mode: expected one of a, b"


def test_a_terminal_has_colours_and_a_width():
    """On a terminal a long operation's name lacks its middle, and long sentences are wrapped."""
    head, *rest = logged(TextLines(width=lambda: 65), exchange()).splitlines()
    assert head[9:] == "api POST   422    3 ms /shop/things?page=2 shop…te_thing"
    assert [line.strip() for line in rest] == ["request body/mode: expected one of a, b"]
    assert "\x1b[31m" in logged(TextLines(colours=True), exchange())


def test_what_was_sent_moves_no_cursor():
    """Control characters of a request reach no terminal."""
    assert "\x1b" not in logged(TextLines(), exchange(url="http://h/\x1b[2J", method="\x1b[2J"))


def test_lines_of_json():
    """Each line is an object, with violations as the journal has them."""
    line = json.loads(logged(JsonLines(), exchange(server="s3", fault="fault-1")))
    assert line["violations"] == [
        {"side": "request", "part": "body", "where": "/mode", "rule": "enum",
         "detail": "expected one of a, b", "pointer": "/x"}
    ]  # fmt: skip
    assert (line["server"], line["path"], line["query"], line["status"], line["fault"]) == (
        "s3", "/shop/things", "page=2", 422, "fault-1",
    )  # fmt: skip


def test_a_reset_of_the_journal_takes_no_line():
    """What was recorded is logged, also when the journal is cleared at once."""
    journal, written = Journal(), []
    with ExchangeLog(journal, JsonLines(), written.append):
        for number in range(50):
            journal.record(exchange(status=number))
            journal.clear()
    assert [json.loads(line)["status"] for line in "".join(written).splitlines()] == list(range(50))


def test_a_reader_that_stops_holds_nothing_up():
    """While a write blocks, exchanges are recorded; what is too much is left out, and counted."""
    journal, written, writes, may_write = Journal(), [], Event(), Event()

    def write(text):
        writes.set()
        may_write.wait(10)
        written.append(text)

    with ExchangeLog(journal, JsonLines(), write):
        journal.record(exchange())
        assert writes.wait(10)
        for _ in range(MOST_WAITING + 7):
            journal.record(exchange())
        may_write.set()
    lines = [json.loads(line) for line in "".join(written).splitlines()]
    dropped = sum(line.get("dropped", 0) for line in lines)
    assert (dropped >= 7, dropped + sum("status" in line for line in lines)) == (True, MOST_WAITING + 8)


@pytest.mark.parametrize("error", [BrokenPipeError, BlockingIOError])
def test_a_reader_that_is_gone_ends_nothing(error):
    """An error of a write is nobody's."""
    journal, tried = Journal(), []

    def write(text):
        tried.append(text)
        raise error

    with ExchangeLog(journal, TextLines(), write):
        journal.record(exchange())
    assert "/shop/things?page=2" in "".join(tried)
    assert journal.entry(1) is not None


def test_a_mock_is_logged():
    """The log of a mock has its requests, validated, and none of their secrets."""
    written = []
    with (
        contract_mock(
            Contract(DOCUMENT, "t"), log=lambda journal: ExchangeLog(journal, TextLines(), written.append)
        ) as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        client.get("/things", params={"limit": 101, "key": "hunter2hunter2"})
        client.get("/things")
        client.get("/_mock/seeds")
    text = "".join(written)
    assert "request query limit: " in text
    assert "request security: " in text
    assert "hunter2" not in text
    assert "_mock" not in text
    assert text.count(" shop_list_things\n") == 2, text
