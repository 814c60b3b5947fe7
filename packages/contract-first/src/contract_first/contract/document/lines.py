"""Finds the lines of JSON pointers in a file."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from json import decoder
from operator import itemgetter
from typing import Any

from yaml import MappingNode, SequenceNode

from . import pointers
from .encodings import text_of
from .parsing import is_json_text, yaml_node

WHITESPACE = re.compile(r"[ \t\n\r]*")
scan_string: Callable[[str, int], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]  # typeshed leaves it out


def lines_of(raw: bytes, suffix: str, places: Collection[str]) -> dict[str, int]:
    """Return the lines, from 1, of those pointers that exist, and of their ancestors.

    Args:
        raw: the content, in UTF-8, of a file that was parsed before.

    Raises:
        ValueError, LookupError: it cannot be read a second time.
    """
    branches: dict[str, Any] = {}
    for place in places:
        branch = branches
        for key in pointers.split(place):
            branch = branch.setdefault(key, {})
    text = raw.decode("latin-1")  # a byte for each character of any text: a contract has up to 64 MiB
    if is_json_text(text, suffix):
        line, end, lines = 1, 0, {}
        indices = _in_json(text, 0, branches, "", set(places))[0]
        for at, index in sorted(indices.items(), key=itemgetter(1)):
            line, end = line + text.count("\n", end, index), index
            lines[at] = line
        return lines
    return dict(_in_yaml(yaml_node(text_of(raw)), branches, "", 1))


def _in_json(
    text: str, index: int, branches: dict[str, Any], pointer: str, sought: set[str]
) -> tuple[dict[str, int], int]:
    """Return the index of each pointer in a value, and of the end of the value or of the search."""
    index = _behind_space(text, index)
    indices = {pointer: index}
    sought.discard(pointer)
    if not branches or text[index] not in "{[":
        return indices, json.JSONDecoder().raw_decode(text, index)[1]
    is_object, count = text[index] == "{", 0
    while True:
        index = _behind_space(text, index + 1)
        if text[index] in "}]":
            return indices, index + 1
        start, key = index, str(count)
        if is_object:
            end = scan_string(text, index + 1)[1]
            key = scan_string(text_of(text[index:end].encode("latin-1")), 1)[0]
            index = text.index(":", end) + 1
        branch = branches.get(key, {})
        at = pointers.join(pointer, key)
        below, index = _in_json(text, index, branch, at, sought)
        if key in branches:
            indices |= below | {at: start}
        if not sought:
            return indices, index
        index = _behind_space(text, index)
        if text[index] in "}]":
            return indices, index + 1
        count += 1


def _behind_space(text: str, index: int) -> int:
    match = WHITESPACE.match(text, index)
    return index if match is None else match.end()


def _in_yaml(node: Any, branches: dict[str, Any], pointer: str, line: int) -> Iterator[tuple[str, int]]:
    """Yield the pointers below a node, each with its line."""
    yield pointer, line
    children: Iterable[tuple[Any, Any, int]] = ()
    if isinstance(node, MappingNode):
        children = ((key.value, value, key.start_mark.line) for key, value in node.value)
    elif isinstance(node, SequenceNode):
        children = ((str(index), value, value.start_mark.line) for index, value in enumerate(node.value))
    for key, value, start in children:
        if isinstance(key, str) and key in branches:
            yield from _in_yaml(value, branches[key], pointers.join(pointer, key), start + 1)
