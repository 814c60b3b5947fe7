"""The operations of the control API, by tag: state, clock, faults, overrides, journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from contract_first.check.exchange import RecordedExchange
from contract_first.check.har import har
from contract_first.contract import Contract
from contract_first.mock.journal.events import Events
from contract_first.mock.journal.journal import Journal
from contract_first.mock.journal.selector import ExchangeSelector
from contract_first.mock.rule import Rule, RuleError, RuleFileError
from contract_first.mock.rules.reading import RuleReader
from contract_first.mock.rules.registry import Kind, Rules
from contract_first.mock.services import of_service
from contract_first.mock.state.clock import ClockReading, MockClock
from contract_first.mock.state.data_directory import TooManySnapshots, UnknownSnapshot
from contract_first.mock.state.scopes import SCOPE, Scopes
from contract_first.mock.state.state import MockState
from contract_first.service.messages.problems import Conflict, NotFound, ValidationFailed, Violation

if TYPE_CHECKING:
    from contract_first.mock.stateful.browser import ItemBrowser

Handler = Callable[..., Coroutine[Any, Any, Any]]
MOST_BYTES = {"json": 512 * 1024, "har": 4 * 1024 * 1024}
"""Of the exchanges in one response, by its format: others wait while it is written."""

# state


async def get_state(limit: int, state: MockState) -> dict[str, Any]:
    return await state.describe(limit)


async def list_scopes(scopes: Scopes | None) -> dict[str, Any]:
    return {"scopes": [] if scopes is None else scopes.names()}


async def drop_scope(name: str, scopes: Scopes | None) -> None:
    """Remove a scope and all that it has; raises NotFound or Conflict."""
    if scopes is None:
        raise NotFound("Scopes have no state of their own; start the mock with --isolate.")
    await scopes.drop(name)


async def reset_state(x_mock_scope: str | None, state: MockState, body: dict[str, Any] | None = None) -> None:
    await state.reset(keep=frozenset((body or {}).get("keep", ())), scope=x_mock_scope)


reset = reset_state


async def list_items(
    collection: str, service: str | None, offset: int, limit: int, items: Mapping[str, ItemBrowser]
) -> dict[str, Any]:
    return await _remembered(items, service).page(collection, offset, limit)


async def create_item(
    body: dict[str, Any], service: str | None, items: Mapping[str, ItemBrowser], events: Events
) -> dict[str, Any]:
    """Create an item, and return it; raises ValidationFailed, Conflict or PayloadTooLarge."""
    item = await _remembered(items, service).create(body["collection"], body["value"])
    events.publish("state", {"change": "items"})
    return item


async def replace_item(
    id_: str, body: dict[str, Any], service: str | None, items: Mapping[str, ItemBrowser], events: Events
) -> dict[str, Any]:
    """Replace the value of an item; raises NotFound, ValidationFailed or Conflict."""
    item = await _remembered(items, service).replace(id_, body["value"])
    events.publish("state", {"change": "items"})
    return item


async def remove_item(
    id_: str, service: str | None, items: Mapping[str, ItemBrowser], events: Events
) -> None:
    """Remove an item and those below it; raises NotFound."""
    await _remembered(items, service).remove(id_)
    events.publish("state", {"change": "items"})


def _remembered(items: Mapping[str, ItemBrowser], service: str | None) -> ItemBrowser:
    if not items:
        raise NotFound("This mock stores no items; start it with --stateful.")
    return of_service(items, service)


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


async def get_token(body: dict[str, Any], tokens: Mapping[str, str]) -> dict[str, Any]:
    """Return the token of a user; raises ValidationFailed for an unknown one."""
    if body["user"] not in tokens:
        expected = f"expected one of the users: {', '.join(tokens) or 'there are none'}"
        raise ValidationFailed([Violation("body", "/user", "enum", expected)])
    return {"token": tokens[body["user"]]}


async def presign(body: dict[str, Any], s3: Callable[[], Any]) -> dict[str, Any]:
    """Return a URL of S3 that is signed; raises NotFound if there is no S3."""
    server = s3()
    if server is None:
        raise NotFound("This mock has no S3.")
    path = f"/{body['bucket']}/{body['key']}" if body["key"] else f"/{body['bucket']}"
    endpoint, seconds = body["endpoint"].rstrip("/"), body["expires_seconds"]
    url = await asyncio.to_thread(server.presigned, body["method"], path, body["query"], seconds, endpoint)
    return {"url": url}


async def get_contract(service: str | None, contract: Callable[[str | None], Contract]) -> dict[str, Any]:
    return contract(service).document


async def list_defects(service: str | None, contract: Callable[[str | None], Contract]) -> dict[str, Any]:
    """Return the defects of the contract in force."""
    return {"defects": msgspec.to_builtins(contract(service).defects)}


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


# faults and overrides


def _operations_of(kind: Kind) -> tuple[Handler, ...]:
    """Return the operations that all rules have, for those of a kind: list, add, clear and remove them."""

    async def list_(scope: str | None, rules: Rules) -> dict[str, Any]:
        return {f"{kind}s": msgspec.to_builtins(rules.active(scope or SCOPE.get(), kind))}

    async def add(
        body: dict[str, Any], scope: str | None, rules: Rules, events: Events, reader: RuleReader
    ) -> dict[str, Any]:
        scope = scope or SCOPE.get()
        scoped = {"scope": scope} if scope and not body.get("scope") else {}
        with _refusing():
            (added,) = await asyncio.to_thread(rules.add, reader.rule({**body, **scoped}), kind=kind)
        _publish(events, rules, kind)
        document: dict[str, Any] = msgspec.to_builtins(added)
        return document

    async def clear(scope: str | None, rules: Rules, events: Events) -> None:
        await asyncio.to_thread(rules.clear, scope or SCOPE.get() or None, kind)
        _publish(events, rules, kind)

    async def remove(id_: str, rules: Rules, events: Events) -> None:
        if not await asyncio.to_thread(rules.remove, id_, kind):
            raise NotFound(f"No rule {id_!r} is active.")
        _publish(events, rules, kind)

    return list_, add, clear, remove


list_faults, add_fault, clear_faults, remove_fault = _operations_of("fault")
list_overrides, add_override, clear_overrides, remove_override = _operations_of("override")


async def change_override(
    id_: str, body: dict[str, Any], rules: Rules, events: Events, reader: RuleReader
) -> dict[str, Any]:
    """Change an override, and return it; raises NotFound if none of this id is active."""
    with _refusing():
        changed = await asyncio.to_thread(rules.change, id_, reader.rule(body))
    if changed is None:
        raise NotFound(f"No rule {id_!r} is active.")
    _publish(events, rules, "override")
    document: dict[str, Any] = msgspec.to_builtins(changed)
    return document


async def order_overrides(body: dict[str, Any], rules: Rules, events: Events) -> None:
    """Put overrides first, in an order; raises NotFound if one of them is not active."""
    if unknown := await asyncio.to_thread(rules.order, body["ids"]):
        raise NotFound(f"No rule {unknown!r} is active.")
    _publish(events, rules, "override")


async def validate_override(
    body: dict[str, Any], rules: Rules, reader: RuleReader, violations: Callable[[Rule], list[RuleError]]
) -> dict[str, Any]:
    """Return how the responses of an override would violate the contract; raises ValidationFailed."""
    with _refusing():
        rule = reader.rule(body)
        await asyncio.to_thread(rules.check_place, rule, "override")
    errors = await asyncio.to_thread(violations, rule)
    return {"violations": [{"pointer": e.where, "rule": e.rule, "detail": e.detail} for e in errors]}


async def save_override(id_: str, rules: Rules, events: Events, save: Callable[[str], bool]) -> None:
    """Move an override into the mock's file of them.

    Raises:
        NotFound: none of this id is active.
        Conflict: there is no file, or it cannot be written.
    """
    try:
        if not await asyncio.to_thread(save, id_):
            raise NotFound(f"No rule {id_!r} is active.")
    except RuleFileError as error:
        raise Conflict(str(error)) from None
    _publish(events, rules, "override")


@contextmanager
def _refusing() -> Iterator[None]:
    """Raise ValidationFailed for a value that is not a valid rule."""
    try:
        yield
    except RuleError as error:
        raise ValidationFailed([Violation("body", error.where, error.rule, error.detail)]) from None


def _publish(events: Events, rules: Rules, kind: Kind) -> None:
    events.publish(f"{kind}s", {f"{kind}s": rules.active(kind=kind)})


# journal


async def get_journal(
    journal: Journal, limit: int, wait_seconds: float, count: int, format_: str, **attributes: Any
) -> dict[str, Any]:
    """Return exchanges, once enough are there or the time is over; raises ServiceUnavailable."""
    attributes["scope"] = attributes.get("scope") or SCOPE.get()
    selector = ExchangeSelector(**{name: value for name, value in attributes.items() if value is not None})
    if wait_seconds:
        await journal.wait_for(selector, count, wait_seconds)
    return await asyncio.to_thread(_exchanges, journal, selector, limit, format_)


def _exchanges(journal: Journal, selector: ExchangeSelector, limit: int, format_: str) -> dict[str, Any]:
    last = journal.last
    exchanges = journal.find(selector, limit, MOST_BYTES[format_])
    comment = journal.omission(selector, exchanges, last)
    if format_ == "har":
        return har(exchanges, comment=comment)
    return {"exchanges": [_with_texts(exchange) for exchange in exchanges], "last": last, "comment": comment}


def _with_texts(exchange: RecordedExchange) -> dict[str, Any]:
    """Return an exchange with the text of each body that is text, beside its Base64."""
    document: dict[str, Any] = msgspec.to_builtins(exchange)
    for name, message in (("request", exchange.request), ("response", exchange.response)):
        if message.body and message.text is not None:
            document[name]["text"] = message.text
    return document


async def clear_journal(scope: str | None, journal: Journal) -> None:
    """Remove all exchanges, or those of a scope."""
    await asyncio.to_thread(journal.clear, scope or SCOPE.get() or None)
