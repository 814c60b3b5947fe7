"""Members of one object that agree: bounds in their order, counts of the lists beside them."""

import re
from collections.abc import Callable
from typing import Any, Final

from contract_first.vocabulary.members import COUNTING, Meaning
from contract_first.vocabulary.ranges import ranges
from contract_first.vocabulary.words import plain, word_set, words_of

PAGING: Final = (
    *(Meaning.SIZE, Meaning.PAGE, Meaning.OFFSET),
    *(Meaning.MORE, Meaning.NEXT_URL, Meaning.NEXT_CURSOR),
)
"""Members beside which ``total`` is how many items there are, and no amount."""


DIGITS: Final = {
    **dict.fromkeys(word_set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"), 0),
    **dict.fromkeys(word_set("BHD IQD JOD KWD LYD OMR TND"), 3),
}
"""Of amounts in currencies that have others than two (ISO 4217)."""
AMOUNTS: Final = word_set("amount subtotal total balance fee tax discount paid price cost value")
DECIMAL = re.compile(r"[0-9]+\.[0-9]{1,2}")


def agreeing(value: dict[str, Any], may_be: Callable[[str, Any], bool]) -> dict[str, Any]:
    """Return an object whose numbers agree with each other and with its lists.

    Args:
        may_be: tells whether a member may have another value.
    """
    value = _rounded(value, may_be)
    numbers = {words_of(name): name for name, member in value.items() if type(member) in {int, float}}
    if not numbers:
        return value
    changed = _in_order(value, numbers, may_be)
    counts = [(words, name) for words, name in numbers.items() if not COUNTING.isdisjoint(words)]
    lists = {
        plain(name): len(member) for name, member in value.items() if counts and isinstance(member, list)
    }
    has_pages = bool(lists) and any(name in meaning for name in value for meaning in PAGING)
    for words, name in counts if lists else ():
        count = _count(words, lists, has_pages=has_pages)
        if count is not None and count != changed[name] and may_be(name, count):
            changed[name] = count
    return changed


def _rounded(value: dict[str, Any], may_be: Callable[[str, Any], bool]) -> dict[str, Any]:
    """Return an object whose amounts have the digits of its currency."""
    code = next((str(member) for name, member in value.items() if name in Meaning.OF_MONEY), "")
    amounts = {
        name: type(member)(f"{float(member):.{DIGITS[code]}f}")
        for name, member in value.items()
        if code in DIGITS and DECIMAL.fullmatch(str(member)) and not AMOUNTS.isdisjoint(words_of(name))
    }
    return value | {name: amount for name, amount in amounts.items() if may_be(name, amount)}


def _in_order(
    value: dict[str, Any], numbers: dict[tuple[str, ...], str], may_be: Callable[[str, Any], bool]
) -> dict[str, Any]:
    """Return a copy in which lower bounds are not above the upper ones."""
    ordered = dict(value)
    for lesser, greater in ranges(numbers):
        low_name, high_name = numbers[lesser], numbers[greater]
        low, high = ordered[low_name], ordered[high_name]
        if low > high and may_be(low_name, high) and may_be(high_name, low):
            ordered |= {low_name: high, high_name: low}
    return ordered


def _count(words: tuple[str, ...], lists: dict[str, int], *, has_pages: bool) -> int | None:
    """Return the length of the list that a name counts; None if it counts none."""
    counted = "".join(word for word in words if word not in COUNTING)
    for name in (counted, f"{counted}s"):
        if name in lists:
            return lists[name]
    is_of_all = words == ("count",) or ("".join(words) in Meaning.TOTAL and (has_pages or len(words) > 1))
    return next(iter(lists.values())) if is_of_all and len(lists) == 1 else None
