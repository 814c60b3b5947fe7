"""How a command that runs until it is told to end is told."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from .signals import Signals

if TYPE_CHECKING:
    from types import FrameType


class End(Signals):
    """The end that SIGINT and SIGTERM ask for, however often.

    Attributes:
        wanted: whether one was asked for.
    """

    def __init__(self) -> None:
        self.wanted = False
        super().__init__(signal.SIGINT, signal.SIGTERM)

    def _heed(self, _number: int, _frame: FrameType | None) -> None:
        self.wanted = True

    def wait(self) -> None:
        """Return once the end was asked for."""
        self.take()
