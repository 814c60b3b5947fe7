"""Members of one object that agree: bounds in their order, counts of the lists beside them."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from .envelopes import NUMBER, OFFSETS, SIZES, TOTAL
from .subjects import plain, words_of

GREATER: Final = dict(
    [
        *(("min", "max"), ("minimum", "maximum"), ("low", "high"), ("lower", "upper"), ("from", "to")),
        *(("start", "end"), ("least", "most"), ("first", "last"), ("before", "after")),
    ]
)
"""Words for the lesser of two numbers, and those for the greater, where the names are otherwise the same."""
COUNTS: Final = frozenset({"count", "total", "num", "number", "of", "n"})
"""Words of names that count what the rest of the name says."""
PAGING: Final = frozenset({*SIZES, *OFFSETS, *NUMBER, "hasmore", "next", "nextpagetoken", "nextcursor"})
"""Names beside which ``total`` is how many items there are, and no amount."""


def agreeing(made: dict[str, Any], may_be: Callable[[str, Any], bool]) -> dict[str, Any]:
    """Return an object whose numbers agree with each other and with its lists.

    Args:
        may_be: tells whether a member may have another value.
    """
    numbers = {words_of(name): name for name, value in made.items() if type(value) in {int, float}}
    if not numbers:
        return made
    changed = dict(made)
    for lesser, greater in _ranges(numbers):
        low, high = changed[lesser], changed[greater]
        if low > high and may_be(lesser, high) and may_be(greater, low):
            changed |= {lesser: high, greater: low}
    counts = [(parts, name) for parts, name in numbers.items() if not COUNTS.isdisjoint(parts)]
    lists = {plain(name): len(value) for name, value in made.items() if counts and isinstance(value, list)}
    has_pages = bool(lists) and not PAGING.isdisjoint(map(plain, made))
    for parts, name in counts if lists else ():
        count = _count(parts, lists, has_pages=has_pages)
        if count is not None and count != changed[name] and may_be(name, count):
            changed[name] = count
    return changed


def _ranges(numbers: dict[tuple[str, ...], str]) -> Iterator[tuple[str, str]]:
    for parts, name in numbers.items():
        if not GREATER.keys().isdisjoint(parts):
            other = tuple(GREATER.get(each, each) for each in parts)
            if other in numbers:
                yield name, numbers[other]


def _count(parts: tuple[str, ...], lists: dict[str, int], *, has_pages: bool) -> int | None:
    """Return what a name counts; None if that is none of the lists."""
    counted = "".join(each for each in parts if each not in COUNTS)
    named = next((each for each in (counted, f"{counted}s") if each in lists), None)
    if named is not None:
        return lists[named]
    is_of_all = parts == ("count",) or (plain("_".join(parts)) in TOTAL and (has_pages or len(parts) > 1))
    return next(iter(lists.values())) if is_of_all and len(lists) == 1 else None
