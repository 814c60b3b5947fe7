"""Query parameters that bound a member: ``created[gte]``, ``updated_after``, ``DateCreated>``, ``since``."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from openapi_contract.schemas import Schema

from .values import CHANGED, CREATED, MILLISECONDS

Compare = Callable[[Any, Any], bool]
BOUNDS: Final[Mapping[str, Compare]] = {
    "gt": operator.gt,
    "lt": operator.lt,
    **dict.fromkeys(("gte", "ge", ">", ">=", "after", "since", "from", "start", "min"), operator.ge),
    **dict.fromkeys(("lte", "le", "<", "<=", "before", "until", "to", "end", "max"), operator.le),
}
"""First or last words of a parameter's name, or members of an object that is one; APIs count the bound in."""
BEYOND: Final[Mapping[str, Compare]] = {"after": operator.gt, "since": operator.gt, "before": operator.lt}
"""Of these words, those that do not count in a number, as ``since_id`` does not."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[<>]=?")
TIME: Final = frozenset({"", "date", "time", "datetime", "timestamp"})
"""What is left of the name of a parameter that bounds the time of an item, under any name of that time."""
STARTS = re.compile(r"(start|begin)(s|ing)?(date|time|at|on)*")
"""Times of what takes place, such as events, by which these are asked for rather than by their creation."""
TIME_FORMATS: Final = frozenset({"date", "date-time"})
FIRST_SECONDS: Final = 10**8
"""Numbers from here on can be times (1973), in seconds or milliseconds."""
LAST_MILLISECONDS: Final = 10**14
DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
LENGTH, LENGTH_OF_DAY = len("2026-11-26T12:00:00"), len("2026-11-26")


class Bound(NamedTuple):
    """The member that a query parameter bounds, by its plain name, and how; a time's own name does, too."""

    member: str
    compare: Compare


def bound_of(name: str, members: Mapping[str, Schema]) -> Bound | None:
    """Return what a query parameter bounds by its name; None for nothing that is plain.

    Args:
        members: of an item, by plain name.
    """
    words = [each.lower() for each in WORD.findall(name)]
    exact = "".join(words)
    if exact in members:
        return Bound(exact, operator.eq) if _is_time(exact, members[exact]) else None
    for word, rest in ((words[-1], words[:-1]), (words[0], words[1:])) if words else ():
        if word in BOUNDS:
            own = "".join(rest)
            named = next((each for each in spellings(own) if each in members), "")
            found = named or (_time_of_item(word, members) if own in TIME else "")
            if not found or not members[found].types & {"string", "integer", "number"}:
                return None
            compares = BOUNDS if _is_time(found, members[found]) else {**BOUNDS, **BEYOND}
            return Bound(found, compares[word])
    return None


def spellings(name: str) -> tuple[str, ...]:
    """Return what a member may be called that a parameter calls so, in plain spelling."""
    return name, *(f"{name}{each}" for each in ("at", "on", "date", "time")), f"date{name}"


def is_within(value: Any, compare: Compare, asked: Any) -> bool:
    """Tell whether a number or a time is within a bound; what cannot be compared is, but nothing is not."""
    time, bound = _spelled(value), _spelled(asked)
    number, limit = _number(value), _number(asked)
    if value is None:
        return not bound and limit is None
    if number is not None and limit is not None:
        return compare(number, limit)
    length = min(len(time), len(bound))  # a day has all of its times
    return not length or compare(time[:length], bound[:length])


def _time_of_item(word: str, members: Mapping[str, Schema]) -> str:
    """Return the member that is most likely the time of an item; empty where several are.

    Who lists since a time asks for what has changed, from a day to another for what starts then, or is new.
    """
    times = [name for name, schema in members.items() if _is_time(name, schema)]
    found = (list(filter(names.fullmatch, times)) for names in (STARTS, CHANGED, CREATED))
    starting, changed, created = found
    likely = changed if word == "since" else starting or created
    one, *others = (times if len(times) == 1 else likely) or [""]
    return "" if others else one


def is_formatted_time(schema: Schema) -> bool:
    """Tell whether the format of values is that of a day or a time."""
    return any(part.get("format") in TIME_FORMATS for part in schema.parts)


def _is_time(name: str, schema: Schema) -> bool:
    return is_formatted_time(schema) or any(each.fullmatch(name) for each in (CREATED, CHANGED))


def _number(value: Any) -> float | None:
    """Return a number, that of a decimal text too, exactly; None for anything else."""
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value if isinstance(value, int | float) else None


def _spelled(value: Any) -> str:
    """Return a time in UTC, by which times are ordered, a day without its time; empty for anything else."""
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
