"""The journal: the latest exchanges, numbered, and whoever waits for one."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from itertools import islice
from threading import Condition, Lock
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

from openapi_check.exchange import Exchange
from openapi_check.masking import Masking

from .entry import Entry, violates
from .wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .entry import Judge, Recordable

MOST_EXCHANGES = 2000
MOST_BYTES = 32 * 1024 * 1024
MOST_BODY_BYTES = 64 * 1024
MOST_LISTENERS = 100
EVERYTHING = Wanted()


class TooManyListenersError(Exception):
    """Too many wait for what a journal hears."""


class Journal:
    """The latest exchanges; any thread may tell of one or ask for some.

    Args:
        masking: what is secret.
        make_judge: makes what gives the verdicts, when the first is asked for; None for no verdicts.
        most_exchanges: how many are kept.
        most_bytes: how many bytes they may take.
        most_body_bytes: how much is kept of a body.
    """

    def __init__(
        self,
        masking: Masking | None = None,
        make_judge: Callable[[], Judge] | None = None,
        *,
        most_exchanges: int = MOST_EXCHANGES,
        most_bytes: int = MOST_BYTES,
        most_body_bytes: int = MOST_BODY_BYTES,
    ) -> None:
        self.masking = masking or Masking()
        self._judging = Lock()
        self.judge_with(make_judge)
        self.most_body_bytes = most_body_bytes
        self.last = 0
        self._most_exchanges = most_exchanges
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: deque[Entry] = deque()
        self._changed = Condition()
        self._ended = False
        self._listeners: list[Callable[[int], object]] = []

    def judge_with(self, make_judge: Callable[[], Judge] | None) -> None:
        """Have another judge for what is not judged yet."""
        self._make_judge = make_judge
        self._judge: Judge | None = None

    def record(self, recorded: Recordable | Exchange) -> None:
        """Take in an exchange, and forget the oldest ones if there are too many."""
        with self._changed:
            self.last = number = self.last + 1
            if isinstance(recorded, Exchange):
                recorded = msgspec.structs.replace(recorded, number=number)
            entry = Entry(number, recorded)
            self._entries.append(entry)
            self._bytes += entry.size
            while len(self._entries) > self._most_exchanges or self._bytes > self._most_bytes:
                self._bytes -= self._entries.popleft().size
            self._changed.notify_all()
        for tell in self._listeners:
            tell(number)

    def find(
        self, wanted: Wanted = EVERYTHING, limit: int | None = None, most_bytes: int | None = None
    ) -> list[Exchange]:
        """Return the exchanges that are asked for, oldest first, judged.

        Judging takes milliseconds an exchange: not for an event loop's own thread.

        Args:
            wanted: what they have to be.
            limit: how many; the first of them.
            most_bytes: about how many bytes of them; at least one, if there is any.
        """
        found: list[Exchange] = []
        for entry in islice(self._entries_of(wanted), limit):
            if most_bytes is not None and found and (most_bytes := most_bytes - entry.size) < 0:
                break
            found.append(self._judged(entry))
        return found

    def wait(self, wanted: Wanted, count: int, seconds: float) -> bool:
        """Wait until so many exchanges are there, or the time is over; return whether they are."""
        until = monotonic() + seconds
        counted = _Counted(self, wanted)
        while counted.up_to_now() < count:
            with self._changed:
                left = until - monotonic()
                if left <= 0 or (self.last == counted.seen and not self._changed.wait(left)):
                    return counted.up_to_now() >= count
        return True

    async def wait_for(self, wanted: Wanted, count: int, seconds: float) -> None:
        """Wait as `wait` does, in an event loop.

        Raises:
            TooManyListenersError: too many wait already.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        counted = _Counted(self, wanted)
        with self.listening(lambda _: loop.call_soon_threadsafe(changed.set)):
            try:
                async with asyncio.timeout(seconds):
                    while await asyncio.to_thread(counted.up_to_now) < count and not self._ended:
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                return

    def end(self) -> None:
        """Let nobody wait for exchanges any longer."""
        self._ended = True
        for tell in self._listeners:
            tell(self.last)

    def clear(self, scope: str | None = None) -> None:
        """Forget all exchanges, or those of a scope; numbers go on."""
        with self._changed:
            kept = [e for e in self._entries if scope and e.exchange(self.masking).scope != scope]
            self._entries = deque(kept)
            self._bytes = sum(entry.size for entry in kept)

    @contextmanager
    def listening(self, tell: Callable[[int], object]) -> Iterator[None]:
        """Have something called with the number of each exchange, in the thread that tells of it.

        Raises:
            TooManyListenersError: a hundred listen already.
        """
        with self._changed:
            if len(self._listeners) >= MOST_LISTENERS:
                raise TooManyListenersError(f"{MOST_LISTENERS} wait for the journal already.")
            self._listeners = [*self._listeners, tell]
        try:
            yield
        finally:
            with self._changed:
                self._listeners = [each for each in self._listeners if each is not tell]

    def count(self, wanted: Wanted, until: int) -> int:
        """Return how many exchanges are asked for, up to a number."""
        return sum(entry.number <= until for entry in self._entries_of(wanted))

    def _judged(self, entry: Entry) -> Exchange:
        if self._make_judge is None:
            return entry.exchange(self.masking)
        with self._judging:  # so that nothing is judged twice
            self._judge = self._judge or self._make_judge()
            return entry.judged(self.masking, self._judge)

    def _entries_of(self, wanted: Wanted) -> Iterator[Entry]:
        with self._changed:
            entries = [entry for entry in self._entries if entry.number > wanted.after]
        for entry in entries:
            if wanted.admits(entry.exchange(self.masking)) and (
                not wanted.violations or violates(self._judged(entry))
            ):
                yield entry


class _Counted:
    """How many exchanges of a kind there have been so far; each is looked at once."""

    def __init__(self, journal: Journal, wanted: Wanted) -> None:
        self._journal = journal
        self._wanted = wanted
        self._count = 0
        self.seen = wanted.after

    def up_to_now(self) -> int:
        """Look at what is new, and return how many there are."""
        seen = self._journal.last
        self._count += self._journal.count(msgspec.structs.replace(self._wanted, after=self.seen), seen)
        self.seen = max(seen, self.seen)
        return self._count
