"""Patterns that select requests, and requests that are for no contract."""

import re
from fnmatch import translate
from functools import lru_cache
from typing import Final

BESIDE: Final = re.compile(
    r"/(favicon\.ico|robots\.txt|sitemap\.xml|apple-touch-icon[\w-]*\.png|\.well-known(/.*)?"
    r"|docs(/.*)?|openapi\.json|healthz|readyz)?"
)
"""Paths that browsers and tools request of any server, and pages that are served beside a contract."""
PAGES: Final = re.compile(r"/(docs(/.*)?|openapi\.json|healthz|readyz)")
"""Paths of the page that shows a contract, of what it loads, and of health checks."""


def matches(text: str, pattern: str) -> bool:
    """Return whether a whole text matches a pattern: ``*`` is any text, ``?`` any character."""
    return _compiled(pattern).match(text) is not None


def is_pattern(text: str) -> bool:
    """Return whether a text is a pattern, rather than the one text that it matches."""
    return "*" in text or "?" in text


@lru_cache(2048)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.replace("[", "[[]")))


def is_beside_contracts(path: str) -> bool:
    """Return whether a path without an operation is for no contract, rather than a mistake of a client."""
    return BESIDE.fullmatch(path) is not None


def is_page(path: str) -> bool:
    """Return whether a page is served at a path beside contracts that have no such path."""
    return PAGES.fullmatch(path) is not None
