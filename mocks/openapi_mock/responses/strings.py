"""Strings that keep a format, a pattern and a length."""

from __future__ import annotations

import base64
import string
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from .merged import NoValueError
from .patterns import MOST_REPEATS, matches, strings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from .merged import Merged

WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "indigo", "juniper"),
    *("kestrel", "larch", "maple", "nectar", "opal", "pebble", "quartz", "river", "sable", "thistle"),
)
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 730
LONGEST = 100_000
"""Characters: a schema that asks for more is not answered."""
TRIES = 20


def words(random: Random, count: int = 2) -> str:
    """Return so many words."""
    return " ".join(random.choice(WORDS) for _ in range(count))


def _moment(random: Random) -> datetime:
    return EPOCH + timedelta(days=random.randrange(DAYS), seconds=random.randrange(86_400))


def _other_moment(random: Random) -> str:
    """Return a date-time as a length or a pattern may want it: with a fraction, with an offset in numbers."""
    fraction, offset = random.choice(("", ".000", ".000000")), random.choice(("Z", "+00:00"))
    return _moment(random).strftime("%Y-%m-%dT%H:%M:%S") + fraction + offset


def _time(random: Random) -> str:
    """Return a full-time of RFC 3339, or one without an offset, which is all that some judges take."""
    return _moment(random).strftime(random.choice(("%H:%M:%SZ", "%H:%M:%S")))


def _host(random: Random) -> str:
    return f"{random.choice(WORDS)}.example.com"


def _email(random: Random) -> str:
    return f"{random.choice(WORDS)}.{random.choice(WORDS)}@example.com"


def _address6(random: Random) -> str:
    return "2001:db8::" + ":".join(f"{random.randrange(1, 65_536):x}" for _ in range(3))


def _base64(random: Random) -> str:
    return base64.b64encode(words(random).encode()).decode()


FORMATS: dict[str, Callable[[Random], str]] = {
    "date-time": lambda random: _moment(random).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "date": lambda random: _moment(random).strftime("%Y-%m-%d"),
    "time": _time,
    "duration": lambda random: f"P{random.randrange(1, 30)}DT{random.randrange(1, 24)}H",
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda random: f"192.0.2.{random.randrange(1, 255)}",
    "ipv6": _address6,
    "uri": lambda random: f"https://{_host(random)}/{random.choice(WORDS)}",
    "url": lambda random: f"https://{_host(random)}/{random.choice(WORDS)}",
    "uri-reference": lambda random: f"/{random.choice(WORDS)}/{random.choice(WORDS)}",
    "iri": lambda random: f"https://{_host(random)}/{random.choice(WORDS)}",
    "iri-reference": lambda random: f"/{random.choice(WORDS)}/{random.choice(WORDS)}",
    "uri-template": lambda random: f"/{random.choice(WORDS)}/{{id}}",
    "uuid": lambda random: str(UUID(int=random.getrandbits(128), version=4)),
    "json-pointer": lambda random: f"/{random.choice(WORDS)}",
    "relative-json-pointer": lambda random: f"0/{random.choice(WORDS)}",
    "regex": lambda random: f"^{random.choice(WORDS)}$",
    "byte": _base64,
    "base64": _base64,
    "base64url": _base64,
}
"""Formats of JSON Schema and of OpenAPI's registry; documentation's own hosts, addresses and names."""


def text(merged: Merged, random: Random) -> str:
    """Return a string; NoValueError if none is found."""
    shortest = int(merged.limits.get("minLength", 0))
    longest = int(merged.limits.get("maxLength", LONGEST))
    if shortest > min(longest, LONGEST):
        raise NoValueError(f"it asks for a string of {shortest} characters")
    patterns = merged.listed.get("pattern", [])
    for candidate in _candidates(merged, random, shortest, longest):
        if shortest <= len(candidate) <= longest and all(matches(each, candidate) for each in patterns):
            return candidate
    raise NoValueError("no string keeps its pattern, format and length")


def _candidates(merged: Merged, random: Random, shortest: int, longest: int) -> Iterator[str]:
    formats = merged.listed.get("format", ())
    makers = [FORMATS[each] for each in formats if each in FORMATS]
    makers += [_other_moment for each in formats if each == "date-time"]
    repeats = max(MOST_REPEATS, min(longest, shortest + MOST_REPEATS))
    for attempt in range(TRIES):
        yield from (make(random) for make in makers)
        for pattern in merged.listed.get("pattern", ()):
            yield from _patterned(pattern, random, repeats)
        if not makers:
            yield words(random, 2 if attempt % 2 == 0 else 1)
            yield _of_length(random, shortest, longest)


def _patterned(pattern: str, random: Random, repeats: int) -> Iterator[str]:
    """Yield a string of the pattern, and longer ones, which keep it where it has no end."""
    for made in strings_of(pattern, random, repeats):
        yield made
        yield from (made + each for each in string.ascii_lowercase + string.digits)


def _of_length(random: Random, shortest: int, longest: int) -> str:
    made = words(random)
    while len(made) < shortest:
        made += " " + words(random)
    return made[: max(shortest, min(len(made), longest))].strip().ljust(shortest, "x")
