"""A limit on how much is logged of what clients can cause again and again."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from traceback import walk_tb
from typing import Any

MOST_ENTRIES = 10
PERIOD_SECONDS = 60.0


class CappedLog(logging.Filter):
    """Lets ten warnings or errors of a kind pass a minute; the next minute's first says how many more came.

    Records are of a kind if logger, message (without its arguments), and class and line of the exception are
    the same. It filters a logger or a handler.
    """

    def __init__(self, *, ticks: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._ticks = ticks
        self._ends_at = 0.0
        self._entries: Counter[tuple[str, str, Any, Any]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._ticks()
        if now >= self._ends_at:
            entries, self._entries, self._ends_at = self._entries, Counter(), now + PERIOD_SECONDS
            for (name, message, *_), number in entries.items():
                if number > MOST_ENTRIES:
                    more = "%d more of the last minute left out: %s"
                    logging.getLogger(name).warning(more, number - MOST_ENTRIES, message)
        if record.levelno < logging.WARNING:
            return True
        exception, _, frames = record.exc_info or (None, None, None)
        lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(frames)]
        kind = (record.name, str(record.msg), exception, lines[-1] if lines else None)
        self._entries[kind] += 1
        return self._entries[kind] <= MOST_ENTRIES
