"""The memory of a mock for bodies: journal, rules, API and control API share it."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.recording import JournalMiddleware
from contract_first.mock.pipeline.app import LIMITS
from contract_first.mock.proxy.forwarding import _Body
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.request import budget
from contract_first.service.request.budget import LEAST_BYTES, SHARE, BodyBudget, Share, hold

TAKE = {
    "operationId": "take",
    "requestBody": {"content": {"application/octet-stream": {}, "multipart/form-data": {}}},
    "responses": {"204": {"description": "Taken."}},
}
CONTRACT = Contract(
    {"openapi": "3.1.0", "info": {"title": "Bodies", "version": "1"}, "paths": {"/": {"post": TAKE}}},
    "bodies",
)
BIG = 100_000
BINARY = {"Content-Type": "application/octet-stream"}
OVERRIDE = {"match": {"body": {"/a": "b"}}, "respond": {"status": 418}}


def withheld(url, size):
    """Return a connection on which all of a body but its last byte has been sent."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=30)
    head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {size}\r\n"
    connection.sendall(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + bytes(size - 1))
    return connection


@pytest.mark.parametrize("reads_bodies", [False, True])
def test_withheld_bodies_share_the_memory_of_a_mock(monkeypatch, reads_bodies):
    """What rules and the journal hold of them counts as well as what the API does."""
    monkeypatch.setattr(budget, "LEAST_BYTES", 6 * BIG)
    with contract_mock(CONTRACT) as mock, httpx2.Client(base_url=mock.api) as client:
        if reads_bodies:
            mock.override(**OVERRIDE)
        connections = [withheld(mock.api, BIG) for _ in range(4)]
        refused, deadline = [], time.monotonic() + 30
        while not refused and time.monotonic() < deadline:
            response = client.post("/", content=bytes(BIG), headers=BINARY)
            refused = [response] if response.status_code == 503 else []
        small = client.post("/", content=bytes(1000), headers=BINARY)
        control = client.post("/_mock/faults", json={"x": "a" * 2 * BIG})
        for connection in connections:
            connection.close()
        while (later := client.post("/", content=bytes(BIG), headers=BINARY)).status_code == 503:
            assert time.monotonic() < deadline
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].json()["detail"].startswith("Too many large bodies are being received")
    assert (small.status_code, control.status_code, later.status_code) == (204, 503, 204)


def test_the_largest_body_is_half_of_the_memory():
    """Raw bodies are held whole; files of forms may be on disk."""
    assert 2 * LIMITS.body == LEAST_BYTES
    with contract_mock(CONTRACT) as mock:
        raw = httpx2.post(mock.api, content=bytes(LIMITS.body + 1), headers=BINARY)
        form = httpx2.post(mock.api, files={"file": bytes(LIMITS.body + 1)})
    assert (raw.status_code, form.status_code) == (413, 204)
    assert f"larger than {LIMITS.body} bytes" in raw.json()["detail"]


def scope_with_room(size):
    """Return the scope of a request whose share has so much room left."""
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "client": ("::1", 1)}
    scope |= {"scheme": "http", "headers": []}
    scope[SHARE] = Share(BodyBudget(), scope)
    hold(scope, LEAST_BYTES // 2 - size)
    return scope


def pieces(count):
    """Return a ``receive`` with so many pieces of a body."""
    messages = [
        {"type": "http.request", "body": bytes(BIG), "more_body": n < count} for n in range(1, count + 1)
    ]

    async def receive():
        return messages.pop(0)

    return receive


def other_of(scope):
    """Return another request of the same address in the same memory."""
    return {**scope, SHARE: Share(scope[SHARE].budget, scope)}


async def test_without_room_the_journal_records_no_more_of_a_body():
    """The exchange goes on, and is recorded with the length of its body."""
    journal, scope = Journal(), other_of(scope_with_room(40_000))

    async def app(_scope, receive, send):
        await receive()
        await receive()
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async def send(_message):
        """Send nothing."""

    receive = pieces(2)
    await JournalMiddleware(app, journal, CONTRACT)(scope, receive, send)
    (recorded,) = journal.find()
    assert (recorded.status, recorded.request.body, recorded.request.body_bytes) == (204, b"", 2 * BIG)


@pytest.mark.parametrize(("room", "is_held"), [(4 * BIG, True), (2.5 * BIG, False)])
async def test_without_room_a_forwarded_body_is_not_held(room, is_held):
    """It goes to the upstream, whose response stands; what was held of it has room again."""
    scope = other_of(scope_with_room(int(room)))
    body = _Body(scope, pieces(3), 16 * BIG)
    assert [len(chunk) async for chunk in body.chunks()] == [BIG] * 3
    assert body.can_be_replayed is is_held
    if is_held:
        with pytest.raises(ServiceUnavailable):
            hold(other_of(scope), 2 * BIG)
    else:
        hold(other_of(scope), 2 * BIG)
