"""How a run is ended from outside: gently first, so that what was found is told."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .run import Run

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(run: Run) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM stop a run; the second does what it did before. For the main thread."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(_number: int, _frame: object) -> None:
        restore()
        run.stop()

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()
