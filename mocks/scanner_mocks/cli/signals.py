"""Signals, taken one by one by a main thread that waits for them."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


class Signals:
    """Some of the signals that this process is sent, in their order.

    The system may deliver a signal to any thread, which wakes the main thread from no lock, queue or read;
    so what is waited for is a pipe, into which Python writes a signal's number wherever the signal comes.

    Args:
        numbers: the signals to take instead of what they do by themselves.
    """

    def __init__(self, *numbers: int) -> None:
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._heed)

    def _heed(self, number: int, frame: FrameType | None) -> None:
        """Do nothing more: the pipe has it already."""

    def take(self) -> int:
        """Wait for the next signal, and return its number."""
        return os.read(self._reading, 1)[0]
