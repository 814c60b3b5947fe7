"""Parts of a document with the words for where they are, and what a comparison finds there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from openapi_contract import pointers
from openapi_contract.terminal import printable

from .rules import RULES, Rule


@dataclass(frozen=True, slots=True)
class Located:
    """A part of a document.

    Attributes:
        node: the part itself.
        pointer: JSON pointer of it.
        where: the same for a reader: ``Pet.tags[]``, ``response 200 application/json``.
        origin: returns the pointer, in the author's file, of a pointer into the document.
    """

    node: Any
    pointer: str
    where: str
    origin: Callable[[str], str] = field(default=str, compare=False, repr=False)

    def below(self, *keys: str | int, where: str = "") -> Located:
        """Return what is below under ``keys``, its words extended."""
        node = self.node
        for key in keys:
            node = node[key]
        return Located(node, pointers.join(self.pointer, *keys), self.where + where, self.origin)


def component(node: Any, pointer: str, origin: Callable[[str], str]) -> Located:
    """Return a part that a ``$ref`` leads to, named after the component rather than the reference."""
    match pointers.split(pointer):
        case ["components", _, *keys] if keys:
            return Located(node, pointer, ".".join(keys), origin)
        case _:
            return Located(node, pointer, f"#{origin(pointer)}", origin)


Conjunction = tuple[Located, ...]
"""Schemas that a value has to keep all of; of none, anything."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One change of a contract.

    Attributes:
        rule: the rule that it is a case of.
        where: the words for the place.
        pointer: JSON pointer of the place in the new file, or of what is gone in the old one.
        detail: what it is now and was before; may be empty.
    """

    rule: Rule
    where: str
    pointer: str
    detail: str = ""


def finding(rule: str, at: Located, detail: str = "") -> Finding:
    """Return a finding of the rule with this name."""
    return Finding(RULES[rule], printable(at.where.strip()), at.origin(at.pointer), printable(detail))
