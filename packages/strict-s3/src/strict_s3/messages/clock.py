"""Clocks, by which signatures and policies expire, and dates of HTTP."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    def timestamp(self) -> float:
        """Return the current time in seconds since the epoch."""
        return self.now().timestamp()


class ShiftedClock(Clock):
    """The machine's clock; `set` shifts or stops it."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return self._stopped if self._stopped is not None else datetime.now(UTC) + self._shift

    def set(self, now: datetime | None, *, stopped: bool = False) -> None:
        """Set it to ``now``, running or stopped; None for the machine's time."""
        self._shift = now - datetime.now(UTC) if now is not None else timedelta()
        self._stopped = now if stopped else None


def http_date(text: str) -> datetime | None:
    """Return a date of HTTP as a time in UTC; None if it cannot be read."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
