"""An exchange in a journal: its number and its size, and all else once it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from openapi_check.exchange import Exchange

if TYPE_CHECKING:
    from openapi_check.exchange import Verdict
    from openapi_check.masking import Masking

OVERHEAD_BYTES = 1024
"""About what the objects around an exchange take."""


class Judge(Protocol):
    """Says what a contract says of an exchange."""

    def verdict(self, exchange: Exchange) -> Verdict:
        """Judge an exchange."""
        ...


class Recordable(Protocol):
    """An exchange that is worked out when someone asks for it, such as a `Recorded` one."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        ...

    def exchange(self, number: int, masking: Masking) -> Exchange:
        """Return the exchange as the journal shows it."""
        ...


class Entry:
    """An exchange in the journal; what is to be said of it is worked out when it is asked for, once."""

    __slots__ = ("_exchange", "_judged", "_recorded", "number", "size")

    def __init__(self, number: int, recorded: Recordable | Exchange) -> None:
        self.number = number
        self.size = OVERHEAD_BYTES + (_size(recorded) if isinstance(recorded, Exchange) else recorded.size)
        self._recorded = recorded
        self._exchange: Exchange | None = None
        self._judged: Exchange | None = None

    def exchange(self, masking: Masking) -> Exchange:
        """Return the exchange, its secrets masked."""
        if self._exchange is None:
            recorded = self._recorded
            self._exchange = (
                recorded if isinstance(recorded, Exchange) else recorded.exchange(self.number, masking)
            )
            self._recorded = self._exchange
        return self._exchange

    def judged(self, masking: Masking, judge: Judge) -> Exchange:
        """Return the exchange with the judge's verdict."""
        if self._judged is None:
            exchange = self.exchange(masking)
            self._judged = msgspec.structs.replace(exchange, verdict=judge.verdict(exchange))
        return self._judged


def violates(exchange: Exchange) -> bool:
    """Return whether an exchange breaks the contract."""
    return exchange.verdict is not None and bool(exchange.verdict.request or exchange.verdict.response)


def _size(exchange: Exchange) -> int:
    messages = (exchange.request, exchange.response)
    pairs = [pair for message in messages for pair in (*message.headers, *message.fields)]
    return sum(len(message.body) for message in messages) + sum(len(n) + len(v) for n, v in pairs)
