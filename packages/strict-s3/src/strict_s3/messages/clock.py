"""Clocks, by which signatures and policies expire, and dates of HTTP."""

from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

BUCKET: Final[ContextVar[str]] = ContextVar("bucket", default="")
"""The bucket of the request that this thread serves; empty for none."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    def timestamp(self) -> float:
        """Return the current time in seconds since the epoch."""
        return self.now().timestamp()


class ShiftedClock(Clock):
    """The machine's clock; `set` shifts or stops it, for the requests to one bucket or to all others."""

    def __init__(self) -> None:
        self._settings: dict[str, tuple[timedelta, datetime | None]] = {"": (timedelta(), None)}

    def now(self, bucket: str | None = None) -> datetime:
        """Return the current time, aware, in UTC: of a bucket, by default that of the current request."""
        shift, stopped = self._settings.get(BUCKET.get() if bucket is None else bucket) or self._settings[""]
        return stopped if stopped is not None else datetime.now(UTC) + shift

    def set(self, now: datetime | None, *, stopped: bool = False, bucket: str = "") -> None:
        """Set it to ``now``, running or stopped; None for the machine's time."""
        shift = now - datetime.now(UTC) if now is not None else timedelta()
        self._settings[bucket] = shift, now if stopped else None

    def forget(self, bucket: str) -> None:
        """Remove the time of a bucket, if it has one of its own."""
        self._settings.pop(bucket, None)


def http_date(text: str) -> datetime | None:
    """Return a date of HTTP as a time in UTC; None if it cannot be read."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_of(text: str) -> datetime | None:
    """Return the time that a text of ISO 8601 has, in UTC; None if it cannot be read."""
    with suppress(ValueError, OverflowError):
        time = datetime.fromisoformat(text)
        if "-" in text:  # "20200101" is a date to Python, and none to S3
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return None
