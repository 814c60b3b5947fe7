"""The time that the API and S3 go by."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from openapi_service.problems import ValidationFailed, Violation

if TYPE_CHECKING:
    from openapi_mock.clock import MockClock, Reading
    from openapi_mock.stateless import MockState


async def get_clock(clock: MockClock) -> Reading:
    """Return what the clock shows."""
    return clock.reading()


async def set_clock(body: dict[str, Any], state: MockState) -> Reading:
    """Change the clock, and return what it shows then.

    Raises:
        ValidationFailed: the time is none, or would be out of the range that dates can be reckoned in.
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
    """Read what the contract calls a date-time, but for leap seconds, which Python has none of."""
    time = datetime.fromisoformat(text.upper())
    if time.tzinfo is None:
        raise ValueError("The time has no offset from UTC, such as Z.")
    return time
