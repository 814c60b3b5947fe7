"""Regular expressions of a contract, and strings that they match.

They are read as Python reads them, as the judge does, and by jsonschema-rs where Python cannot.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from rstr.xeger import Xeger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

MOST_REPEATS = 8
"""Of what may repeat for ever: enough to look like something."""
MOST_ASKED = 10_000


class Patterned(Xeger):
    """rstr's strings from patterns, the same in every process, with fewer repetitions.

    Args:
        most_repeats: of what may repeat for ever.
    """

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
        """Repeat a few times more than is asked for, at most."""
        if start_range > MOST_ASKED:
            raise ValueError("it repeats too often")
        end = min(end_range, max(start_range, self._most_repeats))
        times = self._random.randint(start_range, end)
        return "".join("".join(map(self._handle_state, value)) for _ in range(times))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found in a text."""
    compiled = _compiled(pattern)
    return _found(pattern)(text) if compiled is None else compiled.search(text) is not None


@lru_cache(maxsize=256)
def _found(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a pattern of ECMA-262 is found in a text; ValueError if it is none."""
    found: Callable[[str], bool] = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
    return found


def is_readable(pattern: str) -> bool:
    """Tell whether a pattern is one at all, for jsonschema-rs."""
    try:
        _found(pattern)
    except ValueError:
        return False
    return True


def strings_of(pattern: str, random: Random, most_repeats: int = MOST_REPEATS) -> Iterator[str]:
    """Yield a string that the pattern most likely matches; nothing where it cannot be read."""
    if _compiled(pattern) is None:
        return
    try:
        made = Patterned(random, most_repeats).xeger(pattern)
        made.encode()  # a class may hold surrogates, which are no characters
    except (LookupError, ValueError, RecursionError):  # what rstr does not know, or nothing to choose from
        return
    yield made
