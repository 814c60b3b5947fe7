"""Log entries that strangers can cause, so many a minute."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

MOST_ENTRIES = 10
PERIOD_SECONDS = 60.0


class CappedLog:
    """Logs ten warnings a minute; the next minute's first says how many were left out."""

    def __init__(self, logger: logging.Logger, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._ticks = ticks
        self._ends_at = 0.0
        self._entries = 0

    def warning(self, message: str, *arguments: object) -> None:
        """Log a warning, unless there were too many."""
        now = self._ticks()
        if now >= self._ends_at:
            if self._entries > MOST_ENTRIES:
                self._logger.warning("%d more of the last minute left out.", self._entries - MOST_ENTRIES)
            self._ends_at, self._entries = now + PERIOD_SECONDS, 0
        self._entries += 1
        if self._entries <= MOST_ENTRIES:
            self._logger.warning(message, *arguments)
