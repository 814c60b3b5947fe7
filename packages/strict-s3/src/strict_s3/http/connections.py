"""Limits on what clients may use before a request is read: connections, time and memory."""

from __future__ import annotations

import io
import math
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http.client import LineTooLong
from typing import TYPE_CHECKING

from .body import FIELD_LINE
from .turns import Turns

if sys.platform != "win32":
    import resource
if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONNECTIONS = 512
CONNECTIONS_OF_AN_ADDRESS = 256
IDLE_SECONDS = 60
"""How long a connection may be idle, and how long a client may take to read a block."""
PATIENCE_SECONDS = 30
"""How long the head of a request may take, and a body before its rate counts."""
LEAST_BYTES_PER_SECOND = 1024
MOST_BODY_SECONDS = 30 * 60
MOST_HEAD_BYTES = 16 * 1024
"""Of header fields, twice what S3 takes: those of all connections are few megabytes."""
STALL_SECONDS = 2
"""After how long without a byte from a client, or to it, a connection may have to make room."""
ROOM_SECONDS = 1
"""How long a new connection waits for room, and with it all behind it, and the stop of the server."""
MOST_FILES = 4096
"""Two for each connection: its socket, and an object that it sends; and those that are not open yet."""


class MalformedField(Exception):  # noqa: N818 -- says what it is
    """A line of a head that is no field, such as a folded one, which other software may read differently."""


class Incoming(io.BufferedReader):
    """The input of a connection: heads limited in time and length, bodies held to a minimum rate.

    Args:
        waiting: returns what is entered while it waits for bytes.
    """

    def __init__(
        self, connection: socket.socket, waiting: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._raw = _Raw(connection, waiting)
        self._left_bytes: int | None = None
        super().__init__(self._raw)

    def begin_request(self) -> bool:
        """Wait for a request; return whether some of it came in with the last one."""
        self._raw.begin()
        return bool(self.peek()) and not self._raw.has_read

    def begin_fields(self) -> None:
        """Read header fields from now on, within their limit."""
        self._left_bytes = MOST_HEAD_BYTES

    def begin_body(self) -> None:
        """Read a body from now on, at a minimum rate."""
        self._left_bytes = None
        self._raw.begin(is_body=True)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return a line.

        Raises:
            LineTooLong: the header fields are too long together.
            MalformedField: it is none.
        """
        if self._left_bytes is None:
            return super().readline(size)
        line = super().readline(self._left_bytes + 1)
        self._left_bytes -= len(line)
        if self._left_bytes < 0:
            raise LineTooLong("header fields")
        if not FIELD_LINE.fullmatch(line):
            raise MalformedField
        return line


class _Raw(io.RawIOBase):
    """The bytes of a connection; only the time spent waiting for them counts."""

    def __init__(
        self, connection: socket.socket, waiting: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._connection = connection
        self._waiting = waiting
        self.begin()

    def begin(self, *, is_body: bool = False) -> None:
        self._is_body = is_body
        self._waited_seconds = 0.0
        self._read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read available bytes; raise TimeoutError if none come in time."""
        left_seconds = self._allowed_seconds() - self._waited_seconds
        if left_seconds <= 0:
            raise TimeoutError
        self._connection.settimeout(left_seconds)
        start = time.monotonic()
        with self._waiting():
            length = self._connection.recv_into(buffer)
        if self._is_body or self._read_bytes:
            self._waited_seconds += time.monotonic() - start
        self._read_bytes += length
        self._connection.settimeout(IDLE_SECONDS)
        return length

    @property
    def has_read(self) -> bool:
        """Whether any bytes have come in since it began."""
        return bool(self._read_bytes)

    def _allowed_seconds(self) -> float:
        if self._is_body:
            return min(PATIENCE_SECONDS + self._read_bytes / LEAST_BYTES_PER_SECOND, MOST_BODY_SECONDS)
        return PATIENCE_SECONDS if self._read_bytes else IDLE_SECONDS


@dataclass(slots=True)
class _Slot:
    """A connection; `waits_since` is when a body, or its client's reading, began to be waited for."""

    connection: socket.socket
    is_idle: bool = True
    waits_since: float = math.inf


class Connections:
    """The connections of a server, by the addresses of their clients.

    At a limit, the one that has been without a whole head of a request longest makes room, or else one whose
    client has neither sent nor read anything for two seconds. Where none is, a new one of an address that has
    too many is refused, and one beyond all of them has to wait, for a second at most; where one has waited in
    vain, the next ones are refused at once.

    Attributes:
        turns: of the threads that serve requests.
    """

    def __init__(self) -> None:
        self._slots: dict[tuple[str, int], _Slot] = {}
        """Ordered by when they became idle or busy."""
        self._left = threading.Condition()
        self._is_full = False
        self.turns = Turns()

    def admit(self, client: tuple[str, int], connection: socket.socket) -> bool:
        """Admit a connection; return False if there is no room for it."""
        with self._left:
            same = [other for other in self._slots if other[0] == client[0]]
            if len(same) >= CONNECTIONS_OF_AN_ADDRESS and not self._make_room(same):
                return False
            while len(self._slots) >= CONNECTIONS and not self._make_room(list(self._slots)):
                if self._is_full or not self._left.wait(ROOM_SECONDS):
                    self._is_full = True
                    return False
            self._is_full = False
            self._slots[client] = _Slot(connection)
            return True

    def set_socket(self, client: tuple[str, int], connection: socket.socket) -> None:
        """Set the socket that a connection is read by."""
        with self._left:
            if client in self._slots:
                self._slots[client].connection = connection

    def note(self, client: tuple[str, int], *, is_idle: bool) -> None:
        """Mark a connection as idle, or as busy with a request."""
        with self._left:
            slot = self._slots.pop(client, None)
            if slot is not None:
                slot.is_idle = is_idle
                self._slots[client] = slot
                if is_idle:
                    self._left.notify_all()  # it may make room

    def remove(self, client: tuple[str, int]) -> None:
        with self._left:
            self._slots.pop(client, None)
            self._left.notify_all()

    @contextmanager
    def waiting(self, client: tuple[str, int]) -> Iterator[None]:
        """Note that a client is waited for, and leave the turn to others; without the lock of all slots."""
        slot = self._slots.get(client)  # None where it had to make room
        had_turn = self.turns.end()
        if slot is not None:
            slot.waits_since = time.monotonic()
        try:
            yield
        finally:
            if slot is not None:
                slot.waits_since = math.inf
            if had_turn:
                self.turns.take(client[0])

    def _make_room(self, clients: list[tuple[str, int]]) -> bool:
        stalled = time.monotonic() - STALL_SECONDS
        oldest = next((client for client in clients if self._slots[client].is_idle), None) or next(
            (client for client in clients if self._slots[client].waits_since < stalled), None
        )
        if oldest is None:
            return False
        with suppress(OSError):
            self._slots.pop(oldest).connection.shutdown(socket.SHUT_RDWR)
        return True


def raise_file_limit() -> None:
    """Raise the limit of open files for all connections, as far as the system allows."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
