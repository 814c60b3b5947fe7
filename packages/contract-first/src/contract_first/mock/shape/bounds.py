"""Query parameters that bound a member: ``created[gte]``, ``updated_after``, ``DateCreated>``, ``since``."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from contract_first.contract.schemas.schema import Schema
from contract_first.vocabulary import ranges
from contract_first.vocabulary.times import UNNAMED, is_change, is_creation, is_start, spellings
from contract_first.vocabulary.words import words_of

Compare = Callable[[Any, Any], bool]
BOUNDS: Final[Mapping[str, Compare]] = {
    **dict.fromkeys(ranges.ABOVE, operator.gt),
    **dict.fromkeys(ranges.BELOW, operator.lt),
    **dict.fromkeys(ranges.AT_LEAST, operator.ge),
    **dict.fromkeys(ranges.AT_MOST, operator.le),
}
EXCLUSIVE: Final[Mapping[str, Compare]] = {
    word: operator.gt if word in ranges.AT_LEAST else operator.lt for word in ranges.EXCLUSIVE
}
TIME_FORMATS: Final = frozenset({"date", "date-time"})
FIRST_SECONDS: Final = 10**8
"""Numbers from here on can be times (1973), in seconds or milliseconds."""
LAST_MILLISECONDS: Final = 10**14
MILLISECONDS: Final = 10**11
"""Numbers beyond are times in milliseconds."""
DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
LENGTH, LENGTH_OF_DAY = len("2026-11-26T12:00:00"), len("2026-11-26")


class Bound(NamedTuple):
    """The member that a query parameter bounds, by its plain name, and how; a time's own name does, too."""

    member: str
    compare: Compare


def bound_of(name: str, members: Mapping[str, Schema]) -> Bound | None:
    """Return the member that a query parameter bounds, by its name; None if that is not clear.

    Args:
        members: of an item, by plain name.
    """
    words = words_of(name)
    whole = "".join(words)
    if whole in members:
        return Bound(whole, operator.eq) if _is_time(whole, members[whole]) else None
    for word, rest in ((words[-1], words[:-1]), (words[0], words[1:])) if words else ():
        if word in BOUNDS:
            short = "".join(rest)
            named = next((spelling for spelling in spellings(short) if spelling in members), "")
            member = named or (_time_of_item(word, members) if short in UNNAMED else "")
            if not member or not members[member].types & {"string", "integer", "number"}:
                return None
            compares = BOUNDS if _is_time(member, members[member]) else {**BOUNDS, **EXCLUSIVE}
            return Bound(member, compares[word])
    return None


def is_within(value: Any, compare: Compare, asked: Any) -> bool:
    """Tell whether a number or a time is within a bound; what cannot be compared is, but nothing is not."""
    time, bound = in_utc(value), in_utc(asked)
    number, limit = _number(value), _number(asked)
    if value is None:
        return not bound and limit is None
    if number is not None and limit is not None:
        return compare(number, limit)
    length = min(len(time), len(bound))  # a day has all of its times
    return not length or compare(time[:length], bound[:length])


def _time_of_item(word: str, members: Mapping[str, Schema]) -> str:
    """Return the member that is most likely the time of an item; empty where several are.

    ``since`` asks for what has changed, a range of days for what starts then, or is new.
    """
    times = [name for name, schema in members.items() if _is_time(name, schema)]
    starts, changes, creations = (list(filter(means, times)) for means in (is_start, is_change, is_creation))
    likely = changes if word == "since" else starts or creations
    candidates = times if len(times) == 1 else likely
    return candidates[0] if len(candidates) == 1 else ""


def is_formatted_time(schema: Schema) -> bool:
    """Tell whether the format of values is that of a day or a time."""
    return any(part.get("format") in TIME_FORMATS for part in schema.parts)


def _is_time(name: str, schema: Schema) -> bool:
    return is_formatted_time(schema) or is_creation(name) or is_change(name)


def _number(value: Any) -> float | None:
    """Return a number, that of a decimal text too, exactly; None for anything else."""
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value if isinstance(value, int | float) else None


def in_utc(value: Any) -> str:
    """Return a time in UTC as text that can be ordered, a day without its time; empty for anything else."""
    try:
        if isinstance(value, int | float) and FIRST_SECONDS < value < LAST_MILLISECONDS:
            seconds = value / 1000 if value > MILLISECONDS else value
            return datetime.fromtimestamp(seconds, UTC).isoformat()[:LENGTH]
        if not isinstance(value, str):
            return ""
        is_rfc_5322 = "," in value[:5]
        time = parsedate_to_datetime(value) if is_rfc_5322 else datetime.fromisoformat(value)
        time = time.astimezone(UTC) if time.tzinfo else time
    except (ValueError, OverflowError):
        return ""
    return time.isoformat()[: LENGTH if len(value) > LENGTH_OF_DAY else LENGTH_OF_DAY]
