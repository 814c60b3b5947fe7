"""The journal: the latest exchanges, numbered."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Condition, Lock, RLock
from time import monotonic
from typing import Final, Protocol

import msgspec

from contract_first.check.exchange import RecordedExchange, Validation
from contract_first.masking import Masking
from contract_first.service.messages.problems import ServiceUnavailable

from .selector import ExchangeSelector

MOST_EXCHANGES = 2000
MOST_BYTES = 32 * 1024 * 1024
MOST_BODY_BYTES = 64 * 1024
MOST_LISTENERS = 100
NO_ROOM: Final = (
    "Exchanges up to number {} are left out, since the journal has room for the latest {}, and {} bytes."
)
TO_FOLLOW: Final = "{} later exchanges are left out, beyond the limit of an export; they follow number {}."
EVERYTHING = ExchangeSelector()
Service = str | msgspec.UnsetType
Validate = Callable[[RecordedExchange], Validation]
"""Returns the violations of an exchange."""
OVERHEAD_BYTES = 1024
"""About what the objects around an exchange take."""


class Recordable(Protocol):
    """An exchange that is computed when it is asked for, such as a `Recording`."""

    service: Service
    """That it is for, of a mock with several."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""

    def exchange(self, number: int, masking: Masking) -> RecordedExchange:
        """Return the exchange as the journal shows it."""

    def unmasked(self) -> RecordedExchange:
        """Return the exchange with its secrets, which a schema may describe."""


class Entry:
    """An exchange in the journal, computed and validated when it is asked for, once."""

    __slots__ = ("_masked", "_recorded", "_validated", "number", "service", "size")

    def __init__(self, number: int, recorded: Recordable | RecordedExchange) -> None:
        self.number = number
        self.size = OVERHEAD_BYTES + (
            _size(recorded) if isinstance(recorded, RecordedExchange) else recorded.size
        )
        self.service = recorded.service
        self._recorded = recorded
        self._masked: RecordedExchange | None = None
        self._validated: RecordedExchange | None = None

    def exchange(self, masking: Masking) -> RecordedExchange:
        """Return the exchange, its secrets masked."""
        if self._masked is None:
            recorded = self._recorded
            if not isinstance(recorded, RecordedExchange):
                recorded = recorded.exchange(self.number, masking)
            self._masked = recorded
        return self._masked

    def validated(self, masking: Masking, validate: Validate) -> RecordedExchange:
        """Return the exchange with its violations; a mask is not taken for what was sent."""
        if self._validated is None:
            masked, recorded = self.exchange(masking), self._recorded
            raw = recorded if isinstance(recorded, RecordedExchange) else recorded.unmasked()
            parts = {"url": raw.url, "request": raw.request, "response": raw.response}
            verdict = validate(msgspec.structs.replace(masked, **parts))
            self._validated = self._recorded = msgspec.structs.replace(masked, verdict=verdict)
        return self._validated


class Journal:
    """The latest exchanges; any thread may record and find them."""

    def __init__(self, masking: Masking | None = None) -> None:
        self.masking = masking or Masking()
        self.maskings: dict[Service, Masking] = {}
        """In place of that, by service."""
        self._validating = Lock()
        self._make_validators: dict[Service, Callable[[], Validate]] = {}
        self._validators: dict[Service, Validate] = {}
        self.most_exchanges, self.most_bytes = MOST_EXCHANGES, MOST_BYTES
        self.most_body_bytes = MOST_BODY_BYTES
        self.last = 0
        self._bytes = self._removed = 0
        self._entries: deque[Entry] = deque()
        self._lock = RLock()  # entered in C, a condition in Python
        self._changed = Condition(self._lock)
        self._ended = False
        self._listeners: list[Callable[[int], object]] = []

    def validate_with(self, make_validator: Callable[[], Validate], service: Service = msgspec.UNSET) -> None:
        """Use a validator, made on first use, for exchanges of a service that are not validated yet."""
        self._make_validators[service] = make_validator
        self._validators.pop(service, None)

    def record(self, recorded: Recordable | RecordedExchange) -> None:
        """Record an exchange, and remove the oldest ones if there are too many."""
        with self._lock:
            self.last = number = self.last + 1
            if isinstance(recorded, RecordedExchange):
                recorded = msgspec.structs.replace(recorded, number=number)
            entry = Entry(number, recorded)
            self._entries.append(entry)
            self._bytes += entry.size
            while len(self._entries) > self.most_exchanges or self._bytes > self.most_bytes:
                removed = self._entries.popleft()
                self._removed, self._bytes = removed.number, self._bytes - removed.size
            self._changed.notify_all()
        for listener in self._listeners:
            listener(number)

    def find(
        self, selector: ExchangeSelector = EVERYTHING, limit: int | None = None, most_bytes: int | None = None
    ) -> list[RecordedExchange]:
        """Return the selected exchanges, oldest first, validated.

        Validation takes milliseconds an exchange: not for an event loop's own thread.

        Args:
            limit: how many; the first of them.
            most_bytes: about how many bytes of them; at least one, if there is any.
        """
        exchanges: list[RecordedExchange] = []
        for entry in islice(self._entries_of(selector), limit):
            exchange = self.validated(entry)
            if most_bytes is not None and exchanges:
                most_bytes -= max(entry.size, _size(exchange))  # longer without its content coding
                if most_bytes < 0:
                    break
            exchanges.append(exchange)
        return exchanges

    def omission(self, selector: ExchangeSelector, exchanges: list[RecordedExchange], until: int) -> str:
        """Return what an export of selected exchanges leaves out, in sentences; empty if nothing.

        Args:
            exchanges: that are in it: the first of those that are selected.
            until: the number of the latest exchange when they were selected.
        """
        last = exchanges[-1].number if exchanges else selector.after
        more = self.count(msgspec.structs.replace(selector, after=last), until)
        removed = NO_ROOM.format(self._removed, self.most_exchanges, self.most_bytes)
        sentences = (removed if self._removed > selector.after else "", TO_FOLLOW.format(more, last))
        return " ".join(filter(None, sentences[: 1 + (more > 0)]))

    def wait(self, selector: ExchangeSelector, count: int, seconds: float) -> bool:
        """Wait until so many exchanges are there, or the time is over; return whether they are."""
        until = monotonic() + seconds
        counted = _Counter(self, selector)
        while counted.up_to_now() < count:
            with self._lock:
                left = until - monotonic()
                if left <= 0 or (self.last == counted.seen and not self._changed.wait(left)):
                    return counted.up_to_now() >= count
        return True

    async def wait_for(self, selector: ExchangeSelector, count: int, seconds: float) -> None:
        """Wait as `wait` does, in an event loop.

        Raises:
            ServiceUnavailable: a hundred listen already.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        counted = _Counter(self, selector)
        with self.listening(lambda _: loop.call_soon_threadsafe(changed.set)):
            try:
                async with asyncio.timeout(seconds):
                    while await asyncio.to_thread(counted.up_to_now) < count and not self._ended:
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                return

    def end(self) -> None:
        """End all waiting for exchanges."""
        self._ended = True
        for listener in self._listeners:
            listener(0)

    def clear(self, scope: str | None = None) -> None:
        """Remove all exchanges, or those of a scope, or of none (empty); numbers go on."""
        with self._lock:
            rest = [e for e in self._entries if scope is not None and self._masked(e).scope != scope]
            self._entries, self._removed = deque(rest), 0 if scope is None else self._removed
            self._bytes = sum(entry.size for entry in rest)

    @contextmanager
    def listening(self, listener: Callable[[int], object]) -> Iterator[None]:
        """Call a listener with the number of each exchange, in the thread that records it.

        At the end of the journal it is called with 0.

        Raises:
            ServiceUnavailable: a hundred listen already.
        """
        with self._lock:
            if len(self._listeners) >= MOST_LISTENERS:
                raise ServiceUnavailable(f"{MOST_LISTENERS} listen to the journal already.")
            self._listeners = [*self._listeners, listener]
        try:
            yield
        finally:
            with self._lock:
                self._listeners = [other for other in self._listeners if other is not listener]

    def count(self, selector: ExchangeSelector, until: int) -> int:
        """Return how many exchanges are selected, up to a number."""
        return sum(entry.number <= until for entry in self._entries_of(selector))

    def entry(self, number: int) -> Entry | None:
        """Return the entry of a number, which is quick for a recent one; None if it is not there any more."""
        with self._lock:
            return next((entry for entry in reversed(self._entries) if entry.number == number), None)

    def validated(self, entry: Entry) -> RecordedExchange:
        """Return the exchange of an entry with its violations, if exchanges are validated.

        Validation takes milliseconds an exchange: not for an event loop's own thread.
        """
        service = entry.service
        if service not in self._make_validators:
            return self._masked(entry)
        with self._validating:  # so that nothing is validated twice
            if service not in self._validators:
                self._validators[service] = self._make_validators[service]()
            return entry.validated(self.maskings.get(service, self.masking), self._validators[service])

    def _masked(self, entry: Entry) -> RecordedExchange:
        return entry.exchange(self.maskings.get(entry.service, self.masking))

    def _entries_of(self, selector: ExchangeSelector) -> Iterator[Entry]:
        with self._lock:
            entries = [entry for entry in self._entries if entry.number > selector.after]
        is_all = msgspec.structs.replace(selector, after=0) == EVERYTHING  # then no exchange is computed
        for entry in entries:
            if is_all or (
                selector.matches(self._masked(entry))
                and (not selector.violations or self.validated(entry).violations)
            ):
                yield entry


class _Counter:
    """Counts the selected exchanges so far, looking at each once."""

    def __init__(self, journal: Journal, selector: ExchangeSelector) -> None:
        self._journal = journal
        self._selector = selector
        self._count = 0
        self.seen = selector.after

    def up_to_now(self) -> int:
        """Count new exchanges, and return how many there are in all."""
        seen = self._journal.last
        self._count += self._journal.count(msgspec.structs.replace(self._selector, after=self.seen), seen)
        self.seen = max(seen, self.seen)
        return self._count


def _size(exchange: RecordedExchange) -> int:
    messages = (exchange.request, exchange.response)
    pairs = [pair for message in messages for pair in (*message.headers, *message.fields)]
    return sum(len(message.body) for message in messages) + sum(len(n) + len(v) for n, v in pairs)
