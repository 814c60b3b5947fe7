"""JSON pointers (RFC 6901) into a document."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote


def join(pointer: str, *keys: str | int) -> str:
    """Return ``pointer`` extended by ``keys``, escaped."""
    for key in keys:
        escaped = key
        if isinstance(key, str) and ("~" in key or "/" in key):
            escaped = key.replace("~", "~0").replace("/", "~1")
        pointer = f"{pointer}/{escaped}"
    return pointer


def split(pointer: str) -> list[str]:
    """Return the keys of a pointer, unescaped."""
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def order(pointer: str) -> list[tuple[int, str]]:
    """Return the sort key of a pointer; indices sort by value."""
    return [(int(key), "") if key.isdecimal() else (0, key) for key in split(pointer)]


def mapped(pointer: str, origins: Mapping[str, str]) -> str:
    """Return a pointer mapped into another document by its nearest ancestor with an origin."""
    around = pointer if origins else ""
    while around and around not in origins:
        around = around.rpartition("/")[0]
    return origins.get(around, "") + pointer[len(around) :]


def json_path(document: Any, pointer: str) -> str:
    """Return the normalized JSONPath (RFC 9535, section 2.7) of a place in a document."""
    node, path = document, "$"
    for key in split(pointer):
        quoted = key.replace("\\", "\\\\").replace("'", "\\'")
        path += f"[{key}]" if isinstance(node, list) else f"['{quoted}']"
        node = descend(node, [key])
    return path


def from_fragment(fragment: str) -> str:
    """Return the pointer in a percent-encoded URI fragment (without ``#``)."""
    return unquote(fragment)


def lookup(document: Any, pointer: str) -> Any:
    """Return the value at ``pointer``.

    Raises:
        KeyError: nothing is there; the key that is missing.
    """
    return descend(document, split(pointer))


def descend(node: Any, keys: Iterable[str]) -> Any:
    """Return the value below ``node`` under ``keys``; KeyError with the key that is missing."""
    for key in keys:
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            raise KeyError(key)
    return node
