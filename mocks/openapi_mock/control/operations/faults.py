"""What goes wrong on purpose."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from openapi_mock.faults.errors import FaultError, TooManyFaultsError
from openapi_mock.faults.reading import fault_of
from openapi_service.problems import Conflict, NotFound, ValidationFailed, Violation

if TYPE_CHECKING:
    from openapi_mock.events import Events
    from openapi_mock.faults import Fault, Faults


async def list_faults(scope: str | None, faults: Faults) -> dict[str, Any]:
    """Return the faults that are on."""
    return {"faults": [_told(fault) for fault in faults.standing(scope)]}


async def add_fault(
    body: dict[str, Any], scope: str | None, faults: Faults, events: Events
) -> dict[str, Any]:
    """Switch a fault on, and return it with its id.

    Raises:
        ValidationFailed: its parts make no sense together.
        Conflict: too many are on.
    """
    try:
        fault = fault_of({**body, **({"scope": scope} if scope and not body.get("scope") else {})})
        (added,) = await asyncio.to_thread(faults.add, fault)
    except FaultError as error:
        raise ValidationFailed([Violation("body", error.where, error.rule, error.detail)]) from None
    except TooManyFaultsError as error:
        raise Conflict(str(error)) from None
    _publish(faults, events)
    return _told(added)


async def clear_faults(scope: str | None, faults: Faults, events: Events) -> None:
    """Switch faults off."""
    await asyncio.to_thread(faults.clear, scope)
    _publish(faults, events)


async def remove_fault(id_: str, faults: Faults, events: Events) -> None:
    """Switch a fault off.

    Raises:
        NotFound: none of this id is on.
    """
    if not await asyncio.to_thread(faults.remove, id_):
        raise NotFound("No fault of this id is on.")
    _publish(faults, events)


def _publish(faults: Faults, events: Events) -> None:
    events.publish("faults", {"faults": faults.standing()})


def _told(fault: Fault) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(fault)
    return told
