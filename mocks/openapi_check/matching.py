"""How requests are picked: an operation by its name, all else by patterns."""

from __future__ import annotations

from fnmatch import fnmatchcase


def is_named(operation_id: str, name: str) -> bool:
    """Return whether an operation has this name: its operationId, or the end of it behind a ``_``."""
    return operation_id == name or operation_id.endswith(f"_{name}")


def matches(text: str, pattern: str) -> bool:
    """Return whether all of a text is as a pattern says: ``*`` is any text, ``?`` any character."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
