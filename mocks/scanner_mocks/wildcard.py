"""Patterns with ``*`` for any text and ``?`` for any character; all else stands for itself."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(text: str, pattern: str) -> bool:
    """Return whether all of a text is as a pattern says."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
