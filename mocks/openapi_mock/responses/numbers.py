"""Numbers that keep bounds, multiples and a format."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .merged import NoValueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from .merged import Merged

USUAL = 1000
"""Where a schema sets no bound: how far a value is from the other, or from zero."""
DIGITS = 2
RANGES = {
    "int8": (-(2**7), 2**7 - 1),
    "uint8": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
TRIES = 50


def integer(merged: Merged, random: Random) -> int:
    """Return an integer; NoValueError if none is found."""
    low, high = _bounds(
        merged, lambda bound, direction: math.floor(bound * direction) * direction + direction
    )
    steps = [int(each) for each in _multiples(merged) if float(each).is_integer()]
    step = math.lcm(*steps) or 1
    first, last = -(-math.ceil(low) // step), math.floor(high) // step
    if first > last:
        raise NoValueError(f"no integer is between {low} and {high}")
    for _ in range(TRIES):
        found = random.randint(first, min(last, first + USUAL)) * step
        if _is_multiple(found, merged):
            return found
    raise NoValueError("no integer keeps its bounds and multiples")


def number(merged: Merged, random: Random) -> float:
    """Return a number, with a fraction where it may have one; NoValueError if none is found."""
    low, high = _bounds(merged, lambda bound, direction: math.nextafter(bound, direction * math.inf))
    steps = _multiples(merged)
    for _ in range(TRIES):
        found = _stepped(low, high, steps[0], random) if steps else _between(low, high, random)
        if low <= found <= high and _is_multiple(found, merged):
            return found
    raise NoValueError("no number keeps its bounds and multiples")


def _bounds(merged: Merged, beyond: Callable[[float, int], float]) -> tuple[float, float]:
    """Return the least and the greatest value to draw, near each other where the schema sets no bound."""
    ranges = [RANGES[each] for each in merged.listed.get("format", ()) if each in RANGES]
    lows: list[float] = [each[0] for each in ranges]
    highs: list[float] = [each[1] for each in ranges]
    limits = merged.limits
    said = [limits[each] for each in ("minimum",) if each in limits]
    said += [beyond(limits[each], 1) for each in ("exclusiveMinimum",) if each in limits]
    highs += [limits[each] for each in ("maximum",) if each in limits]
    highs += [beyond(limits[each], -1) for each in ("exclusiveMaximum",) if each in limits]
    high = min(highs, default=None)
    usual = 1 if high is None or high > 1 else high - USUAL
    low = max([*said, *lows]) if said else max([usual, *lows])
    return low, low + USUAL if high is None else high


def _multiples(merged: Merged) -> list[Any]:
    return merged.listed.get("multipleOf", [])


def _between(low: float, high: float, random: Random) -> float:
    if low >= high:
        return low
    found = random.uniform(low, min(high, low + USUAL))
    rounded = round(found, DIGITS)
    return rounded if low <= rounded <= high else found


def _stepped(low: float, high: float, step: float, random: Random) -> float:
    exact = Decimal(repr(step))
    first, last = math.ceil(Decimal(repr(low)) / exact), math.floor(Decimal(repr(high)) / exact)
    if first > last:
        raise NoValueError(f"no multiple of {step} is between {low} and {high}")
    return float(exact * random.randint(first, min(last, first + USUAL)))


def _is_multiple(found: float, merged: Merged) -> bool:
    return all(Decimal(repr(found)) % Decimal(repr(each)) == 0 for each in _multiples(merged))
