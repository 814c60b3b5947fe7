"""Sends what goes out on a connection, no faster than the client reads."""

import asyncio

from .turns import Turns

MOST_HELD_BYTES = 64 * 1024


class Sender:
    """Sends at the end of the event loop's turn, all together.

    Attributes:
        is_full: whether the client has to read before more is sent.
        is_closing: says whether nothing more can be sent.
    """

    def __init__(self, transport: asyncio.Transport, turns: Turns) -> None:
        self._transport = transport
        self._turns = turns
        self.is_full = False
        self.is_closing = transport.is_closing
        self._held: list[bytes] = []
        self._held_bytes = self._sent_bytes = 0
        self._can_write: asyncio.Event | None = None

    @property
    def unread_bytes(self) -> int:
        """How much the client has not read of what was sent."""
        return self._transport.get_write_buffer_size()

    @property
    def read_bytes(self) -> int:
        """How much the client has read."""
        return self._sent_bytes - self.unread_bytes

    def write(self, data: bytes) -> None:
        """Send something at the end of the event loop's turn."""
        if len(data) > MOST_HELD_BYTES:  # by itself: a copy for each client would take memory
            self.flush()
            self._send(data)
            return
        if not self._held:
            self._turns.flush(self.flush)
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if held:
            self._send(b"".join(held))

    def _send(self, data: bytes) -> None:
        if not self.is_closing():  # for a client that went away uvloop would raise
            self._sent_bytes += len(data)
            self._transport.write(data)

    def pause(self) -> None:
        """Send no more until the client has read."""
        self.is_full = True

    def resume(self) -> None:
        """Go on: the client has read."""
        self.is_full = False
        if self._can_write is not None:
            self._can_write.set()
            self._can_write = None

    async def drain(self) -> None:
        """Wait until the client has read."""
        self._can_write = self._can_write or asyncio.Event()
        await self._can_write.wait()
