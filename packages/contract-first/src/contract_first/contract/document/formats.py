"""Decides whether a text has a format: in requests, responses, examples and generated values alike.

jsonschema-rs knows the formats of JSON Schema 2020-12 (Validation, section 7.3); :data:`DECIDED` has those
that it lacks, or that are decided otherwise. Integer formats are in :mod:`.json_types`: they bound numbers.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import jsonschema_rs

Decider = Callable[[Any], bool]
"""Tells whether a value has a format; what is no text has each."""
COSTLY: Final = frozenset({"idn-hostname", "ipv4", "ipv6", "regex", "uuid"})
"""Formats whose validators take 20 ms of CPU or more for a value of 4 MB; for a regex it is 14 s."""
MOST_CHARACTERS: Final = 1000
"""Of a value of a costly format; longer ones violate it."""
BASE64 = re.compile(r"[A-Za-z0-9+/_\s=-]*")


def _builtin(name: str) -> Decider:
    """Return jsonschema-rs's decider of a format; ValueError if it has none."""
    validator = jsonschema_rs.Draft202012Validator(
        {"format": name}, validate_formats=True, ignore_unknown_formats=False
    )
    conforms: Decider = validator.is_valid
    return conforms


def _bounded(name: str) -> Decider:
    conforms = _builtin(name)
    return lambda text: not is_too_long(name, text) and conforms(text)


_is_full_time = _builtin("time")

DECIDED: Final[Mapping[str, Decider]] = {
    **{name: _bounded(name) for name in COSTLY},
    "byte": lambda text: BASE64.fullmatch(text) is not None,
    "time": lambda text: _is_full_time(text) or _is_full_time(f"{text}Z"),
}
"""Formats as they are decided here: bytes are in any spelling of Base64 (RFC 4648), a time is a full-time or
a partial-time (RFC 3339), and costly formats have a longest value."""


@cache
def decider(name: Any) -> Decider | None:
    """Return what tells whether a value has a format; None for a format that any text has."""
    if name in DECIDED:
        decide = DECIDED[name]
        return lambda value: not isinstance(value, str) or decide(value)
    try:
        return _builtin(name)
    except ValueError:
        return None


def is_too_long(name: Any, value: Any) -> bool:
    """Tell whether a value is too long for the format of a name."""
    return name in COSTLY and isinstance(value, str) and len(value) > MOST_CHARACTERS
