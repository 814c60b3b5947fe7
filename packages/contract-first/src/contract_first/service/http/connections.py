"""How many connections a server has at once, which makes room for another, and the memory that they share."""

import asyncio
import contextlib
import operator
import resource
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from contract_first.service.messages.problems import ServiceUnavailable

from .proxies import TrustedProxies, subscriber_of
from .turns import SHORT_TURN_SECONDS, Rotation

RESERVED_FILES = 64
"""Files that a process may open beside its connections."""
MOST_WAITING = 2048
"""Connections that are accepted and not open yet: as many as the system has wait (`listening.BACKLOG`)."""
MOST_FILES = 65_536
"""Files to ask for where the system sets no limit."""
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
RESERVED_FOR_HEALTH = 16
"""Connections beyond the limits, on which only these are served."""
LONGEST_PAUSE_SECONDS = 0.05
"""Between two pipelined requests, however long the turns of the event loop are."""
FREE_HEAD_BYTES = 4096
"""Heads up to this size need no share: of as many connections as a process has they are few megabytes."""
MOST_HEADS_BYTES = 24 * 1024 * 1024
"""Of longer heads, and of what is sent behind a request before its response."""
FREE_RESPONSE_BYTES = 64 * 1024
"""Bodies of responses up to this size need no share: the system takes them, or a few of a connection wait."""
MOST_RESPONSES_BYTES = 64 * 1024 * 1024
"""Of longer ones that clients are yet to read, for an app without a limit as its ``most_response_bytes``."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be at once.

    Attributes:
        total: of all clients.
        per_address: of one IPv4 address or IPv6 network of 64 bits.
        proxies: addresses that have the connections of many clients, and only the total limit.
    """

    total: int = 4096
    per_address: int = 512
    proxies: TrustedProxies = field(default_factory=lambda: TrustedProxies(()))


class ClientConnection(Protocol):
    """One connection: its client, whether it is idle, and in what order it was last used."""

    client: tuple[str, int] | None
    last_used: int
    for_health_only: bool

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served, and no body is coming in."""

    def give_way(self) -> None:
        """Close at once, to make room for another connection."""


class Connections(set[Any]):
    """The connections of a uvicorn server.

    At a limit, a new connection takes the place of the one that has been idle longest, so that idle clients
    keep nobody out. Where none is idle, the new one may only ask for the server's health, and is closed if
    too many do.
    """

    def __init__(self, limits: ConnectionLimits, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._limits = limits
        files = max(2, file_limit() - RESERVED_FILES)
        self.most_waiting = max(1, min(MOST_WAITING, files // 8))
        self._total = min(limits.total, files - self.most_waiting)
        self._by_address: dict[str, dict[ClientConnection, None]] = {}
        self._orders: dict[str, list[tuple[bool, int, ClientConnection]]] = {}
        self._ahead: Rotation[Callable[[], None]] = Rotation()
        self._turn_at = self._read_at = 0.0

    def owner(self, connection: ClientConnection) -> Hashable:
        """Return who a connection's memory and turns count for: its address, or itself behind a proxy."""
        address = _address(connection)
        return connection.client if self._limits.proxies.trusts(address) else address

    def take_turn(self, owner: Hashable, read: Callable[[], None]) -> None:
        """Read a pipelined request: one in each short turn of the event loop, however many there are.

        So clients that send one request at a time do not wait for all of them, nor for all those that take
        many turns. Where no turn is short, one is read now and then. Those of different owners alternate.
        """
        self._ahead.add(owner, read)
        if len(self._ahead) == 1:
            self._turn_at = self._clock()
            asyncio.get_running_loop().call_soon(self._read_one)

    def _read_one(self) -> None:
        now = self._clock()
        is_due = now - self._turn_at <= SHORT_TURN_SECONDS or now - self._read_at >= LONGEST_PAUSE_SECONDS
        self._turn_at = now
        read = self._ahead.take() if is_due else None
        has_others = bool(self._ahead)
        try:
            if read is not None:
                self._read_at = now
                read()
        finally:  # behind what serves the request
            if has_others:
                asyncio.get_running_loop().call_soon(self._read_one)

    def admit(self, connection: ClientConnection) -> None:
        """Count a connection that was just added, and make room for it."""
        address = _address(connection)
        same = self._by_address.setdefault(address, {})
        same[connection] = None
        if len(same) > self._limits.per_address and not self._limits.proxies.trusts(address):
            self._close_one(address, same, connection)
        elif len(self) > self._total:
            self._close_one("", self, connection)

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        address = _address(connection)
        same = self._by_address.get(address, {})
        same.pop(connection, None)
        if not same:
            self._by_address.pop(address, None)
            self._orders.pop(address, None)

    def _close_one(self, pool: str, connections: Iterable[ClientConnection], new: ClientConnection) -> None:
        closed = self._longest_idle(pool, connections, new)
        if closed is None and sum(connection.for_health_only for connection in self) < RESERVED_FOR_HEALTH:
            new.for_health_only = True
            return
        closed = closed or new
        new.for_health_only = closed.for_health_only
        self.discard(closed)  # it may take a turn of the event loop until it is lost
        closed.give_way()

    def _longest_idle(
        self, pool: str, connections: Iterable[ClientConnection], new: ClientConnection
    ) -> ClientConnection | None:
        """Return the one to close; those for health come last. Their order is worked out for many calls."""
        order = self._orders.setdefault(pool, [])
        for is_exhausted in (False, True):
            if is_exhausted:
                idle = [other for other in connections if other is not new and other.is_idle]
                order += [(other.for_health_only, other.last_used, other) for other in idle]
                order.sort(key=operator.itemgetter(0, 1), reverse=True)
            while order:
                _, last_used, connection = order.pop()
                if connection in self and connection.last_used == last_used and connection.is_idle:
                    return connection
        return None


class Budget:
    """Bytes that may be held at once; an owner, such as an address, has a part of them at most.

    Who withholds the rest of many requests leaves room for others.

    Args:
        refusal: the detail of the problem while there is no room.
        free_bytes: up to which size what is held takes no share.
        part: how much of them one owner has at most.
    """

    def __init__(self, most_bytes: int, refusal: str, free_bytes: int = 0, part: float = 1 / 2) -> None:
        self._most_bytes = most_bytes
        self._owner_bytes = int(most_bytes * part)
        self._free_bytes = free_bytes
        self._refusal = refusal
        self._total_bytes = 0
        self._held: Counter[Hashable] = Counter()

    def resize(self, owner: Hashable, before: int, size: int) -> int:
        """Hold so many bytes for an owner instead of those before, and return how many of them count.

        Raises:
            ServiceUnavailable: there is no room for more.
        """
        # there is room for one of any size
        size = min(size, self._owner_bytes) if size > self._free_bytes else 0
        if size != before:
            self.change(owner, size - before)
        return size

    def change(self, owner: Hashable, difference: int) -> None:
        """Hold more bytes for an owner, or fewer.

        Raises:
            ServiceUnavailable: there is no room for more.
        """
        held, total = self._held[owner] + difference, self._total_bytes + difference
        if difference > 0 and (held > self._owner_bytes or total > self._most_bytes):
            if not self._held[owner]:
                del self._held[owner]
            raise ServiceUnavailable(self._refusal)
        self._total_bytes = total
        self._held[owner] = held
        if not held:
            del self._held[owner]


def _address(connection: ClientConnection) -> str:
    return subscriber_of(connection.client[0]) if connection.client else ""


def file_limit() -> int:
    """Return how many files this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft


def raise_file_limit() -> None:
    """Let this process open as many files as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else hard
    if soft not in (resource.RLIM_INFINITY, most):
        with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
