"""Memory with a bound: the newest entries are kept."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def keep_newest(kept: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Put an entry in as the newest; where there are ``most`` already, the oldest one makes room."""
    kept.pop(key, None)
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value
