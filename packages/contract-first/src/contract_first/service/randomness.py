"""Random bytes, passed in wherever they are needed so that a mock can draw the same ones again."""

import os
from collections.abc import Callable
from typing import Protocol

DRAWN_AT_ONCE = 1024

RandomBytes = Callable[[int], bytes]
"""Returns as many random bytes as it is asked for, 64 at most."""


class Randomness(Protocol):
    """Where random bytes come from."""

    def source(self, purpose: str) -> RandomBytes:
        """Return a source of its own for each purpose, so that none depends on how often others draw."""


class SystemRandomness:
    """The machine's random bytes."""

    def source(self, purpose: str) -> RandomBytes:  # noqa: ARG002 -- the protocol's signature
        """Return a source that asks the machine for many bytes at once: each time is a system call."""
        return _Drawn().take


class _Drawn:
    """Random bytes in advance; a forked process draws its own."""

    def __init__(self) -> None:
        self._bytes = b""
        self._at = 0
        os.register_at_fork(after_in_child=self._forget)

    def take(self, number: int) -> bytes:
        end = self._at + number
        if end > len(self._bytes):
            self._bytes, self._at, end = os.urandom(max(DRAWN_AT_ONCE, number)), 0, number
        drawn, self._at = self._bytes[self._at : end], end
        return drawn

    def _forget(self) -> None:
        self._bytes, self._at = b"", 0
