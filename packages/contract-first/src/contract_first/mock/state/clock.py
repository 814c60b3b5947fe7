"""The time in the mock, which can be set, moved and stopped, and skewed for one request."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from contract_first.contexts import assignment
from contract_first.service.clock import Clock, SystemClock

from .scopes import SCOPE

EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2999, 12, 31, tzinfo=UTC)


class OutOfRange(ValueError):  # noqa: N818 -- says what the time is
    """The time would be before 1980 or after 2999, where arithmetic with dates fails."""


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """The reading of a clock.

    Attributes:
        now: the time, aware, in UTC.
        frozen: whether it stands still.
        offset_seconds: how much later it is than the machine's time.
    """

    now: datetime
    frozen: bool
    offset_seconds: float


class MockClock(Clock):
    """A clock that follows the machine's until it is changed; any thread may read and change it.

    Args:
        follow: called after each change, in order, with the new time, None for the machine's, and whether it
            stands still.
    """

    def __init__(self, follow: Callable[[datetime | None, bool], None], machine: Clock | None = None) -> None:
        self._follow = follow
        self._machine = machine or SystemClock()
        self._changing = threading.Lock()
        self._settings: dict[str, tuple[timedelta, datetime | None]] = {"": (timedelta(), None)}

    @property
    def _setting(self) -> tuple[timedelta, datetime | None]:
        return self._settings.get(SCOPE.get()) or self._settings[""]

    def open(self, name: str) -> None:
        """Give a scope a clock of its own, which begins as that of all."""
        self._settings[name] = self._settings[""]

    def close(self, name: str) -> None:
        """Remove the clock of a scope."""
        del self._settings[name]

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        shift, stopped = self._setting
        return self._machine.now() + shift if stopped is None else stopped

    def reading(self) -> ClockReading:
        """Return its reading."""
        shift, stopped = self._setting
        machine = self._machine.now()
        now = machine + shift if stopped is None else stopped
        return ClockReading(
            now=now, frozen=stopped is not None, offset_seconds=(now - machine).total_seconds()
        )

    def change(
        self,
        *,
        reset: bool = False,
        now: datetime | None = None,
        advance_seconds: float = 0,
        freeze: bool | None = None,
    ) -> ClockReading:
        """Apply changes in the order of the arguments, and return the reading afterwards.

        It waits for those that follow the clock, so it is not for the event loop's thread.

        Args:
            reset: go by the machine's time again.
            now: the time that it is to be, aware.
            advance_seconds: how much later it is to be.
            freeze: whether it is to stand still; None for as it was.

        Raises:
            OutOfRange: the time would be before 1980 or after 2999; nothing has changed.
        """
        with self._changing:
            before = (timedelta(), None) if reset else self._setting
            self._settings[SCOPE.get()] = self._changed(before, now, advance_seconds, freeze=freeze)
            shift, stopped = self._setting
            self._follow(self.now() if shift or stopped else None, stopped is not None)
        return self.reading()

    def _changed(
        self,
        before: tuple[timedelta, datetime | None],
        now: datetime | None,
        advance_seconds: float,
        *,
        freeze: bool | None,
    ) -> tuple[timedelta, datetime | None]:
        shift, stopped = before
        machine = self._machine.now()
        time = _later(now or stopped or machine + shift, advance_seconds)
        if freeze or (freeze is None and stopped is not None):
            return time - machine, time
        moved = now is not None or advance_seconds != 0 or stopped is not None
        return (time - machine if moved else shift), None


def _later(time: datetime, seconds: float) -> datetime:
    try:
        later = time.astimezone(UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        later = None
    if later is None or not EARLIEST <= later <= LATEST:
        raise OutOfRange(
            f"The time would be {later.isoformat() if later else 'beyond all dates'}; expected a time "
            f"from {EARLIEST.year} to {LATEST.year}."
        )
    return later


SKEW: ContextVar[timedelta] = ContextVar("skew", default=timedelta())
"""How much later it is, to whatever serves a request."""


class SkewedClock(Clock):
    """A clock that is wrong in the context of `skewed`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        skew = SKEW.get()
        return self._clock.now() + skew if skew else self._clock.now()


def skewed(seconds: float) -> AbstractContextManager[None]:
    """Skew clocks in this context."""
    return assignment(SKEW, timedelta(seconds=seconds))
