"""The time that the API and S3 go by."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from scanner_api.problems import ValidationFailed, Violation
from scanner_mocks.clock import OutOfRange

if TYPE_CHECKING:
    from scanner_mocks.clock import MockClock, Reading
    from scanner_mocks.state import State


async def get_clock(clock: MockClock) -> Reading:
    """Return what the clock shows."""
    return clock.reading()


async def set_clock(body: dict[str, Any], state: State) -> Reading:
    """Change the clock, and return what it shows then.

    Raises:
        ValidationFailed: the time would be out of the range that dates can be reckoned in.
    """
    now = datetime.fromisoformat(body["now"]) if "now" in body else None
    changes = {name: body[name] for name in ("reset", "advance_seconds", "freeze") if name in body}
    try:
        return await state.set_clock(now=now, **changes)
    except OutOfRange as error:
        place = "/advance_seconds" if "advance_seconds" in body else "/now"
        raise ValidationFailed([Violation("body", place, "range", str(error))]) from None
