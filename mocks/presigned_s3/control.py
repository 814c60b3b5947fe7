"""What the parent may ask of S3 while it runs: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .app import Front
    from .clock import ShiftedClock

_one_at_a_time = threading.Lock()


class Control:
    """Carries out what the parent asks.

    Args:
        app: S3.
        clock: the clock that it goes by.
    """

    def __init__(self, app: Front, clock: ShiftedClock) -> None:
        self._orders: dict[str, Callable[..., Any]] = {
            "clock": lambda now, stopped: clock.set(now and datetime.fromisoformat(now), stopped=stopped),
            "faults": app.faults.switch,
            "reset": app.reset,
            "snapshot": lambda folder: app.store.snapshot(Path(folder)),
            "restore": lambda folder: app.store.restore(Path(folder)),
            "usage": app.store.usage,
        }

    def obey(self, lines: Iterable[str]) -> None:
        """Carry out one order a line, and report each; return when there are no more lines."""
        for line in lines:
            order = json.loads(line)
            failure, result = "", None
            try:
                result = self._orders[order["do"]](**order["with"])
            except (KeyError, TypeError, ValueError, OSError) as error:
                failure = f"{type(error).__name__}: {error}"
            report(done=order["id"], failure=failure, result=result)


def report(**facts: Any) -> None:
    """Tell the parent something, in one line of its own."""
    with _one_at_a_time:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
