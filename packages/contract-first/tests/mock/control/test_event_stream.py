"""The event stream: a listener that comes again gets what it has missed, once and in order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx2
import msgspec
import pytest

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.mock.journal.events import MOST_QUEUED, Events, EventStream
from contract_first.mock.journal.journal import Journal


def received(stage, count, *, last_id=None, query=None):
    """Return so many events of a stream: id, name and what was asked for."""
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    events, event = [], {}
    with httpx2.stream(
        "GET", f"{stage.control}/events", params=query, headers=headers, timeout=30, trust_env=False
    ) as response:
        for line in response.iter_lines():
            if not line and event:
                url = msgspec.json.decode(event["data"]).get("url", "")
                events.append((event.get("id", ""), event["event"], url.rpartition("/")[2]))
                event = {}
                if len(events) == count:
                    return events
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value
    return events


@pytest.fixture
def exchanges(control, api):
    """Have five exchanges in the journal."""
    assert control.get("/journal").json()["exchanges"] == []
    for number in range(5):
        api.get(f"/missed-{number}")


@pytest.mark.usefixtures("exchanges")
def test_what_was_missed_is_reported(stage):
    """An id that was reported is gone on from."""
    started, *all_of_them = received(stage, 6, query={"last_event_id": ""})
    assert started[1] == "start"
    assert [target for *_, target in all_of_them] == [f"missed-{number}" for number in range(5)]
    last_id = all_of_them[2][0]
    assert received(stage, 2, last_id=last_id) == all_of_them[3:]
    assert received(stage, 2, last_id=last_id, query={"last_event_id": ""}) == all_of_them[3:]


@pytest.mark.usefixtures("exchanges")
@pytest.mark.parametrize("last_id", ["", "3", "another.3", "x" * 5000, "\u00e9", "0." + "9" * 5000])
def test_an_event_of_another_run_starts_the_stream(stage, last_id):
    """An id that this run has not given out, whatever it is, gets everything from the beginning."""
    events = received(stage, 6, last_id=last_id.encode())
    assert [name for _, name, _ in events] == ["start", *["exchange"] * 5]


def exchange(number):
    """Return an exchange."""
    return RecordedExchange(
        number=number,
        started=datetime.now(UTC),
        milliseconds=0,
        method="GET",
        url="/",
        request=Message(),
        status=200,
        response=Message(),
    )


async def test_a_slow_listener_is_reported_later():
    """Exchanges that a listener was too slow for are read from the journal, each once."""
    journal, events = Journal(), Events()
    stream, numbers = EventStream(events, journal), []
    started, slow, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def receive():
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        started.set()
        numbers.extend(
            int(line.rpartition(b".")[2])
            for line in message.get("body", b"").splitlines()
            if line.startswith(b"id: ")
        )
        await slow.wait()
        if numbers and numbers[-1] == MOST_QUEUED + 9:
            over.set()

    scope = {"method": "GET", "headers": [], "query_string": b""}
    streaming = asyncio.create_task(stream(scope, receive, send))
    await started.wait()
    for number in range(1, MOST_QUEUED + 10):
        journal.record(exchange(number))
        events.publish_exchange(exchange(number))
    slow.set()
    async with asyncio.timeout(30):
        await streaming
    assert numbers == list(range(1, MOST_QUEUED + 10))
