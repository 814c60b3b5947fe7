"""The time, passed in wherever it is needed so that a mock can freeze and advance it."""

import time
from datetime import UTC, datetime
from functools import partial
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    def timestamp(self) -> float:
        """Return the current time in seconds since the epoch."""
        return self.now().timestamp()


class SystemClock(Clock):
    """The machine's clock."""

    # without functions of Python: they are asked all the time
    now = staticmethod(partial(datetime.now, UTC))
    timestamp = staticmethod(time.time)
