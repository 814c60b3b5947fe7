"""Random bytes, handed to whoever needs them so that a mock can draw the same ones again."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

RandomBytes = Callable[[int], bytes]
"""Returns as many random bytes as it is asked for, 64 at most."""


class Randomness(Protocol):
    """Where random bytes come from."""

    def source(self, purpose: str) -> RandomBytes:
        """Return a source of its own for each purpose, so that none depends on how often others draw."""
        ...


class SystemRandomness:
    """The machine's, which nobody can foretell."""

    def source(self, purpose: str) -> RandomBytes:  # noqa: ARG002 -- all purposes are served alike
        """Return the machine's source."""
        return os.urandom
