"""Violations of a contract, and advice in their messages."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import accumulate
from typing import Any

from contract_first.contract.document import pointers
from contract_first.contract.document.parsing import levels_in

MISSING_MEMBER = re.compile(r'("(?:[^"\\]|\\.)*") is a required property')
LONGEST_NAME = 100
MOST_NAMES = 30


@dataclass(frozen=True, slots=True)
class Violation:
    """One part of a request (or response) that violates the contract.

    Attributes:
        location: ``path``, ``query``, ``header``, ``cookie`` or ``body``.
        name: the parameter's name, or a JSON pointer (RFC 6901) into the body.
        rule: the JSON Schema keyword, or the OpenAPI rule, that is violated.
        detail: what was found and what the contract expects, in a sentence.
        pointer: JSON pointer of the keyword in the contract, where that is known.
    """

    location: str
    name: str
    rule: str
    detail: str
    pointer: str = field(default="", compare=False)

    @property
    def sentence(self) -> str:
        """Where it is, and the detail."""
        return f"{self.location} {self.name}".rstrip() + f": {self.detail}"

    @property
    def steps(self) -> list[str]:
        """The steps that lead to it in its location: of a body to what is missing, too."""
        if self.location != "body":
            return [self.name]
        missing = MISSING_MEMBER.match(self.detail) if self.rule == "required" else None
        return pointers.split(self.name) + ([json.loads(missing[1])] if missing else [])

    def document(self) -> dict[str, str]:
        """Return the item of ``errors`` in a problem: ``pointer`` for bodies, ``name`` for parameters."""
        place = "pointer" if self.location == "body" else "name"
        return {"in": self.location, place: self.name, "rule": self.rule, "detail": self.detail}


def advice(name: str, names: Collection[str]) -> str:
    """Return the end of an error about an unknown name: the closest known name, and all of them."""
    if not names or len(names) > MOST_NAMES:
        return ""
    close = get_close_matches(name, names, n=1) if len(name) <= LONGEST_NAME else []
    return f"{''.join(f'; close to it: {near}' for near in close)}; known are {', '.join(names)}"


def holds_more(value: Any, most: int) -> bool:
    """Tell whether a value holds more than so many values, without counting the rest."""
    counts = accumulate((sum(map(len, level)) for level in levels_in(value)), initial=1)
    return any(count > most for count in counts)
