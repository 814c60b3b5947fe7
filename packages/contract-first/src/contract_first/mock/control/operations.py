"""The operations of the control API, by tag: state, clock, faults, journal."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from contract_first.check.har import har
from contract_first.contract import Contract
from contract_first.mock.fault import FaultError
from contract_first.mock.faults.reading import FaultReader
from contract_first.mock.faults.registry import Faults
from contract_first.mock.journal.events import Events
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.selector import ExchangeSelector
from contract_first.mock.state.clock import ClockReading, MockClock
from contract_first.mock.state.data_directory import TooManySnapshots, UnknownSnapshot
from contract_first.mock.state.state import MockState
from contract_first.service.messages.problems import Conflict, NotFound, ValidationFailed, Violation

MOST_BYTES = {"json": 512 * 1024, "har": 4 * 1024 * 1024}
"""Of the exchanges in one response, by its format: others wait while it is written."""

# state


async def get_state(limit: int, state: MockState) -> dict[str, Any]:
    return await state.describe(limit)


async def reset_state(x_mock_scope: str | None, state: MockState, body: dict[str, Any] | None = None) -> None:
    await state.reset(keep=frozenset((body or {}).get("keep", ())), scope=x_mock_scope)


async def take_snapshot(body: dict[str, Any], state: MockState) -> dict[str, Any]:
    """Save a snapshot; raises Conflict if there are too many."""
    try:
        await state.snapshot(body["name"])
    except TooManySnapshots as error:
        raise Conflict(str(error)) from None
    return body


async def restore_snapshot(body: dict[str, Any], state: MockState) -> None:
    """Restore a snapshot; raises NotFound if there is none of this name."""
    try:
        await state.restore(body["name"])
    except UnknownSnapshot as error:
        raise NotFound(str(error)) from None


async def get_seeds(seeds: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the seeds: what a client needs to know of the mock."""
    return seeds()


async def get_contract(contract: Callable[[], Contract]) -> dict[str, Any]:
    return contract().document


async def list_defects(contract: Callable[[], Contract]) -> dict[str, Any]:
    """Return the defects of the contract in force."""
    return {"defects": msgspec.to_builtins(contract().defects)}


# clock


async def get_clock(clock: MockClock) -> ClockReading:
    return clock.reading()


async def set_clock(body: dict[str, Any], state: MockState) -> ClockReading:
    """Change the clock, and return its reading.

    Raises:
        ValidationFailed: the time is not one, or would be out of the clock's range.
    """
    changes = dict(body)
    try:
        if "now" in changes:
            changes["now"] = _time(changes["now"])
        return await state.set_clock(**changes)
    except ValueError as error:  # OutOfRange is one, and a leap second is another
        place = "/advance_seconds" if "advance_seconds" in body else "/now"
        raise ValidationFailed([Violation("body", place, "range", str(error))]) from None


def _time(text: str) -> datetime:
    """Read a date-time of RFC 3339; leap seconds, which Python does not have, are refused."""
    time = datetime.fromisoformat(text.upper())
    if time.tzinfo is None:
        raise ValueError("The time has no offset from UTC, such as Z.")
    return time


# faults


async def list_faults(scope: str | None, faults: Faults) -> dict[str, Any]:
    return {"faults": msgspec.to_builtins(faults.active(scope))}


async def add_fault(
    body: dict[str, Any], scope: str | None, faults: Faults, events: Events, reader: FaultReader
) -> dict[str, Any]:
    """Activate a fault, and return it with its id.

    Raises:
        ValidationFailed: its parts contradict each other.
        Conflict: too many are active.
    """
    try:
        fault = reader.fault({**body, **({"scope": scope} if scope and not body.get("scope") else {})})
        (added,) = await asyncio.to_thread(faults.add, fault)
    except FaultError as error:
        raise ValidationFailed([Violation("body", error.where, error.rule, error.detail)]) from None
    _publish(faults, events)
    document: dict[str, Any] = msgspec.to_builtins(added)
    return document


async def clear_faults(scope: str | None, faults: Faults, events: Events) -> None:
    """Remove all faults, or those of a scope."""
    await asyncio.to_thread(faults.clear, scope)
    _publish(faults, events)


async def remove_fault(id_: str, faults: Faults, events: Events) -> None:
    """Remove a fault; raises NotFound if none of this id is active."""
    if not await asyncio.to_thread(faults.remove, id_):
        raise NotFound("No fault of this id is active.")
    _publish(faults, events)


def _publish(faults: Faults, events: Events) -> None:
    events.publish("faults", {"faults": faults.active()})


# journal


async def get_journal(
    journal: Journal, limit: int, wait_seconds: float, count: int, format_: str, **attributes: Any
) -> dict[str, Any]:
    """Return exchanges, once enough are there or the time is over; raises ServiceUnavailable."""
    selector = ExchangeSelector(**{name: value for name, value in attributes.items() if value is not None})
    if wait_seconds:
        await journal.wait_for(selector, count, wait_seconds)
    return await asyncio.to_thread(_exchanges, journal, selector, limit, format_)


def _exchanges(journal: Journal, selector: ExchangeSelector, limit: int, format_: str) -> dict[str, Any]:
    last = journal.last
    exchanges = journal.find(selector, limit, MOST_BYTES[format_])
    if format_ == "har":
        return har(exchanges)
    return {"exchanges": msgspec.to_builtins(exchanges), "last": last}


async def clear_journal(scope: str | None, journal: Journal) -> None:
    """Remove all exchanges, or those of a scope."""
    await asyncio.to_thread(journal.clear, scope)
