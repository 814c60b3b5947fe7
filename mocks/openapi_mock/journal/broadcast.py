"""Exchanges, told to whoever listens as they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from openapi_check.exchange import Exchange

    from .journal import Journal

AT_ONCE = 50


class Broadcast:
    """Publishes a journal's exchanges, judged, in a thread of its own; if nobody listens it does nothing.

    Whoever cannot keep up loses what the journal has forgotten by then.

    Args:
        journal: whose exchanges they are.
        publish: tells one.
        heard: returns whether anybody listens.
    """

    def __init__(
        self, journal: Journal, publish: Callable[[Exchange], None], heard: Callable[[], bool]
    ) -> None:
        self._journal = journal
        self._publish = publish
        self._heard = heard
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._listening = ExitStack()
        self._told = 0
        self._busy = False

    def start(self) -> None:
        """Begin to listen to the journal."""
        self._listening.enter_context(self._journal.listening(self._hear))

    def stop(self) -> None:
        """Tell nothing more; waits for what is being told."""
        self._listening.close()
        self._thread.shutdown(cancel_futures=True)

    def _hear(self, number: int) -> None:
        if not self._heard():
            self._told = number
        elif not self._busy:
            self._busy = True
            self._thread.submit(self._tell)

    def _tell(self) -> None:
        self._busy = False  # what comes from now on may be missed here, and makes another round
        while found := self._journal.find(Wanted(after=self._told), AT_ONCE):
            for exchange in found:
                self._told = exchange.number
                self._publish(exchange)
