"""Clocks that are wrong for one request."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from openapi_service.clock import Clock

Skew = ContextVar[timedelta]
NONE = timedelta()

CLOCK: Skew = ContextVar("clock", default=NONE)
"""How much later it is, to whatever answers a request."""

UPLOADS: Skew = ContextVar("uploads", default=NONE)
"""How much later it is, to what hands out presigned uploads."""


class SkewedClock:
    """A clock that is wrong where somebody skews it.

    Args:
        clock: the right one.
        skew: by how much.
    """

    def __init__(self, clock: Clock, skew: Skew = CLOCK) -> None:
        self._clock = clock
        self._skew = skew

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        skew = self._skew.get()
        return self._clock.now() + skew if skew else self._clock.now()


@contextmanager
def skewed(skew: Skew, seconds: float) -> Iterator[None]:
    """Have clocks wrong for what is done here."""
    token = skew.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        skew.reset(token)
