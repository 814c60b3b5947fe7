"""What a test asserts about the calls that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from .wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openapi_check.exchange import Exchange

MOST_SHOWN = 20
MOST_VIOLATIONS_SHOWN = 5


class Searchable(Protocol):
    """A journal, in this process or in another."""

    def find(self, wanted: Wanted, /) -> list[Exchange]:
        """Return the exchanges that are asked for, oldest first."""
        ...

    def wait(self, wanted: Wanted, count: int, seconds: float, /) -> bool:
        """Wait until so many are there, or the time is over; return whether they are."""
        ...


class Calls:
    """The calls of a journal; each method takes the attributes of `Wanted`, such as ``operation``.

    Args:
        journal: where they are.
        scope: of the calls that are meant; empty for all.
    """

    def __init__(self, journal: Searchable, scope: str = "") -> None:
        self._journal = journal
        self._wanted = Wanted(scope=scope)

    def __call__(self, **wanted: Any) -> list[Exchange]:
        """Return the calls of a kind, oldest first."""
        return self._journal.find(self._narrowed(wanted))

    def assert_called(self, *, times: int | None = None, within: float = 1, **wanted: Any) -> list[Exchange]:
        """Return the calls of a kind; fail if there are none, or not so many.

        Args:
            times: how many there are to be; None for at least one.
            within: seconds to wait for those that are still to come; S3 tells of its own a moment later.
            wanted: what they have to be.
        """
        __tracebackhide__ = True
        narrowed = self._narrowed(wanted)
        self._journal.wait(narrowed, 1 if times is None else times, within)
        found = self._journal.find(narrowed)
        if len(found) == times or (times is None and found):
            return found
        raise AssertionError(
            f"Expected {_times(times)} of {narrowed}; there {_were(len(found))}.{self._shown()}"
        )

    def assert_not_called(self, **wanted: Any) -> None:
        """Fail if there was a call of a kind."""
        __tracebackhide__ = True
        narrowed = self._narrowed(wanted)
        found = self._journal.find(narrowed)
        if found:
            raise AssertionError(f"Expected no call of {narrowed}; there {_were(len(found))}.{self._shown()}")

    def assert_no_violations(self, **wanted: Any) -> None:
        """Fail if a call of a kind broke the contract, and say how."""
        __tracebackhide__ = True
        narrowed = self._narrowed({**wanted, "violations": True})
        found = self._journal.find(narrowed)
        if found:
            raise AssertionError("The contract was broken:" + "".join(map(_told, found[:MOST_SHOWN])))

    def _narrowed(self, wanted: dict[str, Any]) -> Wanted:
        return Wanted(**{**msgspec.structs.asdict(self._wanted), **wanted})

    def _shown(self) -> str:
        every = self._journal.find(self._wanted)
        if not every:
            return " Nothing was called."
        more = len(every) - MOST_SHOWN
        front = f"\n  ... and {more} before them" if more > 0 else ""
        return " What was called:" + front + "".join(map(_line, every[-MOST_SHOWN:]))


def _line(exchange: Exchange) -> str:
    fault = f", struck by fault {exchange.fault}" if exchange.fault else ""
    status = exchange.status or "no answer"
    name = exchange.operation or "no operation"
    return f"\n  #{exchange.number} {exchange.method} {exchange.url} -> {status} ({name}{fault})"


def _told(exchange: Exchange) -> str:
    assert exchange.verdict is not None  # noqa: S101 -- only what has a verdict has violations
    verdict = exchange.verdict
    parts: Iterable[str] = (
        f"\n    {side} {violation.part} {violation.where}: {violation.detail}"
        for side, violations in (("request", verdict.request), ("answer", verdict.response))
        for violation in violations[:MOST_VIOLATIONS_SHOWN]
    )
    return _line(exchange) + "".join(parts)


def _times(times: int | None) -> str:
    return "a call" if times is None else "1 call" if times == 1 else f"{times} calls"


def _were(count: int) -> str:
    return "was 1" if count == 1 else f"were {count or 'none'}"
