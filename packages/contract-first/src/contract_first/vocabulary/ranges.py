"""Words for the ends of a range, in names of members and of query parameters."""

from collections.abc import Iterable, Iterator
from typing import Final

PAIRS: Final = {
    "min": "max",
    "minimum": "maximum",
    "low": "high",
    "lower": "upper",
    "from": "to",
    "start": "end",
    "least": "most",
    "first": "last",
    "before": "after",
}
"""Words for the lesser of two numbers, and those for the greater, where the names are otherwise the same."""
ABOVE: Final = frozenset({"gt"})
BELOW: Final = frozenset({"lt"})
AT_LEAST: Final = frozenset({"gte", "ge", ">", ">=", "after", "since", "from", "start", "min"})
AT_MOST: Final = frozenset({"lte", "le", "<", "<=", "before", "until", "to", "end", "max"})
"""First or last words of a parameter's name, or members of an object that is one; APIs count the bound in."""
EXCLUSIVE: Final = frozenset({"after", "since", "before"})
"""Of these words, those that do not count in a number, as ``since_id`` does not."""


def ranges(names: Iterable[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield the two names of each range, the lesser first, as words: ``min_price`` and ``max_price``."""
    all_names = dict.fromkeys(names)
    for words in all_names:
        greater = tuple(PAIRS.get(word, word) for word in words)
        if greater != words and greater in all_names:
            yield words, greater
