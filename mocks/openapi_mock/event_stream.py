"""Events over HTTP, as server-sent events."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import msgspec

from .events import Event
from .journal.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from .events import Events, Listener
    from .journal import Exchange, Journal

HEARTBEAT_SECONDS: Final = 15.0
AT_ONCE: Final = 50
MOST_BYTES_AT_ONCE: Final = 512 * 1024
LAST_ID: Final = "last_event_id"


class EventStream:
    """Events as an ASGI app: ``text/event-stream``, until the client goes away or the mock ends.

    Whoever says by ``Last-Event-ID`` what it heard last is told the exchanges since then, and so is one who
    is too slow for what comes. What another life of the mock told is over: then `begun` comes, and all that
    the journal has.

    Args:
        events: as they come.
        journal: the exchanges that there have been.
    """

    def __init__(self, events: Events, journal: Journal) -> None:
        self._events = events
        self._journal = journal
        self._id = re.compile(rf"{events.run}\.(\d{{1,18}})")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        listener, last = self._events.listen(), self._journal.last
        leaving = asyncio.create_task(_left(receive))
        leaving.add_done_callback(lambda _: listener.put(None))
        try:
            headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if scope["method"] != "HEAD":
                async for frames in self._frames(listener, last, _last_id(scope)):
                    await send({"type": "http.response.body", "body": frames, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            listener.close()
            leaving.cancel()

    async def _frames(self, listener: Listener, told: int, last_id: str | None) -> AsyncIterator[bytes]:
        yield b": listening\n\n"
        behind = last_id is not None
        if last_id is not None and not (told := self._number(last_id)):
            yield self._frame(Event("begun", b"{}"))
        heard: list[Event] | None = []
        while heard is not None:
            while behind and (missed := await asyncio.to_thread(self._after, told)):
                told = missed[-1].number
                yield b"".join(map(self._frame_of, missed))
            for event in heard:
                if not 0 < event.number <= told:
                    told = max(told, event.number)
                    yield self._frame(event)
            heard = await listener.hear(HEARTBEAT_SECONDS)
            behind = heard is not None and any(event.name == "lost" for event in heard)
            if heard == []:
                yield b": still here\n\n"

    def _number(self, last_id: str) -> int:
        """Return the number of the exchange that was heard last; 0 for none in this life of the mock."""
        found = self._id.fullmatch(last_id)
        return min(int(found[1]), self._journal.last) if found else 0

    def _after(self, number: int) -> list[Exchange]:
        return self._journal.find(Wanted(after=number), AT_ONCE, MOST_BYTES_AT_ONCE)

    def _frame_of(self, exchange: Exchange) -> bytes:
        return self._frame(Event("exchange", msgspec.json.encode(exchange), exchange.number))

    def _frame(self, event: Event) -> bytes:
        number = f"id: {self._events.run}.{event.number}\n" if event.number else ""
        return b"%sevent: %s\ndata: %s\n\n" % (number.encode(), event.name.encode(), event.data)


def _last_id(scope: Scope) -> str | None:
    """Return what was heard last, by the header, or else by the query, for a first request by EventSource."""
    header = next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == b"last-event-id"), None
    )
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return header if header is not None else dict(query).get(LAST_ID)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
