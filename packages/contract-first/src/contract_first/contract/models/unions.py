"""Unions as msgspec decodes them: one alternative of each kind of JSON value, several objects with tags."""

from ast import literal_eval
from collections.abc import Mapping, Sequence

from .kinds import Members, Tag

TEXTS = frozenset({"str", "UUID", "dt.date", "dt.datetime"})
NUMBERS = {"int": "integer", "float": "number", "bool": "boolean", "None": "null"}
LOOSE = {"text": "str", "integer": "int", "array": "list[Any]", "object": "dict[str, Any]"}
"""What takes all values of a kind."""


def group_of(member: str) -> str:
    """Return the kind of JSON value that an alternative is; empty for none."""
    if member.startswith("Literal["):
        values = literal_eval(f"({member.removeprefix('Literal[').removesuffix(']')},)")
        return "text" if all(isinstance(value, str) for value in values) else "integer"
    if member.startswith("list["):
        return "array"
    if member == "Upload":
        return ""
    return "text" if member in TEXTS else NUMBERS.get(member, "object")


def is_separable(members: Sequence[str], tags: Mapping[str, Tag]) -> bool:
    """Tell whether the alternatives of one kind can be distinguished."""
    if len(members) == 1:
        return True
    declared = [tags[member] for member in members if member in tags]
    values, keys = {tag.value for tag in declared}, {tag.key for tag in declared}
    return len(members) == len(declared) == len(values) and len(keys) == 1


def separated(members: Members, tags: Mapping[str, Tag]) -> Members:
    """Return the alternatives, of a kind in which they cannot be distinguished what takes all of them."""
    groups: dict[str, list[str]] = {}
    for member in members:
        groups.setdefault(group_of(member), []).append(member)
    if "" in groups:
        return ("Any",)
    return tuple(
        dict.fromkeys(
            member if is_separable(group, tags) else LOOSE[kind]
            for kind, group in groups.items()
            for member in group
        )
    )
