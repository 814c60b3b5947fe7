"""Events: what happens is sent to all who listen, as it happens, and nobody who is slow holds it up."""

from __future__ import annotations

import asyncio
import json
import threading

import httpx2
import pytest

from contract_first.mock.journal.events import MOST_LISTENERS, MOST_QUEUED, Events
from contract_first.service.messages.problems import ServiceUnavailable


def listening(stage):
    """Return a request for the events."""
    return httpx2.stream("GET", f"{stage.control}/events", timeout=30, trust_env=False)


def frames(response):
    """Yield the events of a stream: their fields by name."""
    for block in response.iter_lines():
        if block.startswith("event:"):
            name = block.removeprefix("event: ")
        elif block.startswith("data:"):
            yield name, json.loads(block.removeprefix("data: "))


def test_what_is_done_is_reported(stage, control, api):
    """A change of the clock, of the state, of the faults and an exchange come as events, in their order."""
    with listening(stage) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        received = frames(response)
        control.post("/clock", json={"freeze": True})
        name, clock = next(received)
        assert (name, clock["frozen"]) == ("clock", True)
        control.post("/state/reset")
        while (event := next(received))[0] != "state":
            pass
        assert event[1] == {"change": "reset"}
        api.get("/pets")
        while (event := next(received))[0] != "exchange":
            pass
        assert event[1]["url"].endswith("/pets")


def test_everyone_hears_it(stage, control):
    """Each of several listeners hears each event."""
    with listening(stage) as one, listening(stage) as other:
        received = frames(one), frames(other)
        control.post("/state/snapshot", json={"name": "heard"})
        for each in received:
            assert next(each) == ("state", {"change": "snapshot", "name": "heard"})


def heard(scenario):
    """Run a coroutine function on events."""
    return asyncio.run(scenario(Events()))


def test_a_slow_listener_loses_the_oldest():
    """One that does not listen loses the oldest, learns how many, and has the newest."""

    async def scenario(events):
        listener = events.listen()
        for number in range(MOST_QUEUED + 3):
            events.publish("state", {"number": number})
        lost, *rest = await listener.hear(1)
        return lost, len(rest), *(json.loads(rest[at].data)["number"] for at in (0, -1))

    lost, *rest = heard(scenario)
    assert (lost.name, json.loads(lost.data)) == ("lost", {"count": 3})
    assert rest == [MOST_QUEUED, 3, MOST_QUEUED + 2]


def test_threads_may_publish():
    """What another thread publishes wakes a listener up."""

    async def scenario(events):
        listener = events.listen()
        thread = threading.Thread(target=events.publish, args=("state", {"change": "reset"}))
        thread.start()
        (event,) = await listener.hear(30)
        thread.join()
        return event

    assert heard(scenario) == ("state", b'{"change":"reset"}', 0, "")


def test_a_listener_that_has_gone_gets_nothing():
    """A closed listener hears nothing more, and nothing is kept for it."""

    async def scenario(events):
        listener = events.listen()
        events.remove(listener)
        events.publish("state", {})
        return await listener.hear(0), events.has_listeners

    assert heard(scenario) == ([], False)


def test_the_end_is_sent_to_all():
    """At the end those who listen hear what there was and then the end; later ones hear the end."""

    async def scenario(events):
        listener = events.listen()
        events.publish("state", {})
        events.close()
        first = await listener.hear(1)
        return len(first), await listener.hear(1), await events.listen().hear(1)

    assert heard(scenario) == (1, None, None)


def test_there_is_an_end_of_listeners():
    """A hundred may listen; one more is refused until one of them goes."""

    async def scenario(events):
        listeners = [events.listen() for _ in range(MOST_LISTENERS)]
        with pytest.raises(ServiceUnavailable):
            events.listen()
        events.remove(listeners[0])
        events.listen()

    heard(scenario)
