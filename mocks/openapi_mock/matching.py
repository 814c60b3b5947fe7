"""Patterns that select requests."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(text: str, pattern: str) -> bool:
    """Return whether all of a text is as a pattern says: ``*`` is any text, ``?`` any character."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
