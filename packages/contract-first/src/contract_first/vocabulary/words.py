"""Names in any style, as words and without a style."""

import re
from functools import lru_cache
from typing import Final

MOST_CHARACTERS: Final = 100
WORD: Final = re.compile(r"[A-Z]{2,}s?(?![a-z])[0-9]*|[A-Z]{0,2}[a-z]+[0-9]*|[A-Z][0-9]*|[0-9]+|[<>]=?")
"""``HTMLUrl`` and ``html_url`` have the same words, ``ETag`` and ``sha256`` have one; ``>=`` is a word."""
PLURALS: Final = {"ies": "y", "ses": "s", "xes": "x", "s": ""}


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name, in lower case."""
    return tuple(word.lower() for word in WORD.findall(name[:MOST_CHARACTERS]))


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """Return a name without its style: ``friendlyname`` for ``FriendlyName`` and ``friendly_name``."""
    return re.sub(r"[\W_]", "", name.lower())


@lru_cache(maxsize=4096)
def singulars(name: str) -> tuple[str, ...]:
    """Return possible singulars of a name, the name itself first, as it may not be a plural."""
    forms = [
        name.removesuffix(ending) + singular for ending, singular in PLURALS.items() if name.endswith(ending)
    ]
    return tuple(dict.fromkeys((name, *forms)))


def singular(word: str) -> str:
    """Return the likeliest singular of a word in lower case."""
    return word if word.endswith(("ss", "us")) else singulars(word)[:2][-1]


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text, which are separated by spaces."""
    return frozenset(text.split())
