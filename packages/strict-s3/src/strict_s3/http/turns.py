"""Whose turn it is among many connections: one of each address after the other."""

import os
import threading
import time
from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")
MOST_AT_ONCE = max(2, os.cpu_count() or 2)
"""Requests that threads compute at once; more would share the interpreter, each with all others."""
TURN_SECONDS = 0.05
"""How long a turn may take: a request that waits for a fault's delay holds up no others for longer."""


class Rotation(Generic[Item]):
    """Items that wait, of which each owner's first is taken in turn: many of one keep no other waiting."""

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[Item]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, owner: str, item: Item) -> None:
        self._count += 1
        self._queues.setdefault(owner, deque()).append(item)

    def take(self) -> Item:
        """Return the item whose turn it is."""
        self._count -= 1
        owner, queue = self._queues.popitem(last=False)
        item = queue.popleft()
        if queue:
            self._queues[owner] = queue
        return item

    def drop(self) -> Item:
        """Return the last item of the owner who has most, instead of ever taking it."""
        self._count -= 1
        owner, queue = max(self._queues.items(), key=lambda waiting: len(waiting[1]))
        item = queue.pop()
        if not queue:
            del self._queues[owner]
        return item


class Turns:
    """Has a few threads compute at once, those of each address in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[int, float] = {}
        """When the turn of each thread that has one began."""
        self._waiting: Rotation[tuple[int, threading.Event]] = Rotation()

    def __len__(self) -> int:
        """Return how many threads wait."""
        return len(self._waiting)

    def take(self, address: str) -> None:
        """Wait for a turn of this thread, which serves a client of an address."""
        thread = threading.get_ident()
        with self._lock:
            if len(self._since) < MOST_AT_ONCE:
                self._since[thread] = time.monotonic()
                return
            begins = threading.Event()
            self._waiting.add(address, (thread, begins))
        begins.wait()

    def end(self) -> bool:
        """End the turn of this thread; return whether it had one."""
        with self._lock:
            had_turn = self._since.pop(threading.get_ident(), None) is not None
            self._begin()
        return had_turn

    def expire(self) -> None:
        """End turns that have taken too long."""
        with self._lock:
            oldest = time.monotonic() - TURN_SECONDS
            self._since = {thread: since for thread, since in self._since.items() if since > oldest}
            self._begin()

    def _begin(self) -> None:
        while self._waiting and len(self._since) < MOST_AT_ONCE:
            thread, begins = self._waiting.take()
            self._since[thread] = time.monotonic()
            begins.set()
