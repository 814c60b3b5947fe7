"""What happens in the mock, told to whoever listens."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from secrets import token_hex
from typing import Any, Final, NamedTuple

import msgspec

from openapi_service.problems import ServiceUnavailable

MOST_QUEUED: Final = 256
"""Events that wait for a listener who is slow."""
MOST_LISTENERS: Final = 100


class Event(NamedTuple):
    """Something that happened.

    Attributes:
        name: ``exchange``, ``faults``, ``clock`` or ``state``; ``lost`` where some are missing.
        data: JSON.
        number: of the exchange; 0 for other events.
    """

    name: str
    data: bytes
    number: int = 0


class Events:
    """Hands each event to all who listen by then; any thread may publish, and waits for nobody.

    Attributes:
        run: names this life of the mock, in which no number is given twice.
    """

    def __init__(self) -> None:
        self.run = token_hex(4)
        self._guard = threading.Lock()
        self._listeners: set[Listener] = set()
        self._closed = False

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def publish(self, name: str, data: Any, number: int = 0) -> None:
        """Tell everyone.

        Args:
            name: of the event.
            data: what JSON can say, or msgspec can encode.
            number: of the exchange, if it is one.
        """
        with self._guard:
            listeners = tuple(self._listeners)
        if listeners:
            event = Event(name, msgspec.json.encode(data), number)
            for listener in listeners:
                listener.put(event)

    def listen(self) -> Listener:
        """Return a listener, to be closed by whoever asked for it; it runs in this event loop.

        Raises:
            ServiceUnavailable: there are a hundred already.
        """
        listener = Listener(self)
        with self._guard:
            if len(self._listeners) == MOST_LISTENERS:
                raise ServiceUnavailable(f"There are {MOST_LISTENERS} listeners already.")
            if self._closed:
                listener.put(None)
            self._listeners.add(listener)
        return listener

    def forget(self, listener: Listener) -> None:
        """Tell a listener nothing more."""
        with self._guard:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End what everyone hears, now and from now on."""
        with self._guard:
            self._closed = True
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.put(None)


class Listener:
    """What one listener has still to hear: at most 256 events, of which a slow one loses the oldest."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._guard = threading.Lock()
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._ended = False
        self._something = asyncio.Event()

    def put(self, event: Event | None) -> None:
        """Have an event heard; None is the end."""
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
        """Return what has happened, nothing if that takes longer than this; None at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._something.wait()
        except TimeoutError:
            return []
        self._something.clear()
        with self._guard:
            heard, lost, self._lost = list(self._waiting), self._lost, 0
            self._waiting.clear()
            if self._ended:
                self._something.set()
                if not heard:
                    return None
        return [Event("lost", msgspec.json.encode({"count": lost})), *heard] if lost else heard

    def close(self) -> None:
        """Hear nothing more."""
        self._events.forget(self)
