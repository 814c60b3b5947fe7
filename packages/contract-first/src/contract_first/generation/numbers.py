"""Numbers that conform to schemas; NoValueError where none is found."""

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from random import Random
from typing import Any

from contract_first.contract.document.json_types import INTEGERS
from contract_first.contract.schemas.merging import Merged, NoValueError
from contract_first.vocabulary import names
from contract_first.vocabulary.subjects import Subject

USUAL = 100
"""How far a number is from its one bound, or from zero, where a schema sets no other."""
DIGITS = 2
NUMBER_TRIES = 50


def named_number(merged: Merged, subject: Subject, name: str, kind: str) -> float | None:
    """Return the number that a property's name suggests; None without one that the schema allows."""
    described = (names.described(merged.description) for _ in range(bool(name)))
    texts = chain(merged.listed.get("format", ()), (name,), described)
    named = (names.number(text, subject, is_integer=kind == "integer") for text in texts)
    value = next((value for value in named if value is not None), None)
    if value is None:
        return None
    if kind == "integer" or value.is_integer():
        value = round(value)
    low, high = _bounds(merged, _next, None)
    return value if low <= value <= high and _is_multiple(value, merged) else None


def number(merged: Merged, random: Random, kind: str, *, prefers_whole: bool) -> float:
    """Return a number of a type; an integer, if there is any, where that is preferred or is the format."""
    if kind == "integer":
        return _integer(merged, random)
    if prefers_whole or not INTEGERS.keys().isdisjoint(merged.listed.get("format", ())):
        with suppress(NoValueError):
            return _integer(merged, random)
    return _fraction(merged, random)


def _integer(merged: Merged, random: Random) -> int:
    """Return an integer within bounds, a multiple of what it must be a multiple of."""
    low, high = _bounds(
        merged, lambda bound, direction: math.floor(bound * direction) * direction + direction
    )
    step = math.lcm(*(int(divisor) for divisor in _divisors(merged) if float(divisor).is_integer())) or 1
    first, last = -(-math.ceil(low) // step), math.floor(high) // step
    if first > last:
        raise NoValueError(f"no integer is between {low} and {high}")
    for _ in range(NUMBER_TRIES):
        value = random.randint(first, min(last, first + USUAL)) * step
        if _is_multiple(value, merged):
            return value
    raise NoValueError("no integer is within its bounds and a multiple of its divisors")


def _fraction(merged: Merged, random: Random) -> float:
    """Return a number, with a fraction where it may have one."""
    low, high = _bounds(merged, _next, formats=())
    divisors = _divisors(merged)
    for _ in range(NUMBER_TRIES):
        value = _multiple(low, high, divisors[0], random) if divisors else _between(low, high, random)
        if low <= value <= high and _is_multiple(value, merged):
            return value
    raise NoValueError("no number is within its bounds and a multiple of its divisors")


def _next(bound: float, direction: int) -> float:
    return math.nextafter(bound, direction * math.inf)


def _bounds(
    merged: Merged,
    beyond: Callable[[float, int], float],
    usual: float | None = USUAL,
    formats: Iterable[str] = INTEGERS,
) -> tuple[float, float]:
    """Return the least and the greatest value to take, near each other where the schema sets no bounds.

    Args:
        merged: what the number must conform to.
        beyond: returns the next value above (1) or below (-1) an exclusive bound.
        usual: how far they are from each other at most where the schema does not say; None for any distance.
        formats: of integers, whose widths are bounds.
    """
    limits = merged.limits
    lows = [limits["minimum"]] if "minimum" in limits else []
    lows += [beyond(limits["exclusiveMinimum"], 1)] if "exclusiveMinimum" in limits else []
    ranges = [INTEGERS[name] for name in merged.listed.get("format", ()) if name in formats]
    highs: list[float] = [greatest for _, greatest in ranges]
    highs += [limits["maximum"]] if "maximum" in limits else []
    highs += [beyond(limits["exclusiveMaximum"], -1)] if "exclusiveMaximum" in limits else []
    high = min(highs, default=None)
    least = -math.inf if usual is None else 1 if high is None or high > 1 else high - usual
    low = max([*(lows or [least]), *(least for least, _ in ranges)])
    return low, (math.inf if usual is None else low + usual) if high is None else high


def _divisors(merged: Merged) -> list[Any]:
    return merged.listed.get("multipleOf", [])


def _between(low: float, high: float, random: Random) -> float:
    if low >= high:
        return low
    value = random.uniform(low, min(high, low + USUAL))
    rounded = round(value, DIGITS)
    return rounded if low <= rounded <= high else value


def _multiple(low: float, high: float, step: float, random: Random) -> float:
    exact = _exact(step)
    first, last = math.ceil(_exact(low) / exact), math.floor(_exact(high) / exact)
    if first > last:
        raise NoValueError(f"no multiple of {step} is between {low} and {high}")
    return float(exact * random.randint(first, min(last, first + USUAL)))


def _is_multiple(value: float, merged: Merged) -> bool:
    return all(_exact(value) % _exact(divisor) == 0 for divisor in _divisors(merged))


def _exact(value: float) -> Fraction:
    """Return a number as JSON writes it, of any size, in which one of Decimal's precision is lost."""
    return Fraction(repr(value))
