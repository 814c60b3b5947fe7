"""Notes in the annotations of rules: for which server a member is, what it needs or excludes beside it."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec


class On(NamedTuple):
    """The server that a member is for; without one it is for both."""

    server: str


class Beside(NamedTuple):
    """What a member needs or excludes beside it.

    Attributes:
        because: the sentence of the refusal.
        needs: members of which there is to be one.
        excludes: members of which there is to be none.
        server: on which it is so; empty for both.
        rule: that is violated; empty for the first that is needed, or the name of the member.
    """

    because: str
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    server: str = ""
    rule: str = ""


@cache
def notes(part: type[msgspec.Struct]) -> tuple[tuple[str, On | Beside], ...]:
    """Return the notes on the members of a part of rules: first for which server they are."""
    noted = [
        (field.name, note)
        for field in msgspec.structs.fields(part)
        for note in getattr(field.type, "__metadata__", ())
        if isinstance(note, On | Beside)
    ]
    return tuple(sorted(noted, key=lambda entry: isinstance(entry[1], Beside)))


def refusals(part: msgspec.Struct, server: str) -> Iterator[tuple[str, str, str]]:
    """Yield the members that a part of a rule on a server may not have: name, rule, and a sentence."""
    for name, note in notes(type(part)):
        if not is_present(part, name):
            continue
        if isinstance(note, On):
            if note.server != server:
                there = ", ".join(
                    other for other in part.__struct_fields__ if (other, note) not in notes(type(part))
                )
                yield name, "on", f"applies to faults on {note.server} only; on {server} there are {there}"
        elif note.server in ("", server):
            is_missing = note.needs and not any(is_present(part, other) for other in note.needs)
            if is_missing or any(is_present(part, other) for other in note.excludes):
                yield name, note.rule or (*note.needs, name)[0], note.because


def is_present(part: Any, name: str) -> bool:
    """Return whether a part has a member, other than one that says no."""
    value = getattr(part, name)
    return value is not False and value not in (None, "", {})
