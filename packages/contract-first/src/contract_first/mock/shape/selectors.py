"""Selectors of items by labels and other members, such as ``app=web,tier in (a, b),!old`` of Kubernetes."""

import re
from collections.abc import Callable
from typing import Any, Final

TERMS = re.compile(r"(?:[^,(]|\([^)]*\)?)+")
TERM = re.compile(r"(!?)([\w./-]+)(?: ?(==?|!=) ?([^\s()]*)| (in|notin) ?\(([^()]*)\))?")
MOST_TERMS: Final = 100
"""Each of which is evaluated for each item."""
Selects = Callable[[Callable[[str], Any]], bool]
"""Tells whether an item is selected; takes what returns the value of a label or a path there, or None."""


def selects(selector: str) -> Selects:
    """Return the predicate that all terms of a selector hold of an item; too many terms hold of none."""
    terms = [TERM.fullmatch(" ".join(term.split())) for term in TERMS.findall(selector) if term.strip()]
    valid = [term for term in terms if term is not None]
    is_valid = len(valid) == len(terms) <= MOST_TERMS
    return lambda value_of: is_valid and all(_holds(term, value_of) for term in valid)


def _holds(term: re.Match[str], value_of: Callable[[str], Any]) -> bool:
    negation, name, sign, other, word, others = term.groups()
    value = value_of(name)
    if not (sign or word):
        return (value is None) == bool(negation)
    asked = [other] if sign else [choice.strip() for choice in others.split(",")]
    return (value is not None and str(value) in asked) != (sign == "!=" or word == "notin")
