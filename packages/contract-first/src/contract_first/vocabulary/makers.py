"""Makers of values that fit a name; `.names` has the names."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from . import subjects
from .subjects import LAST, PEOPLE, WORDS, Person, Subject
from .words import words_of


class Related(NamedTuple):
    """Makes a value that agrees with others of an object.

    Attributes:
        make: takes the object's subject, the property's name, and the words before the end that is known.
    """

    make: Callable[[Subject, str, str], Any]


Maker: TypeAlias = "Callable[[Random], Any] | Related"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LONG = 24
"""Characters of an identifier after its prefix."""
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DISCORD_EPOCH = 1_420_070_400_000
STREETS = ("Station Road", "Park Lane", "Mill Street", "Harbour Street", "Church Road", "High Street")
BLANK = re.compile(r"(#|\{[a-z]+\})")
FILLED_BY: Mapping[str, Callable[[Random], str]] = {
    "#": lambda random: str(random.randrange(10)),
    "{word}": lambda random: random.choice(WORDS),
    "{code}": lambda random: random.choice(WORDS)[:3].upper(),
    "{hex}": lambda random: f"{random.getrandbits(64):016x}",
    "{name}": lambda random: random.choice(LAST),
    "{company}": lambda random: random.choice(("Ltd", "GmbH", "Inc.")),
    "{street}": lambda random: random.choice(STREETS),
    "{sentence}": lambda random: f"This is about {random.choice(WORDS)}.",
}
"""What is filled into a form for each blank."""


@dataclass(eq=False)
class Makers:
    """What makes the values of a type.

    Attributes:
        by_name: makers, by the names of properties.
        person: returns somebody.
    """

    by_name: Mapping[str, Maker]
    person: Callable[[Random], Person] = subjects.person


def draw(maker: Maker, subject: Subject, name: str, before: str) -> Any:
    """Return a value that a maker makes."""
    return maker.make(subject, name, before) if isinstance(maker, Related) else maker(subject.random)


# Values by themselves ---------------------------------------------------------------------------------------


def form(text: str) -> Callable[[Random], str]:
    """Return a maker of texts that have the form of this one, its blanks filled in."""
    parts = [FILLED_BY.get(part, part) for part in BLANK.split(text)]
    return lambda random: "".join(part if isinstance(part, str) else part(random) for part in parts)


def one_of(*values: Any) -> Callable[[Random], Any]:
    """Return a maker of one of these values."""
    return lambda random: random.choice(values)


def between(low: float, high: float, digits: int = 0) -> Callable[[Random], Any]:
    """Return a maker of numbers with so many digits after the point, of integers for none."""
    if digits:
        return lambda random: round(random.uniform(low, high), digits)
    return lambda random: random.randint(int(low), int(high))


def hexadecimal(digits: int) -> Callable[[Random], Any]:
    """Return a maker of so many hexadecimal digits."""
    return lambda random: f"{random.getrandbits(4 * digits):0{digits}x}"


def snowflake(random: Random) -> int:
    """Return an identifier of 64 bits that begins with a time, as Discord's."""
    milliseconds = random.randrange(1_704_067_200_000, 1_760_000_000_000) - DISCORD_EPOCH
    return milliseconds << 22 | random.getrandbits(22)


def ulid(random: Random) -> str:
    """Return an identifier of 128 bits in Crockford's Base32, its first 48 bits a time."""
    number = random.randrange(1_704_067_200_000, 1_760_000_000_000) << 80 | random.getrandbits(80)
    return "".join(BASE32[number >> 5 * place & 31] for place in reversed(range(26)))


def colour(random: Random) -> str:
    return f"#{random.getrandbits(24):06x}"


def words(random: Random, count: int = 2) -> str:
    return " ".join(random.choice(WORDS) for _ in range(count))


def uuid(random: Random) -> str:
    """Return a UUID of version 4."""
    return str(UUID(int=random.getrandbits(128), version=4))


def host(random: Random) -> str:
    """Return the name of a host that nobody has (RFC 2606, section 2)."""
    return f"{random.choice(WORDS)}.example"


def ipv4(random: Random) -> str:
    """Return an address that is reserved for documentation (RFC 5737)."""
    return f"192.0.2.{random.randrange(1, 255)}"


def ipv6(random: Random) -> str:
    """Return an address that is reserved for documentation (RFC 3849)."""
    return "2001:db8::" + ":".join(f"{random.randrange(1, 65_536):x}" for _ in range(3))


# Values that agree with others of their object --------------------------------------------------------------


def email(subject: Subject, of: str = "") -> str:
    """Return the email address of a person at a host that is reserved for documentation."""
    return f"{'.'.join(subject.person(of)).lower()}@example.com"


def identifier(subject: Subject, _: str, of: str) -> str:
    """Return the identifier of an object, with the prefix of its kind if there is one, or of another one."""
    if not subject.prefix or of:
        return uuid(subject.random)
    return f"{subject.prefix}_{''.join(subject.random.choices(ALPHABET, k=LONG))}"


def of_place(attribute: str) -> Related:
    """Return a maker of an attribute of the subject's place."""
    return Related(lambda subject, _, of: getattr(subject.place(of), attribute))


def coordinate(attribute: str) -> Related:
    """Return a maker of degrees near the subject's place."""
    return Related(
        lambda subject, _, of: round(
            getattr(subject.place(of), attribute) + subject.random.uniform(-0.1, 0.1), 6
        )
    )


def at_moment(spelled: Callable[[datetime], Any]) -> Related:
    """Return a maker of the moment that the property's name says, spelled by a function."""
    return Related(lambda subject, name, _: spelled(subject.moment(name)))


def of_person(spelled: Callable[[Person], str]) -> Related:
    """Return a maker of a person's name, in part or in full."""
    return Related(lambda subject, _, of: spelled(subject.person(of)))


def somebody(subject: Subject, name: str, _of: str) -> str:
    """Return the name of a person whose role the property's name is."""
    return " ".join(subject.person("_".join(words_of(name))))


def name(subject: Subject, _: str, of: str) -> str:
    """Return the name of a person or a thing."""
    is_person = subject.is_person if not of else of.rpartition("_")[2] in PEOPLE
    return " ".join(subject.person(of)) if is_person else subject.title(of)
