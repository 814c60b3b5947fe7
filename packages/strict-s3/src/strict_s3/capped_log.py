"""Log entries that anyone can cause, limited to so many a minute."""

import logging
import threading
import time
from collections.abc import Callable

MOST_ENTRIES = 10
PERIOD_SECONDS = 60.0


class CappedLog:
    """Logs ten warnings a minute, over all threads; the first of the next says how many were left out."""

    def __init__(self, logger: logging.Logger, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._ticks = ticks
        self._lock = threading.Lock()
        self._ends_at = 0.0
        self._entries = 0

    def warning(self, message: str, *arguments: object) -> None:
        """Log a warning, unless this minute has had ten."""
        with self._lock:
            now, left_out = self._ticks(), 0
            if now >= self._ends_at:
                left_out = self._entries - MOST_ENTRIES
                self._ends_at, self._entries = now + PERIOD_SECONDS, 0
            self._entries += 1
            is_logged = self._entries <= MOST_ENTRIES
        if left_out > 0:
            self._logger.warning("%d more of the last minute left out.", left_out)
        if is_logged:
            self._logger.warning(message, *arguments)
