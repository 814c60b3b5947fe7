"""How a command that runs until it is told to end is told."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


class End:
    """The end that SIGINT and SIGTERM ask for, however often.

    The system may deliver a signal to any thread, which wakes the main thread from no lock, queue or read;
    so what is waited for is a pipe, into which Python writes wherever the signal comes.

    Attributes:
        wanted: whether one was asked for.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.wanted = True

    def wait(self) -> None:
        """Return once the end was asked for."""
        os.read(self._reading, 1)
