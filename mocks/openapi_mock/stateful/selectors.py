"""Selectors of items by labels and other members, such as ``app=web,tier in (a, b),!old`` of Kubernetes."""

import re
from collections.abc import Callable
from typing import Any

COMMA = re.compile(r",(?![^(]*\))")
TERM = re.compile(r"(!?)([\w./-]+)(?: ?(==?|!=) ?([^\s()]*)| (in|notin) ?\(([^()]*)\))?")


def is_selected(selector: str, value_of: Callable[[str], Any]) -> bool:
    """Tell whether all terms of a selector hold of an item.

    Args:
        value_of: returns the value that a label or a path has in the item; None for nothing.
    """
    return all(_holds(" ".join(term.split()), value_of) for term in COMMA.split(selector) if term.strip())


def _holds(term: str, value_of: Callable[[str], Any]) -> bool:
    match = TERM.fullmatch(term)
    if match is None:
        return False
    negation, name, sign, other, word, others = match.groups()
    value = value_of(name)
    if not (sign or word):
        return (value is None) == bool(negation)
    asked = [other] if sign else [each.strip() for each in others.split(",")]
    return (value is not None and str(value) in asked) != (sign == "!=" or word == "notin")
