"""Strings that match patterns, by rstr."""

import re
import string
from collections.abc import Iterator
from random import Random
from typing import Any

from rstr.xeger import Xeger

from contract_first.contract.document.patterns import compiled

MOST_REPEATS = 8
"""Of what a pattern may repeat for ever: enough to look like something."""
MOST_REQUIRED_REPEATS = 10_000
PROPERTY = re.compile(r"\\([pP])(?:\{\^?(?:\w+=)?(\w+)\}|(\w))")
IN_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]|" + PROPERTY.pattern)
NAMED_GROUP = re.compile(r"\(\?<(?![=!])")
OF_PROPERTY = {"Lu": "A-Z", "Lt": "A-Z", "N": "0-9", "P": ".", "Z": " ", "S": "+"}
"""Characters that have a property of Unicode (ECMA-262, section 22.2.1), by the beginning of its name."""
LETTERS, OTHERS = "a-z", "0-9"


def _of_property(match: re.Match[str]) -> str:
    """Return the characters that a pattern names by a property, as a class holds them."""
    kind, *names = match.groups()
    name = next(filter(None, names))
    characters = OF_PROPERTY.get(name[:2]) or OF_PROPERTY.get(name[:1], LETTERS)
    return characters if kind == "p" else OTHERS if characters == LETTERS else LETTERS


def _as_python(pattern: str) -> str:
    """Return a pattern that Python reads, and that matches some of what one of ECMAScript does."""

    def replaced(match: re.Match[str]) -> str:
        text = PROPERTY.sub(_of_property, match[0])
        return text if match[0].startswith("[") else f"[{text}]"

    return IN_CLASS.sub(replaced, NAMED_GROUP.sub("(?P<", pattern))


def matching(pattern: str, random: Random, most_repeats: int = MOST_REPEATS) -> Iterator[str]:
    """Yield a string that most likely matches a pattern; nothing where the pattern cannot be read."""
    if compiled(pattern) is None:
        pattern = _as_python(pattern)
    try:
        match = _Patterned(random, most_repeats).xeger(pattern)
        match.encode()  # a class may hold surrogates, which are no characters
    except (LookupError, ValueError, RecursionError, re.error):  # unknown to rstr, or nothing to choose from
        return
    yield match


class _Patterned(Xeger):
    """Makes rstr's strings, the same in every process, with fewer repetitions."""

    def __init__(self, random: Random, most_repeats: int) -> None:
        super().__init__(random)
        self._most_repeats = most_repeats
        self._cases = {**self._cases, "any": lambda _: "."}  # in hosts and names of files it means a dot

    def _handle_in(self, value: Any) -> Any:
        """Take a character of a class; rstr takes it from a set, whose order changes with the process."""
        states = list(value)
        negated = states[0][0].name == "NEGATE"
        members = [character for state in states[negated:] for character in self._handle_state(state)]
        if not negated:
            return self._random.choice(members)
        likely = [
            character for character in string.ascii_lowercase + string.digits if character not in members
        ]
        others = [character for character in string.printable if character not in members]
        return self._random.choice(likely or others)

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        """Repeat as often as is required, or a few times more."""
        if start_range > MOST_REQUIRED_REPEATS:
            raise ValueError("it repeats too often")
        end = min(end_range, max(start_range, self._most_repeats))
        times = self._random.randint(start_range, end)
        if [opcode.name for opcode, _ in value] == ["ANY"]:
            return "".join(self._random.choices(string.ascii_lowercase, k=times))
        return "".join("".join(map(self._handle_state, value)) for _ in range(times))
