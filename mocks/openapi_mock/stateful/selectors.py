"""Selectors of items by labels and other members, such as ``app=web,tier in (a, b),!old`` of Kubernetes."""

import re
from collections.abc import Callable
from typing import Any, Final

TERMS = re.compile(r"(?:[^,(]|\([^)]*\)?)+")
TERM = re.compile(r"(!?)([\w./-]+)(?: ?(==?|!=) ?([^\s()]*)| (in|notin) ?\(([^()]*)\))?")
MOST_TERMS: Final = 100
"""Each of which is asked of each item."""
Selects = Callable[[Callable[[str], Any]], bool]
"""Tells whether an item is selected; takes what returns the value of a label or a path there, or None."""


def selects(selector: str) -> Selects:
    """Return what tells whether all terms of a selector hold of an item; none does of more than so many."""
    terms = [TERM.fullmatch(" ".join(each.split())) for each in TERMS.findall(selector) if each.strip()]
    valid = [each for each in terms if each is not None]
    is_valid = len(valid) == len(terms) <= MOST_TERMS
    return lambda value_of: is_valid and all(_holds(each, value_of) for each in valid)


def _holds(term: re.Match[str], value_of: Callable[[str], Any]) -> bool:
    negation, name, sign, other, word, others = term.groups()
    value = value_of(name)
    if not (sign or word):
        return (value is None) == bool(negation)
    asked = [other] if sign else [each.strip() for each in others.split(",")]
    return (value is not None and str(value) in asked) != (sign == "!=" or word == "notin")
