"""Examples as clients read them, and values that are like them."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from contract_first.contract.document.json_types import is_integer
from contract_first.contract.schemas.schema import Schema
from contract_first.contract.schemas.violations import holds_more
from contract_first.vocabulary.makers import uuid
from contract_first.vocabulary.members import IDENTIFYING, SHARED
from contract_first.vocabulary.words import words_of

DAY: Final = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")
UUID_TEXT: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LAST_DIGITS = re.compile(r"\d{1,9}(?=\D*\Z)")
PLACEHOLDER = re.compile(r"string( \[[\w-]+\])?|<[\w -]+>", re.IGNORECASE)
YEARS: Final = range(1900, 2101)
SECONDS: Final = (1_000_000_000, 2_500_000_000)
"""Since 1970, of times of our days; larger numbers are left as they are."""
MOST_DAYS, MOST_YEARS, MOST_IDS = 60, 4, 90
"""That are between the examples of an item and those of the next."""
MOST_VARIED: Final = 600
"""Values in an example; a larger one is the same for all items."""
LEAST: Final = 0.8
"""Of a number in an example: others are lower, as there may be a bound that no schema states."""


def spellings(example: Any) -> Iterator[Any]:
    """Yield an example, and its likely other spelling: a number for a string, or a string for a number."""
    yield example
    if isinstance(example, str):
        with suppress(ValueError, RecursionError):
            meant = json.loads(example)
            yield int(meant) if is_integer(meant) else meant  # some clients read no 11.0 as one
    elif isinstance(example, int | float):
        yield json.dumps(example)


def is_placeholder(example: Any) -> bool:
    """Tell whether an example is what tools write where there is none: ``string``, ``<date>``."""
    return isinstance(example, str) and PLACEHOLDER.fullmatch(example) is not None


def canonical(value: Any) -> str:
    """Return JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True)


class Variation:
    """Varies the examples of an item for another one: other numbers, days and identifiers, the same words.

    Args:
        random: what they are drawn from.

    Attributes:
        index: of the item; the first is as its author wrote it.
    """

    def __init__(self, random: Random, index: int) -> None:
        self.index = index
        self._random = random
        self._days = timedelta(days=random.randint(1, MOST_DAYS))
        self._ids = index * MOST_IDS - random.randrange(MOST_IDS)

    def varied(self, examples: list[Any], name: str) -> list[Any]:
        """Return variants of a property's examples, and then these."""
        with suppress(RecursionError):
            small = (example for example in examples if not holds_more(example, MOST_VARIED))
            return [*(self._of(example, name) for example in small), *examples]
        return examples

    def _of(self, example: Any, name: str) -> Any:
        if isinstance(example, dict):
            return {member: self._of(value, member) for member, value in example.items()}
        if isinstance(example, list):
            return [self._of(item, name) if isinstance(item, dict) else item for item in example]
        words = words_of(name)
        if not SHARED.isdisjoint(words):
            return example
        is_identifying = not IDENTIFYING.isdisjoint(words[-1:])
        if isinstance(example, str):
            return self._text(example, is_identifying=is_identifying)
        if type(example) is int and is_identifying:
            return example + self._ids
        return self._number(example) if type(example) in {int, float} else example

    def _text(self, example: str, *, is_identifying: bool) -> str:
        if UUID_TEXT.fullmatch(example):
            return uuid(self._random)
        if day := DAY.match(example):
            with suppress(ValueError, OverflowError):
                return f"{date.fromisoformat(day[0]) - self._days}{example[day.end() :]}"
        if not is_identifying or not example:
            return example
        varied = LAST_DIGITS.sub(self._counted, example)
        return varied if varied != example else f"{example}-{self.index + 1}"

    def _counted(self, digits: re.Match[str]) -> str:
        width = len(digits[0])
        return str(int(digits[0]) + self.index).zfill(width)[-width:]

    def _number(self, example: float) -> float:
        if example in YEARS:
            return example - self._random.randint(0, MOST_YEARS)
        for unit in (1, 1000):
            if SECONDS[0] * unit < example < SECONDS[1] * unit:
                return example - int(self._days.total_seconds()) * unit
        if abs(example) < SECONDS[1]:
            digits = 0 if isinstance(example, int) else -int(Decimal(repr(example)).as_tuple().exponent)
            return type(example)(round(example * self._random.uniform(LEAST, 1), digits))
        return example


def readable_of(value: Any, schema: Schema) -> Any:
    """Return a value without the members in it that are ``writeOnly``, but for those that it has to have."""
    if isinstance(value, list):
        return [readable_of(item, schema.items) for item in value]
    if not isinstance(value, dict):
        return value
    members = schema.members
    readable = {name: readable_of(part, members.get(name, schema.others)) for name, part in value.items()}
    for name in value.keys() & members:
        without = {other: part for other, part in readable.items() if other != name}
        if members[name].is_marked("writeOnly") and schema.conforms(without):
            readable = without
    return readable
