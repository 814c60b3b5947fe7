"""Strings that conform to schemas; NoValueError where none is found."""

import base64
import string
from collections.abc import Callable, Iterator
from itertools import chain
from random import Random

from contract_first.contract.document.patterns import matches
from contract_first.contract.schemas.merging import Merged, NoValueError
from contract_first.vocabulary import makers, names
from contract_first.vocabulary.makers import Makers, words
from contract_first.vocabulary.members import Meaning, refers
from contract_first.vocabulary.names import STRINGS
from contract_first.vocabulary.subjects import PEOPLE, WORDS, Subject, iso
from contract_first.vocabulary.words import singular

from .patterns import MOST_REPEATS, matching

LONGEST = 100_000
"""Characters of a string; a schema that asks for more has no response."""
STRING_TRIES = 20


def _other_moment(subject: Subject) -> str:
    """Return a date-time as a length or a pattern may demand it: with a fraction, with a numeric offset."""
    fraction, offset = subject.random.choice(("", ".000", ".000000")), subject.random.choice(("Z", "+00:00"))
    return f"{subject.moment(''):%Y-%m-%dT%H:%M:%S}{fraction}{offset}"


def _time(subject: Subject, name: str) -> str:
    """Return a full-time of RFC 3339, or one without an offset, which is all that some validators take."""
    return subject.moment(name).strftime(subject.random.choice(("%H:%M:%SZ", "%H:%M:%S")))


LOWERCASE = "in lowercase"
URIS, EMAILS = ("uri", "url", "iri"), ("email", "idn-email")
RELATED: dict[str, Callable[[Subject, str], str]] = {
    "date-time": lambda subject, name: iso(subject.moment(name)),
    "date": lambda subject, name: f"{subject.moment(name):%Y-%m-%d}",
    "time": _time,
    **dict.fromkeys(EMAILS, lambda subject, _: makers.email(subject)),
}
"""Formats whose values agree with others of an object: of what it is about, and the property's name."""
FORMATS: dict[str, Callable[[Random], str]] = {
    "duration": lambda random: f"P{random.randrange(1, 30)}DT{random.randrange(1, 24)}H",
    "ipv4": makers.ipv4,
    "ipv6": makers.ipv6,
    "uri-template": lambda random: f"/{random.choice(WORDS)}/{{id}}",
    "uuid": makers.uuid,
    "json-pointer": lambda random: f"/{random.choice(WORDS)}",
    "relative-json-pointer": lambda random: f"0/{random.choice(WORDS)}",
    "regex": lambda random: f"^{random.choice(WORDS)}$",
    **dict.fromkeys(("hostname", "idn-hostname"), makers.host),
    **dict.fromkeys(URIS, lambda random: f"https://{makers.host(random)}/{random.choice(WORDS)}"),
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
        if shortest <= len(candidate) <= longest and all(matches(pattern, candidate) for pattern in patterns):
            return candidate
    raise NoValueError("no string has its format and length and matches its patterns")


def _named(merged: Merged, subject: Subject, name: str, strings: Makers) -> Iterator[str]:
    """Yield the strings that names of unknown formats suggest, then those of the property's name."""
    formats = merged.listed.get("format", [])
    unknown = [format_ for format_ in formats if format_ not in FORMATS and format_ not in RELATED]
    for suggestion in _suggestions(merged, subject, name, strings, unknown):
        if suggestion is None:
            continue
        candidate = suggestion.lower() if LOWERCASE in merged.description else suggestion
        suitable = URIS if candidate.startswith("https://") else EMAILS if "@" in candidate else ()
        if {*unknown, *suitable}.issuperset(formats):
            yield candidate
    yield from (RELATED[format_](subject, name) for format_ in formats if format_ in RELATED)


def _suggestions(
    merged: Merged, subject: Subject, name: str, strings: Makers, unknown: list[str]
) -> Iterator[str | None]:
    """Yield what is suggested by a list in the description, by unknown formats, and by the name."""
    listed = [value for value in names.listed(merged.description) if value not in subject.names]
    is_identifier = name in Meaning.IDENTIFIER or refers(name)
    if name and listed[1:] and not is_identifier:
        yield subject.random.choice(listed)
    precise = names.precise(merged.description) if name else ""
    is_named_well = precise == "uuid" and singular(name) not in PEOPLE
    for word in (*unknown, name) if is_named_well else (*unknown, precise, name):
        yield names.text(word, subject, strings)
    yield from _described(merged, subject, name, strings)


def _described(merged: Merged, subject: Subject, name: str, strings: Makers) -> Iterator[str | None]:
    """Yield what the description of a member suggests whose name says nothing, and then its name itself."""
    if name:
        yield names.quoted(merged.description) or None
        yield names.text(names.described(merged.description), subject, strings)
        if not merged.listed.keys() & {"format", "pattern"}:
            yield names.phrase(name, subject.random)


def _candidates(merged: Merged, random: Random, shortest: int, longest: int) -> Iterator[str]:
    formats = merged.listed.get("format", ())
    repeats = max(MOST_REPEATS, min(longest, shortest + MOST_REPEATS))
    for attempt in range(STRING_TRIES):
        yield from (FORMATS[format_](random) for format_ in formats if format_ in FORMATS)
        other = Subject(random)
        yield from (RELATED[format_](other, "") for format_ in formats if format_ in RELATED)
        yield from (_other_moment(other) for format_ in formats if format_ == "date-time")
        for pattern in merged.listed.get("pattern", ()):
            for match in matching(pattern, random, repeats):
                yield match  # and longer ones, which match where the pattern has no end
                yield from (match + character for character in string.ascii_lowercase + string.digits)
        if FORMATS.keys().isdisjoint(formats) and RELATED.keys().isdisjoint(formats):
            yield words(random, 2 if attempt % 2 == 0 else 1)
            yield _of_length(random, shortest, longest)


def _of_length(random: Random, shortest: int, longest: int) -> str:
    text = words(random)
    while len(text) < shortest:
        text += " " + words(random)
    return text[: max(shortest, min(len(text), longest))].strip().ljust(shortest, "x")
