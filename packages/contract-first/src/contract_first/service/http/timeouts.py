"""Closes the connection of a client that is idle, or too slow at sending or reading."""

import asyncio
from typing import Protocol

from .request_reader import BODY, HEAD, RequestReader
from .sender import Sender

PATIENCE_SECONDS = 30
"""How long the head of a request may take, and over how long the rates of bodies are measured."""
LEAST_BODY_BYTES_PER_SECOND = 1024
"""At which the body of a request comes in, and a response is read."""
HEALTH_SECONDS = 1
"""How long the head of a request may take on a connection that is reserved for health."""
MOST_BODY_SECONDS = 30 * 60
"""The longest time for a body; 20 MiB need 12 KiB/s."""
LINGER_SECONDS = 1
"""How long to read from a client that is being refused."""


class TimedConnection(Protocol):
    """The connection that a timeout closes."""

    transport: asyncio.Transport
    for_health_only: bool

    @property
    def waits_for_client(self) -> bool:
        """Whether nothing but the client holds it up."""

    def close(self) -> None:
        """Close once everything is sent."""


class Timeouts:
    """Limits of the time a client may take; a timer checks the connection every second."""

    def __init__(self, connection: TimedConnection, reader: RequestReader, sender: Sender) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._connection = connection
        self._reader = reader
        self._sender = sender
        self._timed_part = 1, HEAD
        self._timed_bytes = self._taken_bytes = 0
        self._taken_at = self._body_ends_at = loop.time()
        self.expect(HEALTH_SECONDS if connection.for_health_only else PATIENCE_SECONDS)
        self._tick_seconds = min(PATIENCE_SECONDS, HEALTH_SECONDS)
        self._timer = loop.call_later(self._tick_seconds, self._look_at_time)

    def expect(self, seconds: float) -> None:
        """Give the client so many seconds for its next step."""
        self._deadline = self._loop.time() + seconds

    def follow(self) -> None:
        """Give the client time for the head or body that is coming in, if it has just started."""
        part = self._reader.requests, self._reader.part
        if part != self._timed_part:
            self._timed_part = part
            self._timed_bytes = self._reader.body_bytes
            self._body_ends_at = self._loop.time() + MOST_BODY_SECONDS
            self.expect(PATIENCE_SECONDS)

    def stop(self) -> None:
        self._timer.cancel()

    def linger(self) -> None:
        """Leave the client a moment to read why it was refused."""
        self._timer.cancel()
        self._timer = self._loop.call_later(LINGER_SECONDS, self._connection.transport.abort)

    def _look_at_time(self) -> None:
        """Close the connection of a client that is too slow."""
        now = self._loop.time()
        if self._does_not_read(now):
            self._connection.transport.abort()
        elif self._does_not_send(now) and not self._sender.is_closing():
            self._connection.close()
        self._timer = self._loop.call_later(self._tick_seconds, self._look_at_time)

    def _does_not_read(self, now: float) -> bool:
        read_bytes = self._sender.read_bytes
        least_bytes = LEAST_BODY_BYTES_PER_SECOND * PATIENCE_SECONDS
        if not self._sender.unread_bytes or read_bytes - self._taken_bytes >= least_bytes:
            self._taken_bytes, self._taken_at = read_bytes, now
        return now - self._taken_at >= PATIENCE_SECONDS

    def _does_not_send(self, now: float) -> bool:
        if now < self._deadline:
            return False
        if self._reader.part is not BODY:
            return self._connection.waits_for_client
        least_bytes = LEAST_BODY_BYTES_PER_SECOND * PATIENCE_SECONDS
        body_bytes = self._reader.body_bytes
        is_in_time = body_bytes - self._timed_bytes >= least_bytes and now < self._body_ends_at
        if is_in_time or not self._connection.waits_for_client:
            self._timed_bytes = body_bytes
            self.expect(PATIENCE_SECONDS)
            return False
        return True
