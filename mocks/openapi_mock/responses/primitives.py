"""Strings and numbers that conform to what schemas say of them; NoValueError where none is found."""

import base64
import math
import string
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import chain
from random import Random
from typing import Any

from rstr.xeger import Xeger

from openapi_contract.json_types import INTEGERS
from openapi_contract.merging import Merged, NoValueError
from openapi_contract.patterns import compiled, matches

from . import names
from .names import STRINGS, Makers, words
from .subjects import WORDS, Subject, iso

LONGEST = 100_000
"""Characters of a string; a schema that asks for more has no response."""
STRING_TRIES = 20
MOST_REPEATS = 8
"""Of what a pattern may repeat for ever: enough to look like something."""
MOST_REQUIRED_REPEATS = 10_000
USUAL = 1000
"""How far a number is from its one bound, or from zero, where a schema sets no other."""
DIGITS = 2
NUMBER_TRIES = 50

# Strings ----------------------------------------------------------------------------------------------------


def _other_moment(subject: Subject) -> str:
    """Return a date-time as a length or a pattern may want it: with a fraction, with an offset in numbers."""
    fraction, offset = subject.random.choice(("", ".000", ".000000")), subject.random.choice(("Z", "+00:00"))
    return f"{subject.moment(''):%Y-%m-%dT%H:%M:%S}{fraction}{offset}"


def _time(subject: Subject, name: str) -> str:
    """Return a full-time of RFC 3339, or one without an offset, which is all that some validators take."""
    return subject.moment(name).strftime(subject.random.choice(("%H:%M:%SZ", "%H:%M:%S")))


URIS, EMAILS = ("uri", "url", "iri"), ("email", "idn-email")
RELATED: dict[str, Callable[[Subject, str], str]] = {
    "date-time": lambda subject, name: iso(subject.moment(name)),
    "date": lambda subject, name: f"{subject.moment(name):%Y-%m-%d}",
    "time": _time,
    **dict.fromkeys(EMAILS, lambda subject, _: names.email(subject)),
}
"""Formats whose values agree with others of an object: of what it is about, and the property's name."""
FORMATS: dict[str, Callable[[Random], str]] = {
    "duration": lambda random: f"P{random.randrange(1, 30)}DT{random.randrange(1, 24)}H",
    "ipv4": names.ipv4,
    "ipv6": names.ipv6,
    "uri-template": lambda random: f"/{random.choice(WORDS)}/{{id}}",
    "uuid": names.uuid,
    "json-pointer": lambda random: f"/{random.choice(WORDS)}",
    "relative-json-pointer": lambda random: f"0/{random.choice(WORDS)}",
    "regex": lambda random: f"^{random.choice(WORDS)}$",
    **dict.fromkeys(("hostname", "idn-hostname"), names.host),
    **dict.fromkeys(URIS, lambda random: f"https://{names.host(random)}/{random.choice(WORDS)}"),
    **dict.fromkeys(
        ("uri-reference", "iri-reference"), lambda random: f"/{random.choice(WORDS)}/{random.choice(WORDS)}"
    ),
    **dict.fromkeys(
        ("byte", "base64", "base64url"), lambda random: base64.b64encode(words(random).encode()).decode()
    ),
}
"""Formats of JSON Schema and of OpenAPI's registry; documentation's own hosts, addresses and names."""


def text(merged: Merged, subject: Subject, name: str = "", strings: Makers = STRINGS) -> str:
    """Return a string that has a format, matches patterns and is as long as it must be.

    Args:
        merged: what it must conform to.
        subject: what the object is about in which it stands.
        name: of the property, which says what it may look like.
        strings: what makes it by its name.
    """
    shortest = int(merged.limits.get("minLength", 0))
    longest = int(merged.limits.get("maxLength", LONGEST))
    if shortest > min(longest, LONGEST):
        raise NoValueError(f"it asks for a string of {shortest} characters")
    patterns = merged.listed.get("pattern", [])
    for candidate in chain(
        _named(merged, subject, name, strings), _candidates(merged, subject.random, shortest, longest)
    ):
        if shortest <= len(candidate) <= longest and all(matches(each, candidate) for each in patterns):
            return candidate
    raise NoValueError("no string has its format and length and matches its patterns")


def _named(merged: Merged, subject: Subject, name: str, strings: Makers) -> Iterator[str]:
    """Yield what the name of a format says that is in no table, then what the property's name says."""
    formats = merged.listed.get("format", [])
    unknown = [each for each in formats if each not in FORMATS and each not in RELATED]
    for candidate in (names.text(each, subject, strings) for each in (*unknown, name)):
        if candidate is not None:
            fitting = [
                *unknown,
                *(URIS if candidate.startswith("https://") else EMAILS if "@" in candidate else ()),
            ]
            if all(each in fitting for each in formats):
                yield candidate
    yield from (RELATED[each](subject, name) for each in formats if each in RELATED)


def _candidates(merged: Merged, random: Random, shortest: int, longest: int) -> Iterator[str]:
    formats = merged.listed.get("format", ())
    repeats = max(MOST_REPEATS, min(longest, shortest + MOST_REPEATS))
    for attempt in range(STRING_TRIES):
        yield from (FORMATS[each](random) for each in formats if each in FORMATS)
        other = Subject(random)
        yield from (RELATED[each](other, "") for each in formats if each in RELATED)
        yield from (_other_moment(other) for each in formats if each == "date-time")
        for pattern in merged.listed.get("pattern", ()):
            for made in matching(pattern, random, repeats):
                yield made  # and longer ones, which match where the pattern has no end
                yield from (made + each for each in string.ascii_lowercase + string.digits)
        if FORMATS.keys().isdisjoint(formats) and RELATED.keys().isdisjoint(formats):
            yield words(random, 2 if attempt % 2 == 0 else 1)
            yield _of_length(random, shortest, longest)


def _of_length(random: Random, shortest: int, longest: int) -> str:
    made = words(random)
    while len(made) < shortest:
        made += " " + words(random)
    return made[: max(shortest, min(len(made), longest))].strip().ljust(shortest, "x")


def matching(pattern: str, random: Random, most_repeats: int = MOST_REPEATS) -> Iterator[str]:
    """Yield a string that most likely matches a pattern; nothing where the pattern cannot be read."""
    if compiled(pattern) is None:
        return
    try:
        made = _Patterned(random, most_repeats).xeger(pattern)
        made.encode()  # a class may hold surrogates, which are no characters
    except (LookupError, ValueError, RecursionError):  # what rstr does not know, or nothing to choose from
        return
    yield made


class _Patterned(Xeger):
    """rstr's strings from patterns, the same in every process, with fewer repetitions."""

    def __init__(self, random: Random, most_repeats: int) -> None:
        super().__init__(random)
        self._most_repeats = most_repeats

    def _handle_in(self, value: Any) -> Any:
        """Take a character of a class; rstr takes it from a set, whose order changes with the process."""
        states = list(value)
        negated = states[0][0].name == "NEGATE"
        listed = [each for state in states[negated:] for each in self._handle_state(state)]
        if not negated:
            return self._random.choice(listed)
        likely = [each for each in string.ascii_lowercase + string.digits if each not in listed]
        return self._random.choice(likely or [each for each in string.printable if each not in listed])

    def _handle_repeat(self, start_range: int, end_range: int, value: str) -> str:
        """Repeat a few times more than is required, at most."""
        if start_range > MOST_REQUIRED_REPEATS:
            raise ValueError("it repeats too often")
        end = min(end_range, max(start_range, self._most_repeats))
        times = self._random.randint(start_range, end)
        return "".join("".join(map(self._handle_state, value)) for _ in range(times))


# Numbers ----------------------------------------------------------------------------------------------------


def named_number(merged: Merged, subject: Subject, name: str, kind: str) -> float | None:
    """Return what a property's name says, None if it says nothing or nothing that the schema allows."""
    named = (names.number(each, subject) for each in (*merged.listed.get("format", ()), name))
    found = next((each for each in named if each is not None), None)
    if found is None:
        return None
    if kind == "integer" or found.is_integer():
        found = round(found)
    low, high = _bounds(merged, _next, None)
    return found if low <= found <= high and _is_multiple(found, merged) else None


def names_integer(merged: Merged) -> bool:
    """Tell whether a format is one of integers."""
    return not INTEGERS.keys().isdisjoint(merged.listed.get("format", ()))


def integer(merged: Merged, random: Random) -> int:
    """Return an integer within bounds, a multiple of what it must be a multiple of."""
    low, high = _bounds(
        merged, lambda bound, direction: math.floor(bound * direction) * direction + direction
    )
    step = math.lcm(*(int(each) for each in _multiples(merged) if float(each).is_integer())) or 1
    first, last = -(-math.ceil(low) // step), math.floor(high) // step
    if first > last:
        raise NoValueError(f"no integer is between {low} and {high}")
    for _ in range(NUMBER_TRIES):
        found = random.randint(first, min(last, first + USUAL)) * step
        if _is_multiple(found, merged):
            return found
    raise NoValueError("no integer is within its bounds and a multiple of its divisors")


def number(merged: Merged, random: Random) -> float:
    """Return a number, with a fraction where it may have one."""
    low, high = _bounds(merged, _next, formats=())
    steps = _multiples(merged)
    for _ in range(NUMBER_TRIES):
        found = _multiple(low, high, steps[0], random) if steps else _between(low, high, random)
        if low <= found <= high and _is_multiple(found, merged):
            return found
    raise NoValueError("no number is within its bounds and a multiple of its divisors")


def _next(bound: float, direction: int) -> float:
    return math.nextafter(bound, direction * math.inf)


def _bounds(
    merged: Merged,
    beyond: Callable[[float, int], float],
    usual: float | None = USUAL,
    formats: Iterable[str] = INTEGERS,
) -> tuple[float, float]:
    """Return the least and the greatest value to take, near each other where the schema sets no bound.

    Args:
        merged: what the number must conform to.
        beyond: returns the next value above (1) or below (-1) an exclusive bound.
        usual: how far they are from each other at most where the schema does not say; None for any distance.
        formats: of integers, whose widths are bounds.
    """
    limits = merged.limits
    lows = [limits["minimum"]] if "minimum" in limits else []
    lows += [beyond(limits["exclusiveMinimum"], 1)] if "exclusiveMinimum" in limits else []
    ranges = [INTEGERS[each] for each in merged.listed.get("format", ()) if each in formats]
    highs: list[float] = [greatest for _, greatest in ranges]
    highs += [limits["maximum"]] if "maximum" in limits else []
    highs += [beyond(limits["exclusiveMaximum"], -1)] if "exclusiveMaximum" in limits else []
    high = min(highs, default=None)
    least = -math.inf if usual is None else 1 if high is None or high > 1 else high - usual
    low = max([*(lows or [least]), *(least for least, _ in ranges)])
    return low, (math.inf if usual is None else low + usual) if high is None else high


def _multiples(merged: Merged) -> list[Any]:
    return merged.listed.get("multipleOf", [])


def _between(low: float, high: float, random: Random) -> float:
    if low >= high:
        return low
    found = random.uniform(low, min(high, low + USUAL))
    rounded = round(found, DIGITS)
    return rounded if low <= rounded <= high else found


def _multiple(low: float, high: float, step: float, random: Random) -> float:
    exact = Decimal(repr(step))
    first, last = math.ceil(Decimal(repr(low)) / exact), math.floor(Decimal(repr(high)) / exact)
    if first > last:
        raise NoValueError(f"no multiple of {step} is between {low} and {high}")
    return float(exact * random.randint(first, min(last, first + USUAL)))


def _is_multiple(found: float, merged: Merged) -> bool:
    return all(Decimal(repr(found)) % Decimal(repr(each)) == 0 for each in _multiples(merged))
