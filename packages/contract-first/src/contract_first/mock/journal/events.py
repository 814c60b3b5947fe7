"""What happens in the mock, published to listeners, and over HTTP as server-sent events."""

import asyncio
import re
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from secrets import token_hex
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope, Send

from contract_first.check.exchange import RecordedExchange
from contract_first.service.messages.problems import ServiceUnavailable
from contract_first.service.messages.streaming import until_gone

from .journal import Journal
from .selector import ExchangeSelector

MOST_QUEUED: Final = 256
"""Events that wait for a listener who is slow."""
MOST_LISTENERS: Final = 100
HEARTBEAT_SECONDS: Final = 15.0
AT_ONCE: Final = 50
MOST_BYTES_AT_ONCE: Final = 512 * 1024
LAST_ID: Final = "last_event_id"
RULES: Final = ("faults", "overrides")
OF_STREAM: Final = ("start", "lost")
"""Events about the stream itself."""


class Event(NamedTuple):
    """Something that happened.

    Attributes:
        name: ``exchange``, ``faults``, ``overrides``, ``clock``, ``state``; ``lost`` where some are missing.
        number: of the exchange; 0 for other events.
        scope: of the exchange; of other events that whose state changed.
    """

    name: str
    data: bytes
    number: int = 0
    scope: str = ""


class Events:
    """Hands each event to all listeners of the moment; any thread may publish, and never waits.

    Args:
        current_scope: returns the scope whose state is in use.

    Attributes:
        run: names this run of the mock, in which no number is used twice.
    """

    def __init__(self, current_scope: Callable[[], str] = str) -> None:
        self._current_scope = current_scope
        self.run = token_hex(4)
        self._guard = threading.Lock()
        self._listeners: set[EventListener] = set()
        self._closed = False

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def publish(self, name: str, data: Any) -> None:
        """Publish what happened to the rules, or to the state of the current scope."""
        self._publish(name, data, 0, self._current_scope())

    def publish_exchange(self, exchange: RecordedExchange) -> None:
        self._publish("exchange", exchange, exchange.number, exchange.scope)

    def _publish(self, name: str, data: Any, number: int, scope: str) -> None:
        with self._guard:
            listeners = tuple(self._listeners)
        if listeners:
            event = Event(name, msgspec.json.encode(data), number, scope)
            for listener in listeners:
                listener.put(event)

    def listen(self) -> "EventListener":
        """Return a listener of this event loop, to be removed by the caller.

        Raises:
            ServiceUnavailable: there are a hundred already.
        """
        listener = EventListener()
        with self._guard:
            if len(self._listeners) == MOST_LISTENERS:
                raise ServiceUnavailable(
                    f"There are {MOST_LISTENERS} listeners already; no more are admitted."
                )
            if self._closed:
                listener.put(None)
            self._listeners.add(listener)
        return listener

    def remove(self, listener: "EventListener") -> None:
        with self._guard:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End the events of all listeners, now and from now on."""
        with self._guard:
            self._closed = True
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.put(None)


class EventListener:
    """The events that one listener has not got yet: at most 256, of which a slow one loses the oldest."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._guard = threading.Lock()
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._ended = False
        self._something = asyncio.Event()

    def put(self, event: Event | None) -> None:
        """Add an event; None is the end."""
        with self._guard:
            if event is None:
                self._ended = True
            elif len(self._waiting) == MOST_QUEUED:
                self._waiting.popleft()
                self._lost += 1
            if event is not None:
                self._waiting.append(event)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._something.set)

    async def hear(self, seconds: float) -> list[Event] | None:
        """Return new events, none after so many seconds without; None at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._something.wait()
        except TimeoutError:
            return []
        self._something.clear()
        with self._guard:
            events, lost, self._lost = list(self._waiting), self._lost, 0
            self._waiting.clear()
            if self._ended:
                self._something.set()
                if not events:
                    return None
        return [Event("lost", msgspec.json.encode({"count": lost})), *events] if lost else events


class _Selection:
    """The events that a listener gets.

    Args:
        scope: whose; empty for all exchanges and rules, and the state that scopes have in common.
        isolated: whether scopes have state of their own.
    """

    def __init__(self, scope: str, *, isolated: bool) -> None:
        self.scope = scope
        self._state = scope if isolated else ""

    def has(self, event: Event) -> bool:
        """Return whether the listener gets an event."""
        if event.name in RULES:
            return True
        if event.number:
            return self.scope in {"", event.scope}
        return event.name in OF_STREAM or event.scope == self._state

    def part(self, event: Event) -> Event:
        """Return an event with the rules of the scope alone."""
        if event.name not in RULES or not self.scope:
            return event
        rules = msgspec.json.decode(event.data)[event.name]
        listed = [rule for rule in rules if rule["scope"] == self.scope]
        return event._replace(data=msgspec.json.encode({event.name: listed}))


class EventStream:
    """Events as an ASGI app: ``text/event-stream``, until the client goes away or the mock ends.

    A client that names its last event by ``Last-Event-ID`` gets the exchanges since then, and so does one
    that was too slow. If the event is of another run of the mock, ``start`` comes, and all that is in the
    journal. The query's ``scope``, or ``X-Mock-Scope``, selects the events of a scope.

    Args:
        isolated: whether scopes have state of their own.
    """

    def __init__(self, events: Events, journal: Journal, *, isolated: bool = False) -> None:
        self._events = events
        self._journal = journal
        self._isolated = isolated
        self._id = re.compile(rf"{events.run}\.(\d{{1,18}})")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        listener, last = self._events.listen(), self._journal.last
        leaving = asyncio.create_task(until_gone(receive))
        leaving.add_done_callback(lambda _: listener.put(None))
        try:
            headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if scope["method"] != "HEAD":
                selection = _Selection(_field(scope, "x-mock-scope", "scope") or "", isolated=self._isolated)
                last_id = _field(scope, "last-event-id", LAST_ID)
                async for frames in self._frames(listener, last, last_id, selection):
                    await send({"type": "http.response.body", "body": frames, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._events.remove(listener)
            leaving.cancel()

    async def _frames(
        self, listener: EventListener, last: int, last_id: str | None, selection: _Selection
    ) -> AsyncIterator[bytes]:
        yield b": listening\n\n"
        behind = last_id is not None
        if last_id is not None and not (last := self._number(last_id)):
            yield self._frame(Event("start", b"{}"))
        events: list[Event] | None = []
        while events is not None:
            while behind and (missed := await asyncio.to_thread(self._after, last, selection.scope)):
                last = missed[-1].number
                encoded = ((msgspec.json.encode(exchange), exchange.number) for exchange in missed)
                yield b"".join(self._frame(Event("exchange", *pair)) for pair in encoded)
            for event in filter(selection.has, events):
                if not 0 < event.number <= last:
                    last = max(last, event.number)
                    yield self._frame(selection.part(event))
            events = await listener.hear(HEARTBEAT_SECONDS)
            behind = events is not None and any(event.name == "lost" for event in events)
            if events == []:
                yield b": still here\n\n"

    def _number(self, last_id: str) -> int:
        """Return the number of the last exchange that the client got; 0 for none of this run."""
        match = self._id.fullmatch(last_id)
        return min(int(match[1]), self._journal.last) if match else 0

    def _after(self, number: int, scope: str) -> list[RecordedExchange]:
        return self._journal.find(ExchangeSelector(after=number, scope=scope), AT_ONCE, MOST_BYTES_AT_ONCE)

    def _frame(self, event: Event) -> bytes:
        number = f"id: {self._events.run}.{event.number}\n" if event.number else ""
        return b"%sevent: %s\ndata: %s\n\n" % (number.encode(), event.name.encode(), event.data)


def _field(scope: Scope, name: str, parameter: str) -> str | None:
    """Return a field of a request, or else a parameter of its query, as EventSource sends no fields."""
    fields = ((field.decode("latin-1"), value.decode("latin-1")) for field, value in scope["headers"])
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return dict(fields).get(name, query.get(parameter))
