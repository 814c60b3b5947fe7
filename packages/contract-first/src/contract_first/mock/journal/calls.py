"""Assertions about the calls that were made."""

from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Protocol

import msgspec

from contract_first.check.exchange import RecordedExchange

from .selector import ExchangeSelector

MOST_SHOWN = 20
MOST_VIOLATIONS_SHOWN = 5


class Searchable(Protocol):
    """A journal, in this process or in another."""

    def find(self, selector: ExchangeSelector, /) -> list[RecordedExchange]:
        """Return the selected exchanges, oldest first."""

    def wait(self, selector: ExchangeSelector, count: int, seconds: float, /) -> bool:
        """Wait until so many are there, or the time is over; return whether they are."""


class Calls:
    """The calls of a journal; each method takes the attributes of `ExchangeSelector`, such as ``operation``.

    Args:
        scope: of the calls; empty for all.
    """

    def __init__(self, journal: Searchable, scope: str = "") -> None:
        self._journal = journal
        self._all = ExchangeSelector(scope=scope)

    def __call__(self, **selected: Any) -> list[RecordedExchange]:
        """Return the calls of a kind, oldest first."""
        return self._journal.find(self._selector(selected))

    def assert_called(
        self, *, times: int | None = None, within: float = 1, **selected: Any
    ) -> list[RecordedExchange]:
        """Return the calls of a kind; fail if there are none, or not so many.

        Args:
            times: how many are expected; None for at least one.
            within: seconds to wait for them; S3 reports its own a moment later.
            selected: attributes of `ExchangeSelector`.
        """
        __tracebackhide__ = True
        selector = self._selector(selected)
        self._journal.wait(selector, 1 if times is None else times, within)
        exchanges = self._journal.find(selector)
        if len(exchanges) == times or (times is None and exchanges):
            return exchanges
        raise AssertionError(
            f"Expected {_times(times)} of {selector}; there {_were(len(exchanges))}.{self._latest_calls()}"
        )

    def assert_not_called(self, **selected: Any) -> None:
        """Fail if there was a call of a kind."""
        __tracebackhide__ = True
        selector = self._selector(selected)
        exchanges = self._journal.find(selector)
        if exchanges:
            raise AssertionError(
                f"Expected no call of {selector}; there {_were(len(exchanges))}.{self._latest_calls()}"
            )

    def assert_no_violations(self, **selected: Any) -> None:
        """Fail if a call of a kind violated the contract, and say how."""
        __tracebackhide__ = True
        selector = self._selector({**selected, "violations": True})
        exchanges = self._journal.find(selector)
        if exchanges:
            raise AssertionError(
                "The contract was violated:" + "".join(map(_violations, exchanges[:MOST_SHOWN]))
            )

    def _selector(self, selected: dict[str, Any]) -> ExchangeSelector:
        return ExchangeSelector(**{**msgspec.structs.asdict(self._all), **selected})

    def _latest_calls(self) -> str:
        every = self._journal.find(self._all)
        if not every:
            return " Nothing was called."
        more = len(every) - MOST_SHOWN
        front = f"\n  ... and {more} before them" if more > 0 else ""
        return " What was called:" + front + "".join(map(_line, every[-MOST_SHOWN:]))


def _line(exchange: RecordedExchange) -> str:
    fault = f", changed by fault {exchange.fault}" if exchange.fault else ""
    status = exchange.status or "no response"
    name = exchange.operation or "no operation"
    return f"\n  #{exchange.number} {exchange.method} {exchange.url} -> {status} ({name}{fault})"


def _violations(exchange: RecordedExchange) -> str:
    sides = groupby(exchange.violations, key=itemgetter(0))
    listed = (violation for _, several in sides for violation in islice(several, MOST_VIOLATIONS_SHOWN))
    parts = (
        f"\n    {side} {violation.part} {violation.where}: {violation.detail}" for side, violation in listed
    )
    return _line(exchange) + "".join(parts)


def _times(times: int | None) -> str:
    return "a call" if times is None else "1 call" if times == 1 else f"{times} calls"


def _were(count: int) -> str:
    return "was 1" if count == 1 else f"were {count or 'none'}"
