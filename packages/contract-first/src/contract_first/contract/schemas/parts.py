"""Parts of a document with the words for where they are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contract_first.contract.document import pointers


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document: a schema, a parameter, a server.

    Attributes:
        node: the part itself.
        pointer: JSON pointer of it.
        where: where it is in words: ``Pet.tags[]``, ``response 200 application/json``.
        origin: returns the pointer, in the author's file, of a pointer into the document.
    """

    node: Any
    pointer: str
    where: str
    origin: Callable[[str], str] = field(default=str, compare=False, repr=False)

    def below(self, *keys: str | int, where: str = "") -> "Part":
        """Return the part below under ``keys``, its words extended."""
        node = self.node
        for key in keys:
            node = node[key]
        return Part(node, pointers.join(self.pointer, *keys), self.where + where, self.origin)


def component(node: Any, pointer: str, origin: Callable[[str], str]) -> Part:
    """Return the part that a ``$ref`` leads to, named after the component rather than the reference."""
    match pointers.split(pointer):
        case ["components", _, *keys] if keys:
            return Part(node, pointer, ".".join(keys), origin)
        case _:
            return Part(node, pointer, f"#{origin(pointer)}", origin)


Conjunction = tuple[Part, ...]
"""Schemas all of which hold for a value; of none, any value conforms."""
