"""Values that fit a member's name: a city for ``billing_city``, a time for ``createdAt``; `.kinds` has them.

The longest end of a name that the table has says what the member is; for a name that it does not have, the
member's description does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Any, Final

from . import makers
from .kinds import KINDS
from .makers import Maker, Makers
from .subjects import WORDS, Subject
from .words import singulars, word_set, words_of


def _table(column: str) -> Makers:
    """Return makers by each of the names of a row; a text is a form to fill in."""
    rows = ((kind.names, getattr(kind, column)) for kind in KINDS)
    makers_of_rows = (
        (names, makers.form(row) if isinstance(row, str) else row) for names, row in rows if row
    )
    return Makers({name: maker for names, maker in makers_of_rows for name in names.split()})


STRINGS, NUMBERS = _table("text"), _table("number")
INTEGERS = Makers({**NUMBERS.by_name, **_table("integer").by_name})
Described = tuple[tuple[re.Pattern[str], str], ...]


def _patterns(rows: dict[str, str]) -> Described:
    return tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in rows.items())


ANYWHERE: Final = _patterns(
    {
        r"\bISO[ -]?4217\b": "currency",
        r"\bISO[ -]?3166\b|\btwo-letter (?:ISO )?(?:country )?code\b": "country_code",
        r"\bISO[ -]?639\b": "language",
        r"\bBCP[ -]?47\b": "locale",
        r"YYYY-MM-DD(?!T)": "date",
        r"\bISO[ -]?8601\b|\bRFC[ -]?3339\b": "datetime",
        r"\bE\.?164\b": "phone",
        r"\bUUID\b|\bGUID\b": "uuid",
        r"\bsnowflake\b": "snowflake",
        r"\bULID\b": "ulid",
        r"\bSHA-?256\b": "sha256",
        r"\bSHA-?1\b": "sha1",
        r"\bMIME\b": "mime_type",
        r"\bsemver\b|semantic version": "version",
        r"smallest currency unit|minor unit|\bin cents\b": "cents",
        r"\bUnix (?:time|epoch)|seconds since": "unix_time",
        r"\bin milliseconds\b": "milliseconds",
        r"\bin seconds\b": "duration_seconds",
        r"\bin bytes\b": "bytes",
    }
)
"""Standards and units in a description, and a name that means what they say."""
PRECISE: Final = tuple(
    row for row in ANYWHERE if row[1] in {"snowflake", "ulid", "country_code", "locale", "duration_seconds"}
)
"""What a description says more of than a name does."""
AT_HEAD: Final = _patterns(
    {
        r"currency code": "currency",
        r"country code": "country_code",
        r"language code": "language",
        r"\btimestamp\b|date and time": "datetime",
        r"\bphone number$": "phone",
        r"\bhash$|\bchecksum$|\bfingerprint$": "hash",
        r"(?:media|content) type$": "mime_type",
        r"user[ -]agent": "user_agent",
        r"\bIP(?:v4)? address$": "ip",
        r"e-?mail address$": "email",
        r"version number$": "version",
        r"\bUR[LI]$|\blink$": "url",
        r"\bpercent": "percent",
        r"\bmessage$|\btext$|\bcomment$|\bexplanation$": "text",
        r"\bdescription$|\bsummary$": "description",
        r"\bdate$": "date",
        r"\bidentifier$|\bunique id$|\bID$": "uuid",
    }
)
"""Nouns with which the first phrase of a description ends, or that are in it."""
PHRASE_END: Final = re.compile(
    r"\b(?:of|for|from|in|on|at|that|which|to|if|whether|when|where|used|by|with|this|is|as)\b|[.,;:(\n]",
    re.IGNORECASE,
)
QUOTED: Final = re.compile(
    r"""(?:e\.g\.,?|for example,?|such as|examples?:|like) *([`"'])([^`"'<>{}]{1,60})\1""", re.IGNORECASE
)
QUOTATION: Final = re.compile(r"""[`"]([^`"\n<>{}]{1,40})[`"]""")
EXPLAINED: Final = r"""(?: ?(?:[=:(\u2013-]|for|if|when|means)[^`".\n]{1,60})?"""
ALTERNATIVES: Final = re.compile(
    rf"{QUOTATION.pattern}(?:{EXPLAINED}(?: ?[,;|/]\s{{0,3}}(?:or |and )?| or ){QUOTATION.pattern}){{1,40}}+"
    r"(?! (?:parameter|field|propert|member|attribute|header|option|endpoint))"
)
FORM: Final = re.compile(r"YYYY|HH:|%[A-Za-z]|\$")
"""What a quotation has that says how values are written, and is none."""
OF_SOMEBODY: Final = re.compile(r"(?:the |a )?(?:unique )?(?:ID|identifier) (?:of|for)\b", re.IGNORECASE)
LONGEST_DESCRIPTION: Final = 1000
QUALIFIERS: Final = word_set("""
    utc local gmt min max low high avg average start end from to eur usd gbp small medium large original
    raw static str string 1 2 3 4
""")
"""Words at the end of a name that do not change what it means."""


def text(name: str, subject: Subject, strings: Makers = STRINGS) -> str | None:
    """Return a string for a property or format of this name, None for a name that says nothing."""
    value = _drawn(f"{name}_url" if subject.is_links else name, subject, strings)
    return None if value is None else str(value)


def number(name: str, subject: Subject, *, is_integer: bool = False) -> float | None:
    """Return a number for a property of this name, None for a name that says nothing."""
    value = _drawn(name, subject, INTEGERS if is_integer else NUMBERS)
    return None if value is None else float(value)


@lru_cache(maxsize=4096)
def listed(description: str) -> tuple[str, ...]:
    """Return the values of which a description says that a member has one: ``Can be `a` or `b```."""
    match = ALTERNATIVES.search(description[:LONGEST_DESCRIPTION])
    values = (value for value in QUOTATION.findall(match[0]) if value != "null") if match else ()
    return tuple(value for value in values if not FORM.search(value))


def phrase(name: str, random: Random) -> str:
    """Return a text for a name that says nothing: its words, and a number that tells it from others."""
    words = " ".join(words_of(name)) or random.choice(WORDS)
    return f"{words.capitalize()} {random.randrange(1, 100)}"


@lru_cache(maxsize=4096)
def quoted(description: str) -> str:
    """Return the value that a description quotes as an example; empty where it quotes none."""
    match = QUOTED.search(description[:LONGEST_DESCRIPTION])
    return match[2] if match else ""


@lru_cache(maxsize=4096)
def precise(description: str) -> str:
    """Return the name that a description means in spite of the member's own; empty where it means none."""
    text = description[:LONGEST_DESCRIPTION]
    if OF_SOMEBODY.match(text):
        return "uuid"
    return next((name for words, name in PRECISE if words.search(text)), "")


@lru_cache(maxsize=4096)
def described(description: str) -> str:
    """Return the name that a description says a member could have; empty where it says nothing."""
    text = description[:LONGEST_DESCRIPTION]
    head = PHRASE_END.split(text, maxsplit=1)[0].strip()
    for patterns, part in ((ANYWHERE, text), (AT_HEAD, head)):
        for words, name in patterns:
            if words.search(part):
                return name
    return ""


def _drawn(name: str, subject: Subject, table: Makers) -> Any:
    if not name:
        return None
    maker, before = _maker(name, table)
    if subject.kind and not subject.is_person:  # the name of a country is called so, or ``name`` in one
        maker = table.by_name.get("_".join((subject.kind, *words_of(name))), maker)
    return None if maker is None else makers.draw(maker, subject, name, before)


@lru_cache(maxsize=4096)
def _maker(name: str, table: Makers) -> tuple[Maker | None, str]:
    """Return the maker of the longest end of a name that has one, and the words before that end."""
    known_ends = ((table.by_name[end], before) for end, before in _ends(name) if end in table.by_name)
    return next(known_ends, (None, ""))


def _ends(name: str) -> Iterator[tuple[str, str]]:
    """Yield the ends of a name, the longest first, in the singular too, and what is before each.

    After them the ends of the name without its last word, if that is a qualifier.
    """
    words = words_of(name)
    while words:
        for start in range(len(words)):
            before = "_".join(words[:start])
            yield from ((end, before) for end in singulars("_".join(words[start:])))
        words = words[:-1] if words[-1] in QUALIFIERS else ()
