"""Patterns that select requests, and requests that are for no contract."""

import re
from fnmatch import fnmatchcase
from typing import Final

BESIDE: Final = re.compile(
    r"/(favicon\.ico|robots\.txt|sitemap\.xml|apple-touch-icon[\w-]*\.png|\.well-known(/.*)?"
    r"|docs(/.*)?|openapi\.json|healthz|readyz)?"
)
"""Paths that browsers and tools request of any server, and pages that are served beside a contract."""
EXPLORER: Final = re.compile(r"/(docs(/.*)?|openapi\.json)")
"""Paths of the page that shows a contract, and of what it loads."""


def matches(text: str, pattern: str) -> bool:
    """Return whether a whole text matches a pattern: ``*`` is any text, ``?`` any character."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def is_beside_contracts(path: str) -> bool:
    """Return whether a path without an operation is for no contract, rather than a mistake of a client."""
    return BESIDE.fullmatch(path) is not None


def is_of_explorer(path: str) -> bool:
    """Return whether a path without an operation is of the page that shows the contract."""
    return EXPLORER.fullmatch(path) is not None
