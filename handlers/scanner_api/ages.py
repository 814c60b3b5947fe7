"""Ages, as operators write them: a number and a unit, such as ``90d``."""

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
"""Neither minutes nor months: who writes ``1m`` may mean either."""
_AGE: Final = re.compile(r"\s*([0-9]{1,6})\s*([hdw])\s*", re.IGNORECASE | re.ASCII)
_MOST: Final = timedelta(days=36_525)


def age_of(text: str, *, may_be_zero: bool = False) -> timedelta:
    """Read an age.

    Raises:
        ValueError: the text is none, it is more than a hundred years, or it is zero and may not be.
    """
    match = _AGE.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is not an age; expected a number of hours, days or weeks such as 36h, 90d or 12w"
        )
    number, unit = match.groups()
    age = int(number) * _UNITS[unit.lower()]
    if age > _MOST:
        raise ValueError(f"{text!r} is more than a hundred years; expected an age such as 36h, 90d or 12w")
    if not (age or may_be_zero):
        raise ValueError(f"{text!r} is no time at all; expected an age such as 36h, 90d or 12w")
    return age
