"""The layer that tells the journal: it changes nothing, and hears of everything."""

from __future__ import annotations

import asyncio

import pytest

from contract_first.contract import Contract
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.recording import JournalMiddleware

CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {"/v1/pets": {"post": {"operationId": "create_pet", "responses": {}}}},
    },
    "pets",
)


def serve(app, requests=(), **scope):
    """Return the journal's exchanges after one request, and what was sent."""
    journal, sent, waiting = Journal(), [], iter(requests)
    journal.most_body_bytes = 10

    async def receive():
        return next(waiting)

    async def send(message):
        sent.append((message, journal.last))

    request = {
        "type": "http",
        "scheme": "http",
        "method": "POST",
        "path": "/v1/pets",
        "query_string": b"",
        "headers": [(b"host", b"mock")],
    }
    asyncio.run(JournalMiddleware(app, journal, CONTRACT)({**request, **scope}, receive, send))
    return journal, sent


def responding(*messages, reads=0):
    """Return an app that reads so many messages and sends these."""

    async def app(_scope, receive, send):
        for _ in range(reads):
            await receive()
        for message in messages:
            await send(message)

    return app


START = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}


def test_messages_pass_as_they_are():
    """Every message of a response goes on as it was, the exchange being reported before the last."""
    body = [{"type": "http.response.body", "body": part, "more_body": True} for part in (b"one", b"two")]
    messages = [START, *body, {"type": "http.response.body", "body": b"three three"}]
    journal, sent = serve(responding(*messages))
    assert [message for message, _ in sent] == messages
    assert [last for _, last in sent] == [0, 0, 0, 1]
    (exchange,) = journal.find()
    assert (exchange.response.body, exchange.response.body_bytes) == (b"onetwothre", 17)
    assert exchange.operation == "create_pet"
    assert exchange.url == "http://mock/v1/pets"


def test_a_request_that_is_read():
    """What an app reads of a body is kept, as far as it is to be."""
    parts = [{"type": "http.request", "body": b"x" * 8, "more_body": True}] * 2
    journal, _ = serve(responding(START, {"type": "http.response.body"}, reads=2), parts)
    (exchange,) = journal.find()
    assert (exchange.request.body, exchange.request.body_bytes) == (b"x" * 10, 16)


def test_a_request_that_is_not_read():
    """Of a body that nobody read the announced length is reported: it is not taken for an empty one."""
    headers = [(b"content-length", b"12345")]
    journal, _ = serve(responding(START, {"type": "http.response.body"}), headers=headers)
    assert journal.find()[0].request.body_bytes == 12345
    assert not journal.find()[0].request.whole


@pytest.mark.parametrize("length", [b"9" * 5000, b"-1", b"x", "٣".encode(), b""])
def test_lengths_that_are_none(length):
    """A length that no server lets through breaks nothing."""
    journal, _ = serve(responding(), headers=[(b"content-length", length)])
    assert journal.find()[0].request.body_bytes == 0


async def test_an_app_that_fails():
    """What an app raises goes on, and the exchange is reported without a response."""

    async def app(*_):
        raise ZeroDivisionError

    journal = Journal()
    request = {
        "type": "http",
        "scheme": "http",
        "method": "GET",
        "path": "/é",
        "query_string": b"",
        "headers": [],
    }
    with pytest.raises(ZeroDivisionError):
        (await JournalMiddleware(app, journal, CONTRACT)(request, None, None))
    (exchange,) = journal.find()
    assert (exchange.status, exchange.operation, exchange.method) == (0, "", "GET")


def test_what_is_no_http():
    """Other protocols pass by."""
    journal, sent = serve(responding({"type": "lifespan.startup.complete"}), type="lifespan")
    assert len(sent) == 1
    assert journal.find() == []
