"""A part of a document, and the words for where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openapi_contract import pointers


@dataclass(frozen=True, slots=True)
class Located:
    """A part of a document.

    Attributes:
        node: the part itself.
        pointer: JSON pointer of it.
        where: the same for a reader: ``Pet.tags[]``, ``response 200 application/json``.
    """

    node: Any
    pointer: str
    where: str

    def below(self, *keys: str | int, where: str = "") -> Located:
        """Return what is below under ``keys``, its words extended."""
        node = self.node
        for key in keys:
            node = node[key]
        return Located(node, pointers.join(self.pointer, *keys), self.where + where)


def component(node: Any, pointer: str) -> Located:
    """Return a part that a ``$ref`` leads to; its words are those of the component, whoever refers to it."""
    match pointers.split(pointer):
        case ["components", _, *keys] if keys:
            return Located(node, pointer, ".".join(keys))
        case _:
            return Located(node, pointer, f"#{pointer}")


Conjunction = tuple[Located, ...]
"""Schemas that a value has to keep all of; of none, anything."""
