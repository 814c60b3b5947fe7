"""Names of times: the event of each, and their order."""

import re
from typing import Final

from .words import plain, words_of

CREATED = re.compile(
    r"(date|time|at|on)?(created|inserted|creation|create(?=date|time))(date|time|at|on|timestamp)?"
)
CHANGED = re.compile(
    r"(date|time|at|on|last)?(updated|modified|changed|edited|update(?=date|time))(date|time|at|on|timestamp)?"
)
STARTED = re.compile(r"(start|begin)(s|ing)?(date|time|at|on)*")
UNNAMED: Final = frozenset({"", "date", "time", "datetime", "timestamp"})
"""What is left of the name of a parameter that bounds the time of an item, under any name of that time."""
LIFE: Final = (
    ("birth birthday birthdate born dob", -400_000, 200_000),
    ("created creation inserted registered joined added", 0, 0),
    ("start started starts begin begins from since departure opened", 1, 2),
    ("updated update modified changed edited last seen", 4, 40),
    ("end ended ends to until finish finished completed stop arrival", 48, 40),
    ("closed deleted cancelled canceled archived delivered", 120, 40),
    ("expires expiry expiration expiring due next", 240, 400),
)
"""What happens to a thing, in this order: words for it, after how many hours, and within how many."""
STAGES: Final = {word: (after, within) for words, after, within in LIFE for word in words.split()}


def stage_of(name: str) -> tuple[int, int]:
    """Return the hours after which, and within which, what a name says happens to a thing; 0 for no word."""
    return next((STAGES[word] for word in words_of(name) if word in STAGES), (0, 0))


def is_creation(name: str) -> bool:
    """Tell whether a member is the time when an item was created."""
    return CREATED.fullmatch(plain(name)) is not None


def is_change(name: str) -> bool:
    """Tell whether a member is the time when an item was last changed."""
    return CHANGED.fullmatch(plain(name)) is not None


def is_start(name: str) -> bool:
    """Tell whether a member is the time when something, such as an event, starts."""
    return STARTED.fullmatch(plain(name)) is not None


def spellings(name: str) -> tuple[str, ...]:
    """Return the plain names of a member that a parameter may shorten to this one, as ``created`` does."""
    return name, f"{name}at", f"{name}on", f"{name}date", f"{name}time", f"date{name}"
