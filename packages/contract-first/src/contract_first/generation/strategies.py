"""Strategies for the choices that schemas leave open, in the order of attempts."""

from itertools import chain, cycle
from typing import Final, Literal, NamedTuple


class Strategy(NamedTuple):
    """How one attempt decides.

    Attributes:
        checks_parts: validate each part as it is made, which takes time, and is seldom needed.
        optional: optional properties that are taken: all, none, or by the toss of a coin.
        takes_first: take alternatives and listed values in their order, and not at random.
        any_type: take any type that is allowed, and not the likeliest.
        repairs: keep what conforms of an example that does not.
        heeds_names: let examples and the names of properties say what values look like, and make them agree.
        whole_numbers: take an integer where a number is allowed.
        keeps_formats: keep examples that violate nothing but a format.
    """

    checks_parts: bool = True
    optional: Literal["all", "some", "none"] = "some"
    takes_first: bool = False
    any_type: bool = False
    repairs: bool = True
    heeds_names: bool = True
    whole_numbers: bool = False
    keeps_formats: bool = False


COMPLETE: Final = Strategy(checks_parts=False, optional="all", takes_first=True, keeps_formats=True)
CHECKED: Final = Strategy(optional="all", whole_numbers=True)
BARE: Final = Strategy(checks_parts=False, optional="none")
SELECTIVE: Final = Strategy(whole_numbers=True)
ANY_TYPE: Final = Strategy(any_type=True)
FREE: Final = Strategy(any_type=True, repairs=False, heeds_names=False)
FREE_WHOLE: Final = FREE._replace(whole_numbers=True)
ORDER: Final = (COMPLETE, CHECKED, BARE, SELECTIVE, ANY_TYPE, FREE_WHOLE, FREE)


def strategies() -> chain[Strategy]:
    """Return the strategies of all attempts at a value, without end."""
    return chain(ORDER[:-2], cycle(ORDER[-2:]))


def later(strategy: Strategy, attempts: int) -> Strategy:
    """Return the strategy of so many attempts after this one."""
    number = ORDER.index(strategy) + attempts
    return ORDER[number] if number < len(ORDER) else ORDER[-1 - number % 2]
