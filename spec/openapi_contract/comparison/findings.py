"""What a comparison finds at one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .rules import RULES

if TYPE_CHECKING:
    from .located import Located
    from .rules import Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """One change of a contract.

    Attributes:
        rule: the rule that it is a case of.
        where: the words for the place.
        pointer: JSON pointer of the place in the new document, or of what is gone in the old one.
        detail: what it is now and was before; may be empty.
    """

    rule: Rule
    where: str
    pointer: str
    detail: str = ""


def finding(rule: str, at: Located, detail: str = "") -> Finding:
    """Return a finding of the rule with this name."""
    return Finding(RULES[rule], printable(at.where.strip()), at.pointer, printable(detail))


def printable(text: str) -> str:
    """Return a text of a document without what would move a terminal's cursor or end a line."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
